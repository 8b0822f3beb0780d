/* Starting a program: vfork, set-up in the child, execve. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "vz.h"

/* What a started program inherits of ours: no blocked and no ignored signal. */
static void reset_signals(void)
{
    sigset_t none;
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < _NSIG; number++) sigaction(number, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

typedef struct {
    char *file, **argv, **env, *cwd;
    int *stdio, stdio_count, *groups, group_count, uid, gid;
    bool detached;
    /* The child's end of a pipe that execve closes. What vfork shares would do, but emulators make a plain fork of it. */
    int report;
} Spawn;

/* What went wrong in the child, as it comes through the pipe. */
typedef struct {
    int error;
    const char *step;
} Failure;

static void child_failed(Spawn *spawn, const char *step)
{
    Failure failure = {errno, step};
    /* there is no one else to tell */
    if (write(spawn->report, &failure, sizeof failure) != sizeof failure) _exit(126);
    _exit(127);
}

/* Places descriptors 0 .. n-1. Sources below n are moved out of the way first, or they would be overwritten. */
static void place_stdio(Spawn *spawn)
{
    int *fds = spawn->stdio, count = spawn->stdio_count;
    for (int i = 0; i < count; i++) {
        if (fds[i] < 0) fds[i] = open("/dev/null", (i == 0 ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (fds[i] >= 0 && fds[i] < count) fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, count);
        if (fds[i] < 0) child_failed(spawn, "open");
    }
    for (int i = 0; i < count; i++)
        if (dup2(fds[i], i) == -1) child_failed(spawn, "dup2");
}

static const char *search_path(char **env)
{
    for (; *env; env++)
        if (!strncmp(*env, "PATH=", 5)) return *env + 5;
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* execvp(3) with the PATH of the child's environment; EACCES somewhere outweighs ENOENT elsewhere. */
static void exec_by_path(Spawn *spawn)
{
    char path[PATH_MAX];
    bool denied = false;
    for (const char *dir = search_path(spawn->env); dir;) {
        const char *end = strchrnul(dir, ':');
        int n = snprintf(path, sizeof path, "%.*s%s%s", (int)(end - dir), dir, end > dir ? "/" : "", spawn->file);
        if (n < (int)sizeof path) {
            execve(path, spawn->argv, spawn->env);
            if (errno == EACCES) denied = true;
            else if (errno != ENOENT && errno != ENOTDIR) return;
        }
        dir = *end ? end + 1 : NULL;
    }
    errno = denied ? EACCES : ENOENT;
}

static void run_child(Spawn *spawn)
{
    reset_signals();
    /* out of the way of the descriptors that are placed */
    if (spawn->report < spawn->stdio_count) spawn->report = fcntl(spawn->report, F_DUPFD_CLOEXEC, spawn->stdio_count);
    if (spawn->detached) setsid();
    place_stdio(spawn);
    /* groups and gid first: after setuid there is no right to */
    if (spawn->groups && syscall(NR_SETGROUPS, spawn->group_count, spawn->groups)) child_failed(spawn, "setgroups");
    if (spawn->gid != -1 && syscall(NR_SETRESGID, spawn->gid, spawn->gid, spawn->gid)) child_failed(spawn, "setgid");
    if (spawn->uid != -1 && syscall(NR_SETRESUID, spawn->uid, spawn->uid, spawn->uid)) child_failed(spawn, "setuid");
    if (spawn->cwd && chdir(spawn->cwd)) child_failed(spawn, "chdir");
    if (strchr(spawn->file, '/')) execve(spawn->file, spawn->argv, spawn->env);
    else exec_by_path(spawn);
    child_failed(spawn, "spawn");
}

/* The child's pid, or -1 with errno; `failure->error` is 0 where the program runs. */
static pid_t start(Spawn *spawn, Failure *failure)
{
    sigset_t all, before;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return -1;
    spawn->report = ends[1];
    sigfillset(&all);
    /* none of our handlers may run in the child, which shares our memory until it executes */
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0) run_child(spawn);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    ssize_t n = 0;
    if (pid != -1) RETRY(n, read(ends[0], failure, sizeof *failure));
    if (n != sizeof *failure) failure->error = 0;
    close(ends[0]);
    errno = error;
    return pid;
}

static int optional_id(JSContext *ctx, JSValueConst options, const char *name, int *id)
{
    JSValue value = JS_GetPropertyStr(ctx, options, name);
    *id = -1;
    bool ok = !JS_IsException(value) && (JS_IsUndefined(value) || vz_int(ctx, value, id));
    JS_FreeValue(ctx, value);
    return ok;
}

/* Reads SpawnOptions; false with an exception. What was allocated is freed by the caller in every case. */
static bool read_options(JSContext *ctx, JSValueConst options, Spawn *spawn)
{
    JSValue env = JS_GetPropertyStr(ctx, options, "env"), cwd = JS_GetPropertyStr(ctx, options, "cwd");
    JSValue stdio = JS_GetPropertyStr(ctx, options, "stdio"), groups = JS_GetPropertyStr(ctx, options, "groups");
    JSValue detached = JS_GetPropertyStr(ctx, options, "detached");
    spawn->detached = JS_ToBool(ctx, detached) > 0;
    spawn->env = vz_path_list(ctx, env);
    if (!JS_IsUndefined(cwd)) spawn->cwd = vz_path(ctx, cwd);
    spawn->stdio_count = vz_int_list(ctx, stdio, &spawn->stdio);
    spawn->group_count = vz_int_list(ctx, groups, &spawn->groups);
    bool ok = spawn->env && (JS_IsUndefined(cwd) || spawn->cwd) && spawn->stdio_count >= 0 &&
              spawn->group_count >= 0 && optional_id(ctx, options, "uid", &spawn->uid) &&
              optional_id(ctx, options, "gid", &spawn->gid);
    JS_FreeValue(ctx, env);
    JS_FreeValue(ctx, cwd);
    JS_FreeValue(ctx, stdio);
    JS_FreeValue(ctx, groups);
    JS_FreeValue(ctx, detached);
    return ok;
}

static JSValue js_spawn(ARGS)
{
    Spawn spawn = {0};
    JSValue result = JS_EXCEPTION;
    spawn.file = vz_path(ctx, argv[0]);
    spawn.argv = spawn.file ? vz_path_list(ctx, argv[1]) : NULL;
    if (spawn.argv && read_options(ctx, argv[2], &spawn)) {
        Failure failure;
        pid_t pid = start(&spawn, &failure);
        if (pid == -1) {
            result = vz_throw(ctx, errno, "fork", spawn.file, NULL);
        } else if (failure.error) {
            waitpid(pid, NULL, 0);
            bool in_cwd = !strcmp(failure.step, "chdir");
            result = vz_throw(ctx, failure.error, failure.step, in_cwd ? spawn.cwd : spawn.file, NULL);
        } else {
            result = JS_NewInt32(ctx, pid);
        }
    }
    js_free(ctx, spawn.file);
    vz_free_list(ctx, spawn.argv);
    vz_free_list(ctx, spawn.env);
    js_free(ctx, spawn.cwd);
    js_free(ctx, spawn.stdio);
    js_free(ctx, spawn.groups);
    return result;
}

const JSCFunctionListEntry vz_spawn_functions[] = {JS_CFUNC_DEF("spawn", 3, js_spawn)};
const int vz_spawn_function_count = COUNT(vz_spawn_functions);
