/* Signals and children: a handler that writes into a pipe of our own, so that no signal is lost before a sleep. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"

typedef struct {
    pid_t pid;
    JSValue fn;
} Child;

static LIST(Child) children;
static JSValue signal_handlers[_NSIG];
static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t signal_seen[_NSIG];

__attribute__((constructor)) static void start_empty(void)
{
    for (int number = 0; number < _NSIG; number++) signal_handlers[number] = JS_UNDEFINED;
}

static void on_signal_raw(int number)
{
    int saved = errno;
    signal_seen[number] = 1;
    /* a full pipe will wake the loop as well */
    (void)!write(signal_pipe[1], "", 1);
    errno = saved;
}

static bool open_signal_pipe(void)
{
    return signal_pipe[0] >= 0 || pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) == 0;
}

static bool set_disposition(int number, void (*handler)(int))
{
    /* no SA_RESTART: every call retries EINTR itself, and poll must wake */
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    if (number == SIGCHLD) action.sa_flags = SA_NOCLDSTOP;
    return sigaction(number, &action, NULL) == 0;
}

static JSValue on_signal(ARGS)
{
    INT_ARG(0, number);
    if (number < 1 || number >= _NSIG) return vz_throw(ctx, EINVAL, "sigaction", NULL, NULL);
    void (*handler)(int) = on_signal_raw;
    bool is_function = JS_IsFunction(ctx, argv[1]);
    if (!is_function) {
        const char *word = JS_ToCString(ctx, argv[1]);
        if (!word) return JS_EXCEPTION;
        handler = !strcmp(word, "ignore") ? SIG_IGN : SIG_DFL;
        JS_FreeCString(ctx, word);
        /* SIGPIPE's default here is to be ignored, and a watched child still needs SIGCHLD */
        if (number == SIGPIPE) handler = SIG_IGN;
        if (number == SIGCHLD && children.count > 0) handler = on_signal_raw;
    }
    if (!open_signal_pipe()) return vz_throw(ctx, errno, "pipe2", NULL, NULL);
    JS_FreeValue(ctx, signal_handlers[number]);
    signal_handlers[number] = is_function ? JS_DupValue(ctx, argv[1]) : JS_UNDEFINED;
    if (!set_disposition(number, handler)) return vz_throw(ctx, errno, "sigaction", NULL, NULL);
    return JS_UNDEFINED;
}

static JSValue on_child(ARGS)
{
    INT_ARG(0, pid);
    if (!JS_IsFunction(ctx, argv[1])) return JS_ThrowTypeError(ctx, "onChild: not a function");
    if (!open_signal_pipe() || !set_disposition(SIGCHLD, on_signal_raw))
        return vz_throw(ctx, errno, "sigaction", NULL, NULL);
    Child child = {pid, JS_DupValue(ctx, argv[1])};
    APPEND(children, child);
    /* it may have ended before the handler was there */
    on_signal_raw(SIGCHLD);
    return JS_UNDEFINED;
}

static void reap(JSContext *ctx)
{
    for (int i = 0; i < children.count;) {
        int status;
        pid_t pid;
        RETRY(pid, waitpid(children.items[i].pid, &status, WNOHANG));
        if (pid == 0) {
            i++;
            continue;
        }
        JSValue fn = children.items[i].fn;
        REMOVE(children, i);
        bool exited = pid > 0 && WIFEXITED(status), killed = pid > 0 && WIFSIGNALED(status);
        JSValue args[] = {JS_NewInt32(ctx, exited ? WEXITSTATUS(status) : -1),
                          JS_NewInt32(ctx, killed ? WTERMSIG(status) : 0)};
        vz_call(ctx, fn, 2, (JSValueConst *)args);
        JS_FreeValue(ctx, fn);
        /* the callback may have changed the list */
        i = 0;
    }
}

void vz_signals_run(JSContext *ctx)
{
    char drop[64];
    while (read(signal_pipe[0], drop, sizeof drop) > 0) continue;
    for (int number = 1; number < _NSIG; number++) {
        if (!signal_seen[number]) continue;
        signal_seen[number] = 0;
        if (number == SIGCHLD) reap(ctx);
        if (JS_IsFunction(ctx, signal_handlers[number])) vz_call(ctx, signal_handlers[number], 0, NULL);
    }
}

int vz_signal_fd(void)
{
    return signal_pipe[0];
}

bool vz_children_alive(void)
{
    return children.count > 0;
}

void vz_signals_forget(JSContext *ctx)
{
    children.count = 0;
    for (int number = 1; number < _NSIG; number++) {
        if (JS_IsUndefined(signal_handlers[number]) && number != SIGCHLD) continue;
        JS_FreeValue(ctx, signal_handlers[number]);
        signal_handlers[number] = JS_UNDEFINED;
        set_disposition(number, SIG_DFL);
    }
    /* the pipe is shared with the parent: a signal of ours must not wake it */
    if (signal_pipe[0] >= 0) {
        close(signal_pipe[0]);
        close(signal_pipe[1]);
        signal_pipe[0] = signal_pipe[1] = -1;
    }
}

const JSCFunctionListEntry vz_signal_functions[] = {
    JS_CFUNC_DEF("onSignal", 2, on_signal),
    JS_CFUNC_DEF("onChild", 2, on_child),
};
const int vz_signal_function_count = COUNT(vz_signal_functions);
