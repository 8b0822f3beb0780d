/* Processes: starting, waiting, identity, limits. */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

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
    /* What went wrong in the child, written by it: vfork shares the memory. */
    volatile int error;
    const char *volatile step;
} Spawn;

static void child_failed(Spawn *spawn, const char *step)
{
    spawn->error = errno;
    spawn->step = step;
    _exit(127);
}

/* Places descriptors 0 .. n-1. Sources below n are moved out of the way first, or they would be overwritten. */
static void place_stdio(Spawn *spawn)
{
    int *fds = spawn->stdio, count = spawn->stdio_count;
    for (int i = 0; i < count; i++) {
        if (fds[i] < 0) fds[i] = open("/dev/null", i == 0 ? O_RDONLY : O_RDWR);
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
    if (spawn->detached) setsid();
    place_stdio(spawn);
    /* groups and gid first: after setuid there is no right to */
    if (spawn->groups && syscall(SYS_setgroups32, spawn->group_count, spawn->groups)) child_failed(spawn, "setgroups");
    if (spawn->gid != -1 && syscall(SYS_setresgid32, spawn->gid, spawn->gid, spawn->gid)) child_failed(spawn, "setgid");
    if (spawn->uid != -1 && syscall(SYS_setresuid32, spawn->uid, spawn->uid, spawn->uid)) child_failed(spawn, "setuid");
    if (spawn->cwd && chdir(spawn->cwd)) child_failed(spawn, "chdir");
    if (strchr(spawn->file, '/')) execve(spawn->file, spawn->argv, spawn->env);
    else exec_by_path(spawn);
    child_failed(spawn, "spawn");
}

static pid_t start(Spawn *spawn)
{
    sigset_t all, before;
    sigfillset(&all);
    /* none of our handlers may run in the child, which shares our memory until it executes */
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0) run_child(spawn);
    sigprocmask(SIG_SETMASK, &before, NULL);
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
        pid_t pid = start(&spawn);
        if (pid == -1) {
            result = vz_throw(ctx, errno, "fork", spawn.file, NULL);
        } else if (spawn.error) {
            waitpid(pid, NULL, 0);
            bool in_cwd = !strcmp(spawn.step, "chdir");
            result = vz_throw(ctx, spawn.error, spawn.step, in_cwd ? spawn.cwd : spawn.file, NULL);
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

static JSValue js_execve(ARGS)
{
    PATH_ARG(0, path);
    char **args = vz_path_list(ctx, argv[1]), **env = args ? vz_path_list(ctx, argv[2]) : NULL;
    JSValue result = JS_EXCEPTION;
    if (env) {
        struct sigaction pipe_action;
        sigset_t mask;
        sigaction(SIGPIPE, NULL, &pipe_action);
        sigprocmask(SIG_SETMASK, NULL, &mask);
        signal(SIGPIPE, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(path, args, env);
        result = vz_throw(ctx, errno, "execve", path, NULL);
        sigaction(SIGPIPE, &pipe_action, NULL);
        sigprocmask(SIG_SETMASK, &mask, NULL);
    }
    js_free(ctx, path);
    vz_free_list(ctx, args);
    vz_free_list(ctx, env);
    return result;
}

static JSValue js_waitpid(ARGS)
{
    INT_ARG(0, pid);
    int options = 0, status;
    if (!JS_IsUndefined(argv[1]) && !vz_int(ctx, argv[1], &options)) return JS_EXCEPTION;
    pid_t got;
    RETRY(got, waitpid(pid, &status, options));
    if (got == -1) return vz_throw(ctx, errno, "waitpid", NULL, NULL);
    if (got == 0) return JS_NULL;
    JSValue object = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, object, "pid", JS_NewInt32(ctx, got));
    JS_SetPropertyStr(ctx, object, "code", JS_NewInt32(ctx, WIFEXITED(status) ? WEXITSTATUS(status) : -1));
    JS_SetPropertyStr(ctx, object, "signal", JS_NewInt32(ctx, WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    return object;
}

static JSValue forked(JSContext *ctx, pid_t pid, const char *call)
{
    if (pid == -1) return vz_throw(ctx, errno, call, NULL, NULL);
    if (pid == 0) vz_loop_forget(ctx);
    return JS_NewInt32(ctx, pid);
}

static JSValue js_fork(ARGS)
{
    return forked(ctx, fork(), "fork");
}

/* The raw call with a null stack behaves as fork does; musl keeps no copy of the pid. */
static JSValue js_clone(ARGS)
{
    INT_ARG(0, flags);
    return forked(ctx, syscall(SYS_clone, (long)(flags | SIGCHLD), 0L, 0L, 0L, 0L), "clone");
}

static JSValue js_exit(ARGS)
{
    INT_ARG(0, status);
    _exit(status);
}

static JSValue js_kill(ARGS)
{
    INT_ARG(0, pid);
    INT_ARG(1, number);
    return vz_check(ctx, kill(pid, number), "kill", NULL);
}

enum { GETPID, GETPPID, GETUID, GETEUID, GETGID, GETEGID };

static JSValue identity(ARGS, int which)
{
    switch (which) {
    case GETPID: return JS_NewInt32(ctx, getpid());
    case GETPPID: return JS_NewInt32(ctx, getppid());
    case GETUID: return JS_NewUint32(ctx, getuid());
    case GETEUID: return JS_NewUint32(ctx, geteuid());
    case GETGID: return JS_NewUint32(ctx, getgid());
    default: return JS_NewUint32(ctx, getegid());
    }
}

static JSValue js_getgroups(ARGS)
{
    gid_t groups[NGROUPS_MAX];
    int count = getgroups(NGROUPS_MAX, groups);
    if (count == -1) return vz_throw(ctx, errno, "getgroups", NULL, NULL);
    JSValue list = JS_NewArray(ctx);
    for (int i = 0; i < count; i++) JS_SetPropertyUint32(ctx, list, i, JS_NewUint32(ctx, groups[i]));
    return list;
}

static JSValue set_id(ARGS, int group)
{
    INT_ARG(0, id);
    int failed = group ? setresgid(id, id, id) : setresuid(id, id, id);
    return vz_check(ctx, failed, group ? "setgid" : "setuid", NULL);
}

static JSValue js_setgroups(ARGS)
{
    int *groups, count = vz_int_list(ctx, argv[0], &groups);
    if (count < 0) return JS_EXCEPTION;
    JSValue result = vz_check(ctx, setgroups(count, (gid_t *)groups), "setgroups", NULL);
    js_free(ctx, groups);
    return result;
}

static JSValue js_setsid(ARGS)
{
    pid_t id = setsid();
    return id == -1 ? vz_throw(ctx, errno, "setsid", NULL, NULL) : JS_NewInt32(ctx, id);
}

static JSValue js_setpgid(ARGS)
{
    INT_ARG(0, pid);
    INT_ARG(1, group);
    return vz_check(ctx, setpgid(pid, group), "setpgid", NULL);
}

static JSValue limit_number(JSContext *ctx, rlim_t limit)
{
    return limit == RLIM_INFINITY ? JS_NewFloat64(ctx, __builtin_inf()) : vz_exact(ctx, limit);
}

static JSValue js_getrlimit(ARGS)
{
    struct rlimit limit;
    INT_ARG(0, resource);
    if (getrlimit(resource, &limit)) return vz_throw(ctx, errno, "getrlimit", NULL, NULL);
    JSValue object = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, object, "soft", limit_number(ctx, limit.rlim_cur));
    JS_SetPropertyStr(ctx, object, "hard", limit_number(ctx, limit.rlim_max));
    return object;
}

static bool read_limit(JSContext *ctx, JSValueConst value, rlim_t *limit)
{
    double number;
    int64_t whole;
    if (JS_ToFloat64(ctx, &number, value)) return false;
    *limit = RLIM_INFINITY;
    if (number > 0 && __builtin_isinf(number)) return true;
    if (!vz_int64(ctx, value, &whole)) return false;
    *limit = whole;
    return true;
}

static JSValue js_setrlimit(ARGS)
{
    struct rlimit limit;
    INT_ARG(0, resource);
    if (!read_limit(ctx, argv[1], &limit.rlim_cur) || !read_limit(ctx, argv[2], &limit.rlim_max)) return JS_EXCEPTION;
    return vz_check(ctx, setrlimit(resource, &limit), "setrlimit", NULL);
}

static JSValue js_uname(ARGS)
{
    struct utsname name;
    if (uname(&name)) return vz_throw(ctx, errno, "uname", NULL, NULL);
    JSValue object = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, object, "sysname", JS_NewString(ctx, name.sysname));
    JS_SetPropertyStr(ctx, object, "nodename", JS_NewString(ctx, name.nodename));
    JS_SetPropertyStr(ctx, object, "release", JS_NewString(ctx, name.release));
    JS_SetPropertyStr(ctx, object, "version", JS_NewString(ctx, name.version));
    JS_SetPropertyStr(ctx, object, "machine", JS_NewString(ctx, name.machine));
    return object;
}

const JSCFunctionListEntry vz_process_functions[] = {
    JS_CFUNC_DEF("spawn", 3, js_spawn),
    JS_CFUNC_DEF("execve", 3, js_execve),
    JS_CFUNC_DEF("waitpid", 2, js_waitpid),
    JS_CFUNC_DEF("fork", 0, js_fork),
    JS_CFUNC_DEF("clone", 1, js_clone),
    JS_CFUNC_DEF("exit", 1, js_exit),
    JS_CFUNC_DEF("kill", 2, js_kill),
    JS_CFUNC_MAGIC_DEF("getpid", 0, identity, GETPID),
    JS_CFUNC_MAGIC_DEF("getppid", 0, identity, GETPPID),
    JS_CFUNC_MAGIC_DEF("getuid", 0, identity, GETUID),
    JS_CFUNC_MAGIC_DEF("geteuid", 0, identity, GETEUID),
    JS_CFUNC_MAGIC_DEF("getgid", 0, identity, GETGID),
    JS_CFUNC_MAGIC_DEF("getegid", 0, identity, GETEGID),
    JS_CFUNC_DEF("getgroups", 0, js_getgroups),
    JS_CFUNC_MAGIC_DEF("setuid", 1, set_id, 0),
    JS_CFUNC_MAGIC_DEF("setgid", 1, set_id, 1),
    JS_CFUNC_DEF("setgroups", 1, js_setgroups),
    JS_CFUNC_DEF("setsid", 0, js_setsid),
    JS_CFUNC_DEF("setpgid", 2, js_setpgid),
    JS_CFUNC_DEF("getrlimit", 1, js_getrlimit),
    JS_CFUNC_DEF("setrlimit", 3, js_setrlimit),
    JS_CFUNC_DEF("uname", 0, js_uname),
};
const int vz_process_function_count = COUNT(vz_process_functions);
