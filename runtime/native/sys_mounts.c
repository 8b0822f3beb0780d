/* Mounts and paths by descriptors: calls that are newer than musl's headers. A kernel that lacks them says ENOSYS. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vz.h"

/* From 424 on a call has the same number on every architecture. */
enum {
    NR_OPEN_TREE = 428,
    NR_MOVE_MOUNT = 429,
    NR_OPENAT2 = 437,
    NR_MOUNT_SETATTR = 442,
};

static JSValue js_openat2(ARGS)
{
    struct {
        uint64_t flags, mode, resolve;
    } how;
    INT_ARG(0, dir);
    INT_ARG(2, flags);
    INT_ARG(3, resolve);
    PATH_ARG(1, path);
    how.flags = (unsigned)flags | O_CLOEXEC;
    how.mode = 0;
    how.resolve = (unsigned)resolve;
    long fd;
    RETRY(fd, syscall(NR_OPENAT2, dir, path, &how, sizeof how));
    JSValue result = fd == -1 ? vz_throw(ctx, errno, "openat2", path, NULL) : JS_NewInt32(ctx, fd);
    js_free(ctx, path);
    return result;
}

/* Attributes are 32 bits so far; the last argument is the user namespace of an id-mapped mount. */
static JSValue mount_setattr(ARGS)
{
    struct {
        uint64_t set, clear, propagation, userns;
    } attr = {0};
    INT_ARG(0, dir);
    INT_ARG(2, flags);
    INT_ARG(3, set);
    INT_ARG(4, clear);
    INT_ARG(5, propagation);
    INT_ARG(6, userns);
    PATH_ARG(1, path);
    attr.set = (unsigned)set;
    attr.clear = (unsigned)clear;
    attr.propagation = (unsigned)propagation;
    attr.userns = userns < 0 ? 0 : userns;
    JSValue result =
        vz_check(ctx, syscall(NR_MOUNT_SETATTR, dir, path, flags, &attr, sizeof attr), "mount_setattr", path);
    js_free(ctx, path);
    return result;
}

static JSValue open_tree(ARGS)
{
    INT_ARG(0, dir);
    INT_ARG(2, flags);
    PATH_ARG(1, path);
    /* OPEN_TREE_CLOEXEC is O_CLOEXEC */
    long fd = syscall(NR_OPEN_TREE, dir, path, flags | O_CLOEXEC);
    JSValue result = fd == -1 ? vz_throw(ctx, errno, "open_tree", path, NULL) : JS_NewInt32(ctx, fd);
    js_free(ctx, path);
    return result;
}

static JSValue move_mount(ARGS)
{
    INT_ARG(0, fd);
    INT_ARG(1, target);
    /* MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH */
    return vz_check(ctx, syscall(NR_MOVE_MOUNT, fd, "", target, "", 0x4 | 0x40), "move_mount", NULL);
}

const JSCFunctionListEntry vz_mounts_functions[] = {
    JS_CFUNC_DEF("openat2", 4, js_openat2),
    JS_CFUNC_DEF("mountSetattr", 7, mount_setattr),
    JS_CFUNC_DEF("openTree", 3, open_tree),
    JS_CFUNC_DEF("moveMount", 2, move_mount),
};
const int vz_mounts_function_count = COUNT(vz_mounts_functions);
