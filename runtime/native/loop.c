/*
 * The event loop: ticks, promise jobs, timers, descriptors, signals and children, in poll(2) with a self-pipe, so that no
 * signal is lost between looking and sleeping. Whatever throws out of a callback ends the process.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vz.h"

typedef struct Timer {
    struct Timer *next;
    int id;
    double due, every;
    bool referenced;
    JSValue fn;
} Timer;

typedef struct {
    int fd;
    JSValue read, write;
} Watcher;

typedef struct {
    pid_t pid;
    JSValue fn;
} Child;

typedef struct {
    JSValue promise, reason;
} Rejection;

/* A growing array of one kind of item. */
#define LIST(type) \
    struct {       \
        type *items; \
        int count, room; \
    }
#define APPEND(list, item)                                                                       \
    do {                                                                                         \
        if ((list).count == (list).room) {                                                       \
            (list).room = (list).room ? (list).room * 2 : 8;                                     \
            (list).items = realloc((list).items, (list).room * sizeof *(list).items);            \
            if (!(list).items) abort();                                                          \
        }                                                                                        \
        (list).items[(list).count++] = (item);                                                   \
    } while (0)
#define REMOVE(list, i) \
    memmove(&(list).items[i], &(list).items[(i) + 1], (--(list).count - (i)) * sizeof *(list).items)

static Timer *timers;
static int last_timer_id;
static LIST(Watcher) watchers;
static LIST(Child) children;
static LIST(JSValue) ticks;
static LIST(Rejection) rejections;
static JSValue signal_handlers[_NSIG], uncaught, idle;
static int signal_pipe[2] = {-1, -1};
static volatile sig_atomic_t signal_seen[_NSIG];

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

/* --- errors that nobody caught --- */

static void print_error(JSContext *ctx, JSValueConst error)
{
    const char *text = JS_ToCString(ctx, error);
    dprintf(2, "vz: uncaught: %s\n", text ? text : "an error without text");
    JSValue stack = JS_IsObject(error) ? JS_GetPropertyStr(ctx, error, "stack") : JS_UNDEFINED;
    const char *trace = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    if (trace && getenv("VZ_DEBUG")) dprintf(2, "%s", trace);
}

static void fatal_value(JSContext *ctx, JSValue error, const char *kind)
{
    JSValue hook = uncaught;
    /* an error of the hook itself is printed here, not sent to the hook again */
    uncaught = JS_UNDEFINED;
    if (JS_IsFunction(ctx, hook)) {
        JSValue args[] = {error, JS_NewString(ctx, kind)};
        JSValue result = JS_Call(ctx, hook, JS_UNDEFINED, 2, (JSValueConst *)args);
        if (JS_IsException(result)) print_error(ctx, JS_GetException(ctx));
    } else {
        print_error(ctx, error);
    }
    _exit(70);
}

void vz_fatal(JSContext *ctx, const char *kind)
{
    fatal_value(ctx, JS_GetException(ctx), kind);
    _exit(70);
}

/* A rejection counts as unhandled only when the queues have run empty and nobody has taken it up. */
void vz_track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL handled, void *opaque)
{
    if (!handled) {
        Rejection one = {JS_DupValue(ctx, promise), JS_DupValue(ctx, reason)};
        APPEND(rejections, one);
        return;
    }
    for (int i = 0; i < rejections.count; i++) {
        if (JS_VALUE_GET_PTR(rejections.items[i].promise) != JS_VALUE_GET_PTR(promise)) continue;
        JS_FreeValue(ctx, rejections.items[i].promise);
        JS_FreeValue(ctx, rejections.items[i].reason);
        REMOVE(rejections, i);
        return;
    }
}

void vz_drain(JSContext *ctx)
{
    JSContext *job;
    do {
        for (int i = 0; i < ticks.count; i++) {
            JSValue fn = ticks.items[i];
            JSValue result = JS_Call(ctx, fn, JS_UNDEFINED, 0, NULL);
            JS_FreeValue(ctx, fn);
            if (JS_IsException(result)) vz_fatal(ctx, "exception");
            JS_FreeValue(ctx, result);
        }
        ticks.count = 0;
        int more;
        while ((more = JS_ExecutePendingJob(JS_GetRuntime(ctx), &job)) > 0) continue;
        if (more < 0) vz_fatal(job, "exception");
    } while (ticks.count > 0);
    if (rejections.count > 0) fatal_value(ctx, rejections.items[0].reason, "rejection");
}

void vz_call(JSContext *ctx, JSValueConst fn, int argc, JSValueConst *argv)
{
    JSValue held = JS_DupValue(ctx, fn);
    JSValue result = JS_Call(ctx, held, JS_UNDEFINED, argc, argv);
    JS_FreeValue(ctx, held);
    if (JS_IsException(result)) vz_fatal(ctx, "exception");
    JS_FreeValue(ctx, result);
    vz_drain(ctx);
}

