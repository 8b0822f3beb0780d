/* Namespaces, mounts, capabilities, seccomp. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vz.h"

static JSValue js_unshare(ARGS)
{
    INT_ARG(0, flags);
    return vz_check(ctx, unshare(flags), "unshare", NULL);
}

static JSValue js_setns(ARGS)
{
    INT_ARG(0, fd);
    INT_ARG(1, type);
    return vz_check(ctx, setns(fd, type), "setns", NULL);
}

/* A string that may be null or undefined; false with an exception. */
static bool optional_path(JSContext *ctx, JSValueConst value, char **path)
{
    *path = NULL;
    if (JS_IsNull(value) || JS_IsUndefined(value)) return true;
    *path = vz_path(ctx, value);
    return *path != NULL;
}

static JSValue js_mount(ARGS)
{
    char *source = NULL, *type = NULL, *data = NULL;
    INT_ARG(3, flags);
    PATH_ARG(1, target);
    JSValue result = JS_EXCEPTION;
    if (optional_path(ctx, argv[0], &source) && optional_path(ctx, argv[2], &type) &&
        optional_path(ctx, argv[4], &data))
        result = vz_check(ctx, mount(source, target, type, (unsigned)flags, data), "mount", target);
    js_free(ctx, source);
    js_free(ctx, target);
    js_free(ctx, type);
    js_free(ctx, data);
    return result;
}

static JSValue js_umount(ARGS)
{
    int flags = 0;
    if (!JS_IsUndefined(argv[1]) && !vz_int(ctx, argv[1], &flags)) return JS_EXCEPTION;
    PATH_ARG(0, target);
    JSValue result = vz_check(ctx, umount2(target, flags), "umount2", target);
    js_free(ctx, target);
    return result;
}

static JSValue pivot_root(ARGS)
{
    PATH_ARG(0, root);
    char *old = vz_path(ctx, argv[1]);
    JSValue result = old ? vz_check(ctx, syscall(SYS_pivot_root, root, old), "pivot_root", root) : JS_EXCEPTION;
    js_free(ctx, root);
    js_free(ctx, old);
    return result;
}

static JSValue set_host_name(ARGS)
{
    PATH_ARG(0, name);
    JSValue result = vz_check(ctx, sethostname(name, strlen(name)), "sethostname", NULL);
    js_free(ctx, name);
    return result;
}

static JSValue js_personality(ARGS)
{
    INT_ARG(0, persona);
    int before = personality((unsigned)persona);
    return before == -1 ? vz_throw(ctx, errno, "personality", NULL, NULL) : JS_NewInt32(ctx, before);
}

static JSValue js_prctl(ARGS)
{
    int words[5] = {0};
    for (int i = 0; i < 5; i++)
        if (!JS_IsUndefined(argv[i]) && !vz_int(ctx, argv[i], &words[i])) return JS_EXCEPTION;
    int result = prctl(words[0], (long)words[1], (long)words[2], (long)words[3], (long)words[4]);
    return result == -1 ? vz_throw(ctx, errno, "prctl", NULL, NULL) : JS_NewInt32(ctx, result);
}

/* capget(2), capset(2): _LINUX_CAPABILITY_VERSION_3, two 32-bit words a set. */
typedef struct {
    uint32_t version;
    int pid;
} CapHeader;
typedef struct {
    uint32_t effective, permitted, inheritable;
} CapWord;
#define CAP_VERSION_3 0x20080522

static JSValue js_capget(ARGS)
{
    CapHeader header = {CAP_VERSION_3, 0};
    CapWord words[2] = {{0}};
    if (syscall(SYS_capget, &header, words)) return vz_throw(ctx, errno, "capget", NULL, NULL);
    JSValue object = JS_NewObject(ctx);
#define SET(name)                                                                     \
    JS_SetPropertyStr(ctx, object, #name,                                             \
                      JS_NewBigUint64(ctx, (uint64_t)words[1].name << 32 | words[0].name))
    SET(effective);
    SET(permitted);
    SET(inheritable);
#undef SET
    return object;
}

static JSValue js_capset(ARGS)
{
    CapHeader header = {CAP_VERSION_3, 0};
    CapWord words[2];
    int64_t sets[3];
    for (int i = 0; i < 3; i++)
        if (JS_ToBigInt64(ctx, &sets[i], argv[i])) return JS_EXCEPTION;
    for (int i = 0; i < 2; i++)
        words[i] = (CapWord){(uint32_t)((uint64_t)sets[0] >> 32 * i), (uint32_t)((uint64_t)sets[1] >> 32 * i),
                             (uint32_t)((uint64_t)sets[2] >> 32 * i)};
    return vz_check(ctx, syscall(SYS_capset, &header, words), "capset", NULL);
}

#define SECCOMP_SET_MODE_FILTER 1
#define SECCOMP_GET_ACTION_AVAIL 2

/* seccomp(program | null, flags): struct sock_fprog of <linux/filter.h>; each instruction has 8 bytes. */
static JSValue js_seccomp(ARGS)
{
    struct {
        unsigned short length;
        void *filter;
    } program, *given = NULL;
    uint8_t *bytes;
    size_t length;
    int flags = 0;
    if (!JS_IsUndefined(argv[1]) && !vz_int(ctx, argv[1], &flags)) return JS_EXCEPTION;
    if (!JS_IsNull(argv[0])) {
        if (!vz_bytes(ctx, argv[0], &bytes, &length)) return JS_EXCEPTION;
        if (length == 0 || length % 8 || length / 8 > 4096) return vz_throw(ctx, EINVAL, "seccomp", NULL, NULL);
        program.length = length / 8;
        program.filter = bytes;
        given = &program;
    }
    int result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, given);
    /* PR_SET_SECCOMP, SECCOMP_MODE_FILTER: does what seccomp(2) does without flags, and is five releases older */
    if (result == -1 && errno == ENOSYS && flags == 0) result = prctl(22, 2L, given);
    return result == -1 ? vz_throw(ctx, errno, "seccomp", NULL, NULL) : JS_NewInt32(ctx, result);
}

static JSValue seccomp_has_action(ARGS)
{
    INT_ARG(0, action);
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return JS_TRUE;
    if (errno == EOPNOTSUPP) return JS_FALSE;
    /* no seccomp(2), or an older one without this question */
    if (errno == ENOSYS || errno == EINVAL) return JS_NULL;
    return vz_throw(ctx, errno, "seccomp", NULL, NULL);
}

const JSCFunctionListEntry vz_namespace_functions[] = {
    JS_CFUNC_DEF("unshare", 1, js_unshare),
    JS_CFUNC_DEF("setns", 2, js_setns),
    JS_CFUNC_DEF("mount", 5, js_mount),
    JS_CFUNC_DEF("umount", 2, js_umount),
    JS_CFUNC_DEF("pivotRoot", 2, pivot_root),
    JS_CFUNC_DEF("sethostname", 1, set_host_name),
    JS_CFUNC_DEF("personality", 1, js_personality),
    JS_CFUNC_DEF("prctl", 5, js_prctl),
    JS_CFUNC_DEF("capget", 0, js_capget),
    JS_CFUNC_DEF("capset", 3, js_capset),
    JS_CFUNC_DEF("seccomp", 2, js_seccomp),
    JS_CFUNC_DEF("seccompHasAction", 1, seccomp_has_action),
};
const int vz_namespace_function_count = COUNT(vz_namespace_functions);
