/* Errors shaped and worded as Node's, so that code and messages read the same on both engines. */
#include <ctype.h>
#include <stdio.h>

#include "vz.h"

static const struct {
    int number;
    const char *code, *text;
} errors[] = {
#define E(name, text) {name, #name, text}
    E(E2BIG, "argument list too long"), E(EACCES, "permission denied"), E(EADDRINUSE, "address already in use"),
    E(EADDRNOTAVAIL, "address not available"), E(EAFNOSUPPORT, "address family not supported"),
    E(EAGAIN, "resource temporarily unavailable"), E(EBADF, "bad file descriptor"), E(EBUSY, "resource busy or locked"),
    E(ECHILD, "no child processes"), E(ECONNREFUSED, "connection refused"), E(ECONNRESET, "connection reset by peer"),
    E(EEXIST, "file already exists"), E(EFAULT, "bad address in system call argument"), E(EFBIG, "file too large"),
    E(EHOSTUNREACH, "host is unreachable"), E(EINTR, "interrupted system call"), E(EINVAL, "invalid argument"),
    E(EIO, "i/o error"), E(EISDIR, "illegal operation on a directory"),
    E(ELOOP, "too many symbolic links encountered"), E(EMFILE, "too many open files"), E(EMLINK, "too many links"),
    E(ENAMETOOLONG, "name too long"), E(ENETUNREACH, "network is unreachable"), E(ENFILE, "file table overflow"),
    E(ENODATA, "no data available"), E(ENODEV, "no such device"), E(ENOENT, "no such file or directory"),
    E(ENOEXEC, "exec format error"), E(ENOMEM, "not enough memory"), E(ENOSPC, "no space left on device"),
    E(ENOSYS, "function not implemented"), E(ENOTDIR, "not a directory"), E(ENOTEMPTY, "directory not empty"),
    E(ENOTSUP, "operation not supported on socket"), E(ENOTTY, "inappropriate ioctl for device"),
    E(ENXIO, "no such device or address"), E(EOVERFLOW, "value too large for defined data type"),
    E(EPERM, "operation not permitted"), E(EPIPE, "broken pipe"), E(EROFS, "read-only file system"),
    E(ESPIPE, "invalid seek"), E(ESRCH, "no such process"), E(ETIMEDOUT, "connection timed out"),
    E(ETXTBSY, "text file is busy"), E(EUSERS, "too many users"), E(EXDEV, "cross-device link not permitted"),
    E(EDQUOT, "disk quota exceeded"), E(ESTALE, "stale file handle"), E(EDEADLK, "resource deadlock avoided"),
    E(ELIBBAD, "accessing a corrupted shared library"), E(ENOTBLK, "block device required"),
#undef E
};

const char *vz_error_code(int error)
{
    static char unknown[16];
    for (int i = 0; i < COUNT(errors); i++)
        if (errors[i].number == error) return errors[i].code;
    snprintf(unknown, sizeof unknown, "E%d", error);
    return unknown;
}

static const char *error_text(int error)
{
    static char text[128];
    for (int i = 0; i < COUNT(errors); i++)
        if (errors[i].number == error) return errors[i].text;
    snprintf(text, sizeof text, "%s", strerror(error));
    text[0] = tolower((unsigned char)text[0]);
    return text;
}

/* Node's sentence: CODE: text, syscall 'path' -> 'dest'. Paths may hold any bytes, hence the detour by vz_name. */
static JSValue message(JSContext *ctx, int error, const char *syscall, const char *path, const char *dest)
{
    const char *parts[] = {vz_error_code(error), ": ", error_text(error), ", ", syscall, path ? " '" : "", path ? path : "",
                           path ? "'" : "", dest ? " -> '" : "", dest ? dest : "", dest ? "'" : ""};
    size_t room = 1;
    for (int i = 0; i < COUNT(parts); i++) room += strlen(parts[i]);
    char *text = js_malloc(ctx, room), *end = text;
    if (!text) return JS_EXCEPTION;
    for (int i = 0; i < COUNT(parts); i++) end = stpcpy(end, parts[i]);
    JSValue value = vz_name(ctx, text, end - text);
    js_free(ctx, text);
    return value;
}

/*
 * That a file is not there is an answer more often than a fault, and the engine takes longer to write down where it was
 * asked for than the kernel to look for it. So there is a trace only where somebody will see it.
 */
static bool wants_trace(void)
{
    static int wanted = -1;
    if (wanted < 0) {
        const char *debug = getenv("VZ_DEBUG");
        wanted = debug && !strcmp(debug, "1");
    }
    return wanted;
}

JSValue vz_throw(JSContext *ctx, int error, const char *syscall, const char *path, const char *dest)
{
    JSValue object = JS_NewError(ctx);
    if (JS_IsException(object)) return object;
    JS_DefinePropertyValueStr(ctx, object, "message", message(ctx, error, syscall, path, dest),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    if (!wants_trace()) {
        /* the engine leaves alone what is there */
        JS_DefinePropertyValueStr(ctx, object, "stack", JS_NewString(ctx, ""), JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    }
    JS_DefinePropertyValueStr(ctx, object, "errno", JS_NewInt32(ctx, -error), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, object, "code", JS_NewString(ctx, vz_error_code(error)), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, object, "syscall", JS_NewString(ctx, syscall), JS_PROP_C_W_E);
    if (path) JS_DefinePropertyValueStr(ctx, object, "path", vz_name(ctx, path, strlen(path)), JS_PROP_C_W_E);
    if (dest) JS_DefinePropertyValueStr(ctx, object, "dest", vz_name(ctx, dest, strlen(dest)), JS_PROP_C_W_E);
    return JS_Throw(ctx, object);
}

JSValue vz_check(JSContext *ctx, long result, const char *syscall, const char *path)
{
    return result == -1 ? vz_throw(ctx, errno, syscall, path, NULL) : JS_UNDEFINED;
}