/* --- timers: a list sorted by due time, first come first served among equals --- */

static void insert_timer(Timer *timer)
{
    Timer **at = &timers;
    while (*at && (*at)->due <= timer->due) at = &(*at)->next;
    timer->next = *at;
    *at = timer;
}

static Timer **find_timer(int id)
{
    for (Timer **at = &timers; *at; at = &(*at)->next)
        if ((*at)->id == id) return at;
    return NULL;
}

static JSValue set_timer(ARGS)
{
    double ms;
    if (!JS_IsFunction(ctx, argv[0])) return JS_ThrowTypeError(ctx, "setTimer: not a function");
    if (JS_ToFloat64(ctx, &ms, argv[1])) return JS_EXCEPTION;
    if (!(ms >= 0)) ms = 0;
    Timer *timer = calloc(1, sizeof *timer);
    if (!timer) return JS_ThrowOutOfMemory(ctx);
    timer->id = ++last_timer_id;
    timer->due = now() + ms;
    timer->every = JS_ToBool(ctx, argv[2]) ? ms : -1;
    timer->referenced = true;
    timer->fn = JS_DupValue(ctx, argv[0]);
    insert_timer(timer);
    return JS_NewInt32(ctx, timer->id);
}

static void free_timer(JSContext *ctx, Timer *timer)
{
    JS_FreeValue(ctx, timer->fn);
    free(timer);
}

static JSValue clear_timer(ARGS)
{
    INT_ARG(0, id);
    Timer **at = find_timer(id);
    if (at) {
        Timer *timer = *at;
        *at = timer->next;
        free_timer(ctx, timer);
    }
    return JS_UNDEFINED;
}

static JSValue ref_timer(ARGS)
{
    INT_ARG(0, id);
    Timer **at = find_timer(id);
    if (at) (*at)->referenced = JS_ToBool(ctx, argv[1]);
    return JS_UNDEFINED;
}

/* Runs what was due when called; timers that those callbacks add wait for the next round. */
static void run_timers(JSContext *ctx)
{
    double limit = now();
    int newest = last_timer_id;
    for (;;) {
        Timer **at = &timers;
        while (*at && (*at)->due <= limit && (*at)->id > newest) at = &(*at)->next;
        Timer *timer = *at;
        if (!timer || timer->due > limit) return;
        *at = timer->next;
        JSValue fn = JS_DupValue(ctx, timer->fn);
        if (timer->every >= 0) {
            timer->due = limit + (timer->every > 1 ? timer->every : 1);
            insert_timer(timer);
        } else {
            free_timer(ctx, timer);
        }
        vz_call(ctx, fn, 0, NULL);
        JS_FreeValue(ctx, fn);
    }
}

/* --- descriptors --- */

static Watcher *find_watcher(int fd)
{
    for (int i = 0; i < watchers.count; i++)
        if (watchers.items[i].fd == fd) return &watchers.items[i];
    return NULL;
}

/* True for "w", false for "r"; -1 with an exception. */
static int direction(JSContext *ctx, JSValueConst value)
{
    const char *text = JS_ToCString(ctx, value);
    if (!text) return -1;
    int result = !strcmp(text, "w") ? 1 : !strcmp(text, "r") ? 0 : -1;
    JS_FreeCString(ctx, text);
    if (result < 0) JS_ThrowTypeError(ctx, "watch: events is \"r\" or \"w\"");
    return result;
}

static JSValue watch(ARGS)
{
    INT_ARG(0, fd);
    int write = direction(ctx, argv[1]);
    if (write < 0) return JS_EXCEPTION;
    if (!JS_IsFunction(ctx, argv[2])) return JS_ThrowTypeError(ctx, "watch: not a function");
    Watcher *watcher = find_watcher(fd);
    if (!watcher) {
        Watcher fresh = {fd, JS_UNDEFINED, JS_UNDEFINED};
        APPEND(watchers, fresh);
        watcher = &watchers.items[watchers.count - 1];
    }
    JSValue *slot = write ? &watcher->write : &watcher->read;
    JS_FreeValue(ctx, *slot);
    *slot = JS_DupValue(ctx, argv[2]);
    return JS_UNDEFINED;
}

static JSValue unwatch(ARGS)
{
    INT_ARG(0, fd);
    int write = direction(ctx, argv[1]);
    if (write < 0) return JS_EXCEPTION;
    Watcher *watcher = find_watcher(fd);
    if (!watcher) return JS_UNDEFINED;
    JSValue *slot = write ? &watcher->write : &watcher->read, old = *slot;
    *slot = JS_UNDEFINED;
    if (JS_IsUndefined(watcher->read) && JS_IsUndefined(watcher->write)) {
        int i = watcher - watchers.items;
        REMOVE(watchers, i);
    }
    JS_FreeValue(ctx, old);
    return JS_UNDEFINED;
}

