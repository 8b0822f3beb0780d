/* Terminals, and Unix sockets that descriptors go through. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vz.h"

static JSValue set_window_size(ARGS)
{
    INT_ARG(0, fd);
    INT_ARG(1, columns);
    INT_ARG(2, rows);
    struct winsize size = {.ws_col = columns, .ws_row = rows};
    return vz_check(ctx, ioctl(fd, TIOCSWINSZ, &size), "ioctl", NULL);
}

static JSValue open_terminal(ARGS)
{
    PATH_ARG(0, path);
    int number = 0, unlocked = 0, fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    JSValue result;
    if (fd == -1 || ioctl(fd, TIOCSPTLCK, &unlocked) || ioctl(fd, TIOCGPTN, &number)) {
        result = vz_throw(ctx, errno, "open", path, NULL);
        if (fd != -1) close(fd);
    } else {
        result = JS_NewObject(ctx);
        JS_SetPropertyStr(ctx, result, "master", JS_NewInt32(ctx, fd));
        JS_SetPropertyStr(ctx, result, "number", JS_NewInt32(ctx, number));
    }
    js_free(ctx, path);
    return result;
}

static JSValue unix_connect(ARGS)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    PATH_ARG(0, path);
    int fd = -1, failed = -1;
    if (strlen(path) >= sizeof to.sun_path) {
        errno = ENAMETOOLONG;
    } else {
        strcpy(to.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd != -1) RETRY(failed, connect(fd, (struct sockaddr *)&to, sizeof to));
    }
    JSValue result = failed ? vz_throw(ctx, errno, "connect", path, NULL) : JS_NewInt32(ctx, fd);
    if (failed && fd != -1) close(fd);
    js_free(ctx, path);
    return result;
}

static JSValue socket_pair(ARGS)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) return vz_throw(ctx, errno, "socketpair", NULL, NULL);
    JSValue pair = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, pair, 0, JS_NewInt32(ctx, fds[0]));
    JS_SetPropertyUint32(ctx, pair, 1, JS_NewInt32(ctx, fds[1]));
    return pair;
}

/* Room for the header and MOST descriptors (cmsg(3)). */
enum { MOST = 8 };
typedef union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(MOST * sizeof(int))];
} Control;

static JSValue send_fds(ARGS)
{
    INT_ARG(0, to);
    uint8_t *bytes;
    size_t length;
    if (!vz_bytes(ctx, argv[2], &bytes, &length)) return JS_EXCEPTION;
    int *fds, count = vz_int_list(ctx, argv[1], &fds);
    if (count < 0) return JS_EXCEPTION;
    if (count > MOST) count = MOST;
    Control control = {0};
    struct iovec data = {bytes, length};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    js_free(ctx, fds);
    ssize_t n;
    RETRY(n, sendmsg(to, &message, 0));
    return vz_check(ctx, n, "sendmsg", NULL);
}

static JSValue receive_fd(ARGS)
{
    INT_ARG(0, from);
    char text[256];
    Control control = {0};
    struct iovec data = {text, sizeof text};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control;
    ssize_t n;
    RETRY(n, recvmsg(from, &message, MSG_CMSG_CLOEXEC));
    if (n == -1) return vz_throw(ctx, errno, "recvmsg", NULL, NULL);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS) return JS_NewInt32(ctx, -1);
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return JS_NewInt32(ctx, fd);
}

const JSCFunctionListEntry vz_sockets_functions[] = {
    JS_CFUNC_DEF("setWindowSize", 3, set_window_size),
    JS_CFUNC_DEF("openTerminal", 1, open_terminal),
    JS_CFUNC_DEF("unixConnect", 1, unix_connect),
    JS_CFUNC_DEF("socketpair", 0, socket_pair),
    JS_CFUNC_DEF("sendFds", 3, send_fds),
    JS_CFUNC_DEF("receiveFd", 1, receive_fd),
};
const int vz_sockets_function_count = COUNT(vz_sockets_functions);
