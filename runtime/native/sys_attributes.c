/* What stat(2) does not tell of a file, or tells at more cost than who asks thousands of times can pay. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "vz.h"

/* linux/stat.h, which cannot stand beside musl's */
#define MASK_BTIME 0x800

static JSValue birth_time(ARGS)
{
    struct statx st;
    PATH_ARG(0, path);
    int failed = statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, MASK_BTIME, &st);
    bool told = !failed && st.stx_mask & MASK_BTIME;
    JSValue result = failed ? vz_throw(ctx, errno, "statx", path, NULL)
                            : JS_NewFloat64(ctx, told ? st.stx_btime.tv_sec + st.stx_btime.tv_nsec / 1e9 : 0);
    js_free(ctx, path);
    return result;
}

static JSValue js_mode(ARGS)
{
    struct stat st;
    PATH_ARG(0, path);
    int failed = lstat(path, &st);
    bool absent = failed && (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP || errno == ENAMETOOLONG);
    JSValue result = !failed  ? JS_NewInt32(ctx, st.st_mode)
                     : absent ? JS_NewInt32(ctx, 0)
                              : vz_throw(ctx, errno, "lstat", path, NULL);
    js_free(ctx, path);
    return result;
}

static JSValue js_getxattr(ARGS)
{
    /* XATTR_SIZE_MAX */
    static char value[65536];
    PATH_ARG(0, path);
    char *name = vz_path(ctx, argv[1]);
    JSValue result = JS_EXCEPTION;
    if (name) {
        ssize_t length = getxattr(path, name, value, sizeof value);
        result = length != -1 ? vz_new_bytes(ctx, value, length)
                 : errno == ENODATA || errno == ENOTSUP ? JS_NULL
                                                        : vz_throw(ctx, errno, "getxattr", path, NULL);
    }
    js_free(ctx, path);
    js_free(ctx, name);
    return result;
}

const JSCFunctionListEntry vz_attributes_functions[] = {
    JS_CFUNC_DEF("birthTime", 1, birth_time),
    JS_CFUNC_DEF("mode", 1, js_mode),
    JS_CFUNC_DEF("getxattr", 2, js_getxattr),
};
const int vz_attributes_function_count = COUNT(vz_attributes_functions);