/* --- signals and children --- */

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

static void run_signals(JSContext *ctx)
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

/* --- the loop --- */

static bool alive(void)
{
    if (watchers.count > 0 || children.count > 0 || ticks.count > 0) return true;
    for (Timer *timer = timers; timer; timer = timer->next)
        if (timer->referenced) return true;
    return false;
}

static int poll_timeout(void)
{
    if (!timers) return -1;
    double ms = timers->due - now();
    if (ms <= 0) return 0;
    /* round up: waking early would spin */
    return ms > 1e9 ? 1000000000 : (int)ms + 1;
}

static void wait_for_events(JSContext *ctx)
{
    int count = watchers.count;
    struct pollfd *fds = malloc((count + 1) * sizeof *fds);
    if (!fds) abort();
    for (int i = 0; i < count; i++) {
        Watcher *watcher = &watchers.items[i];
        fds[i].fd = watcher->fd;
        fds[i].events = (JS_IsUndefined(watcher->read) ? 0 : POLLIN) | (JS_IsUndefined(watcher->write) ? 0 : POLLOUT);
        fds[i].revents = 0;
    }
    fds[count] = (struct pollfd){signal_pipe[0], POLLIN, 0};
    int ready = poll(fds, count + 1, poll_timeout());
    if (ready > 0 && fds[count].revents) run_signals(ctx);
    for (int i = 0; ready > 0 && i < count; i++) {
        /* hang-up and error wake both sides: the next read or write tells which */
        short broken = fds[i].revents & (POLLHUP | POLLERR | POLLNVAL);
        Watcher *watcher = fds[i].revents ? find_watcher(fds[i].fd) : NULL;
        if (watcher && (fds[i].revents & POLLIN || broken) && !JS_IsUndefined(watcher->read))
            vz_call(ctx, watcher->read, 0, NULL);
        watcher = fds[i].revents ? find_watcher(fds[i].fd) : NULL;
        if (watcher && (fds[i].revents & POLLOUT || broken) && !JS_IsUndefined(watcher->write))
            vz_call(ctx, watcher->write, 0, NULL);
    }
    free(fds);
}

void vz_loop_run(JSContext *ctx)
{
    bool told = false;
    for (;;) {
        vz_drain(ctx);
        run_timers(ctx);
        if (!alive()) {
            if (told || !JS_IsFunction(ctx, idle)) return;
            told = true;
            vz_call(ctx, idle, 0, NULL);
            if (!alive()) return;
            continue;
        }
        wait_for_events(ctx);
    }
}

void vz_loop_forget(JSContext *ctx)
{
    while (timers) {
        Timer *timer = timers;
        timers = timer->next;
        free_timer(ctx, timer);
    }
    watchers.count = children.count = 0;
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

static JSValue next_tick(ARGS)
{
    if (!JS_IsFunction(ctx, argv[0])) return JS_ThrowTypeError(ctx, "nextTick: not a function");
    APPEND(ticks, JS_DupValue(ctx, argv[0]));
    return JS_UNDEFINED;
}

static JSValue set_hook(ARGS, int which)
{
    JSValue *hook = which == 0 ? &uncaught : &idle;
    JS_FreeValue(ctx, *hook);
    *hook = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static JSValue js_now(ARGS)
{
    return JS_NewFloat64(ctx, now());
}

__attribute__((constructor)) static void start_empty(void)
{
    for (int number = 0; number < _NSIG; number++) signal_handlers[number] = JS_UNDEFINED;
    uncaught = idle = JS_UNDEFINED;
}

const JSCFunctionListEntry vz_loop_functions[] = {
    JS_CFUNC_DEF("nextTick", 1, next_tick),
    JS_CFUNC_MAGIC_DEF("onUncaught", 1, set_hook, 0),
    JS_CFUNC_MAGIC_DEF("onIdle", 1, set_hook, 1),
    JS_CFUNC_DEF("setTimer", 3, set_timer),
    JS_CFUNC_DEF("clearTimer", 1, clear_timer),
    JS_CFUNC_DEF("refTimer", 2, ref_timer),
    JS_CFUNC_DEF("watch", 3, watch),
    JS_CFUNC_DEF("unwatch", 2, unwatch),
    JS_CFUNC_DEF("onSignal", 2, on_signal),
    JS_CFUNC_DEF("onChild", 2, on_child),
    JS_CFUNC_DEF("now", 0, js_now),
};
const int vz_loop_function_count = COUNT(vz_loop_functions);
