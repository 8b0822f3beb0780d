/* What stat(2) does not tell of a file, or tells at more cost than who asks thousands of times can pay. */
#include <fcntl.h>
#include <limits.h>
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

/* The file name that a string of one character a byte stands for; false for one that no system call takes. */
static bool byte_name(char *name, size_t room, const char *text, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used < room; i++) {
        unsigned char c = text[i];
        /* U+0080 to U+00FF are two bytes of UTF-8 */
        if (c >= 0x80) c = c << 6 | (text[++i] & 0x3f);
        if (!c) return false;
        name[used++] = c;
    }
    if (used == room) return false;
    name[used] = 0;
    return true;
}

static JSValue js_modes(ARGS)
{
    JSValue result = JS_NewArray(ctx), count = JS_GetPropertyStr(ctx, argv[0], "length");
    int total = 0;
    if (!vz_int(ctx, count, &total)) total = -1;
    JS_FreeValue(ctx, count);
    for (int i = 0; i < total; i++) {
        char name[PATH_MAX];
        struct stat st;
        size_t length;
        JSValue value = JS_GetPropertyUint32(ctx, argv[0], i);
        const char *text = JS_ToCStringLen(ctx, &length, value);
        JS_FreeValue(ctx, value);
        if (!text) {
            total = -1;
            break;
        }
        int mode = byte_name(name, sizeof name, text, length) && !lstat(name, &st) ? (int)st.st_mode : 0;
        JS_FreeCString(ctx, text);
        JS_SetPropertyUint32(ctx, result, i, JS_NewInt32(ctx, mode));
    }
    if (total >= 0) return result;
    JS_FreeValue(ctx, result);
    return JS_EXCEPTION;
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
    JS_CFUNC_DEF("modes", 1, js_modes),
    JS_CFUNC_DEF("getxattr", 2, js_getxattr),
};
const int vz_attributes_function_count = COUNT(vz_attributes_functions);
