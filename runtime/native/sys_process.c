/* Processes: executing, waiting, identity, limits. */
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

#include "heap.h"
#include "vz.h"

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
        /* in this order: one that waits behind the mask is dropped while it is still ignored, and would end the program */
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
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
    if (pid == 0) {
        vz_heap_forked();
        vz_loop_forget(ctx);
    }
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
    syscall(SYS_exit_group, status);
    /* a filter of seccomp(2) that was loaded refuses it: _exit would try for ever */
    __builtin_trap();
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

static JSValue page_size(ARGS)
{
    return JS_NewInt32(ctx, getpagesize());
}

const JSCFunctionListEntry vz_process_functions[] = {
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
    JS_CFUNC_DEF("pageSize", 0, page_size),
};
const int vz_process_function_count = COUNT(vz_process_functions);
