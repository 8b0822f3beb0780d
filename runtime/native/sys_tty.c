/* Terminals and sockets. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vz.h"

static JSValue js_isatty(ARGS)
{
    INT_ARG(0, fd);
    return JS_NewBool(ctx, isatty(fd));
}

static JSValue window_size(ARGS)
{
    struct winsize size;
    INT_ARG(0, fd);
    if (ioctl(fd, TIOCGWINSZ, &size)) return JS_NULL;
    JSValue object = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, object, "columns", JS_NewInt32(ctx, size.ws_col));
    JS_SetPropertyStr(ctx, object, "rows", JS_NewInt32(ctx, size.ws_row));
    return object;
}

static JSValue js_openpty(ARGS)
{
    char name[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master == -1 || grantpt(master) || unlockpt(master) || ptsname_r(master, name, sizeof name)) {
        int error = errno;
        if (master != -1) close(master);
        return vz_throw(ctx, error, "openpty", NULL, NULL);
    }
    JSValue object = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, object, "master", JS_NewInt32(ctx, master));
    JS_SetPropertyStr(ctx, object, "name", JS_NewString(ctx, name));
    return object;
}

static JSValue set_controlling_tty(ARGS)
{
    INT_ARG(0, fd);
    return vz_check(ctx, ioctl(fd, TIOCSCTTY, 0), "ioctl", NULL);
}

static JSValue tcp_connect(ARGS)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to = {0};
    INT_ARG(1, port);
    PATH_ARG(0, address);
    bool is_v6 = inet_pton(AF_INET6, address, &to.v6.sin6_addr) == 1;
    bool known = is_v6 || inet_pton(AF_INET, address, &to.v4.sin_addr) == 1;
    to.any.sa_family = is_v6 ? AF_INET6 : AF_INET;
    *(is_v6 ? &to.v6.sin6_port : &to.v4.sin_port) = htons(port);
    int fd = known ? socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : (errno = EINVAL, -1);
    int failed = fd == -1 ? -1 : connect(fd, &to.any, is_v6 ? sizeof to.v6 : sizeof to.v4);
    int error = errno;
    JSValue result = JS_NewInt32(ctx, fd);
    if (failed && error != EINPROGRESS) {
        if (fd != -1) close(fd);
        result = vz_throw(ctx, error, "connect", address, NULL);
    }
    js_free(ctx, address);
    return result;
}

static JSValue socket_error(ARGS)
{
    int error = 0;
    socklen_t length = sizeof error;
    INT_ARG(0, fd);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length)) return vz_throw(ctx, errno, "getsockopt", NULL, NULL);
    return error ? JS_NewString(ctx, vz_error_code(error)) : JS_NULL;
}

const JSCFunctionListEntry vz_tty_functions[] = {
    JS_CFUNC_DEF("isatty", 1, js_isatty),
    JS_CFUNC_DEF("windowSize", 1, window_size),
    JS_CFUNC_DEF("openpty", 0, js_openpty),
    JS_CFUNC_DEF("setControllingTty", 1, set_controlling_tty),
    JS_CFUNC_DEF("tcpConnect", 2, tcp_connect),
    JS_CFUNC_DEF("socketError", 1, socket_error),
};
const int vz_tty_function_count = COUNT(vz_tty_functions);
