/* Descriptors: files and pipes. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vz.h"

JSValue vz_new_stat(JSContext *ctx, const struct stat *st);

static JSValue js_close(ARGS)
{
    INT_ARG(0, fd);
    /* on Linux the descriptor is gone even when close says EINTR */
    return vz_check(ctx, close(fd) == -1 && errno != EINTR ? -1 : 0, "close", NULL);
}

/* The part of a buffer that arguments 1 to 3 name. */
static bool window(JSContext *ctx, JSValueConst *argv, uint8_t **start, size_t *length)
{
    size_t whole;
    int64_t offset, count;
    if (!vz_bytes(ctx, argv[1], start, &whole) || !vz_int64(ctx, argv[2], &offset) || !vz_int64(ctx, argv[3], &count))
        return false;
    if (offset < 0 || count < 0 || offset + count > (int64_t)whole) {
        JS_ThrowRangeError(ctx, "the range lies outside of the buffer");
        return false;
    }
    *start += offset;
    *length = count;
    return true;
}

static JSValue transfer(ARGS, int writing)
{
    uint8_t *start;
    size_t length;
    int64_t position = -1;
    ssize_t n;
    INT_ARG(0, fd);
    if (!window(ctx, argv, &start, &length)) return JS_EXCEPTION;
    bool placed = !JS_IsUndefined(argv[4]) && !JS_IsNull(argv[4]);
    if (placed && !vz_int64(ctx, argv[4], &position)) return JS_EXCEPTION;
    if (placed && writing) RETRY(n, pwrite(fd, start, length, position));
    else if (placed) RETRY(n, pread(fd, start, length, position));
    else if (writing) RETRY(n, write(fd, start, length));
    else RETRY(n, read(fd, start, length));
    return n == -1 ? vz_throw(ctx, errno, writing ? "write" : "read", NULL, NULL) : JS_NewInt64(ctx, n);
}

/* 0, or -1 with errno; waits where a non-blocking descriptor is full. */
static int write_whole(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n == -1 && errno == EAGAIN) {
            struct pollfd ready = {fd, POLLOUT, 0};
            poll(&ready, 1, -1);
        } else if (n == -1 && errno != EINTR) {
            return -1;
        } else if (n > 0) {
            bytes += n;
            length -= n;
        }
    }
    return 0;
}

static JSValue write_all(ARGS)
{
    INT_ARG(0, fd);
    size_t length;
    uint8_t *bytes;
    if (!JS_IsString(argv[1])) {
        if (!vz_bytes(ctx, argv[1], &bytes, &length)) return JS_EXCEPTION;
        return vz_check(ctx, write_whole(fd, bytes, length), "write", NULL);
    }
    const char *text = JS_ToCStringLen(ctx, &length, argv[1]);
    if (!text) return JS_EXCEPTION;
    JSValue result = vz_check(ctx, write_whole(fd, (const uint8_t *)text, length), "write", NULL);
    JS_FreeCString(ctx, text);
    return result;
}

static JSValue js_copy(ARGS)
{
    static uint8_t block[65536];
    INT_ARG(0, from);
    INT_ARG(1, to);
    INT64_ARG(2, left);
    int64_t done = 0;
    while (left != 0) {
        ssize_t n;
        RETRY(n, read(from, block, left < 0 || left > (int64_t)sizeof block ? sizeof block : (size_t)left));
        if (n == -1) return vz_throw(ctx, errno, "read", NULL, NULL);
        if (n == 0) break;
        if (write_whole(to, block, n)) return vz_throw(ctx, errno, "write", NULL, NULL);
        done += n;
        if (left > 0) left -= n;
    }
    return JS_NewFloat64(ctx, (double)done);
}

static JSValue js_seek(ARGS)
{
    INT_ARG(0, fd);
    INT64_ARG(1, offset);
    INT_ARG(2, whence);
    off_t at = lseek(fd, offset, whence);
    return at == -1 ? vz_throw(ctx, errno, "lseek", NULL, NULL) : vz_exact(ctx, at);
}

static JSValue js_fstat(ARGS)
{
    struct stat st;
    INT_ARG(0, fd);
    return fstat(fd, &st) ? vz_throw(ctx, errno, "fstat", NULL, NULL) : vz_new_stat(ctx, &st);
}

static JSValue js_fchmod(ARGS)
{
    INT_ARG(0, fd);
    INT_ARG(1, mode);
    return vz_check(ctx, fchmod(fd, mode), "fchmod", NULL);
}

static JSValue js_fchown(ARGS)
{
    INT_ARG(0, fd);
    INT_ARG(1, uid);
    INT_ARG(2, gid);
    return vz_check(ctx, fchown(fd, uid, gid), "fchown", NULL);
}

static JSValue js_ftruncate(ARGS)
{
    INT_ARG(0, fd);
    INT64_ARG(1, length);
    int failed;
    RETRY(failed, ftruncate(fd, length));
    return vz_check(ctx, failed, "ftruncate", NULL);
}

static JSValue js_fsync(ARGS)
{
    INT_ARG(0, fd);
    int failed;
    RETRY(failed, fsync(fd));
    return vz_check(ctx, failed, "fsync", NULL);
}

static JSValue js_flock(ARGS)
{
    INT_ARG(0, fd);
    INT_ARG(1, operation);
    int failed;
    RETRY(failed, flock(fd, operation));
    return vz_check(ctx, failed, "flock", NULL);
}

static JSValue js_fchdir(ARGS)
{
    INT_ARG(0, fd);
    return vz_check(ctx, fchdir(fd), "fchdir", NULL);
}

static JSValue js_pipe(ARGS)
{
    int fds[2];
    int size = 0;
    if (!JS_IsUndefined(argv[0]) && !vz_int(ctx, argv[0], &size)) return JS_EXCEPTION;
    if (pipe2(fds, O_CLOEXEC)) return vz_throw(ctx, errno, "pipe2", NULL, NULL);
    /* a smaller one does as well, more slowly */
    if (size > 0) fcntl(fds[1], F_SETPIPE_SZ, size);
    JSValue pair = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, pair, 0, JS_NewInt32(ctx, fds[0]));
    JS_SetPropertyUint32(ctx, pair, 1, JS_NewInt32(ctx, fds[1]));
    return pair;
}

static JSValue js_dup(ARGS)
{
    INT_ARG(0, fd);
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy == -1 ? vz_throw(ctx, errno, "dup", NULL, NULL) : JS_NewInt32(ctx, copy);
}

static JSValue js_dup2(ARGS)
{
    INT_ARG(0, from);
    INT_ARG(1, to);
    int result;
    RETRY(result, dup2(from, to));
    /* dup2 of a descriptor onto itself leaves close-on-exec as it was */
    if (result != -1 && from == to) result = fcntl(to, F_SETFD, 0);
    return vz_check(ctx, result, "dup2", NULL);
}

static JSValue set_flag(ARGS, int nonblock)
{
    INT_ARG(0, fd);
    int get = nonblock ? F_GETFL : F_GETFD, set = nonblock ? F_SETFL : F_SETFD;
    int bit = nonblock ? O_NONBLOCK : FD_CLOEXEC, flags = fcntl(fd, get);
    if (flags != -1) flags = fcntl(fd, set, JS_ToBool(ctx, argv[1]) ? flags | bit : flags & ~bit);
    return vz_check(ctx, flags, "fcntl", NULL);
}

static bool contains(const int *list, int count, int item)
{
    for (int i = 0; i < count; i++)
        if (list[i] == item) return true;
    return false;
}

/* By close_range(2) of Linux 5.9, one call for each gap between those to keep. False where the kernel has no such call. */
static bool close_gaps(unsigned first, const int *keep, int kept)
{
    while (first <= INT_MAX) {
        unsigned next = (unsigned)INT_MAX + 1;
        for (int i = 0; i < kept; i++)
            if (keep[i] >= (int)first && (unsigned)keep[i] < next) next = keep[i];
        if (next > first && syscall(SYS_close_range, first, next - 1, 0) == -1) return false;
        first = next + 1;
    }
    return true;
}

/* By /proc/self/fd where there is one. */
static void close_listed(int first, const int *keep, int kept)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd >= first && fd != dirfd(dir) && !contains(keep, kept, fd)) close(fd);
    }
    if (dir) closedir(dir);
    int limit = dir ? first : (int)sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < limit; fd++)
        if (!contains(keep, kept, fd)) close(fd);
}

/* Ours stays: a bundle may be read yet, and execve closes it. */
static JSValue close_from(ARGS)
{
    INT_ARG(0, first);
    int *asked, kept = vz_int_list(ctx, argv[1], &asked);
    if (kept < 0) return JS_EXCEPTION;
    int *keep = js_realloc(ctx, asked, (kept + 1) * sizeof *keep);
    if (!keep) {
        js_free(ctx, asked);
        return JS_EXCEPTION;
    }
    keep[kept++] = vz_payload_fd();
    if (first < 0) first = 0;
    if (!close_gaps(first, keep, kept)) close_listed(first, keep, kept);
    js_free(ctx, keep);
    return JS_UNDEFINED;
}

/* One [fd, events] pair of poll's list. */
static bool read_pair(JSContext *ctx, JSValueConst list, uint32_t i, struct pollfd *out)
{
    JSValue pair = JS_GetPropertyUint32(ctx, list, i);
    JSValue fd = JS_GetPropertyUint32(ctx, pair, 0), events = JS_GetPropertyUint32(ctx, pair, 1);
    int bits = 0;
    bool ok = vz_int(ctx, fd, &out->fd) && vz_int(ctx, events, &bits);
    out->events = bits;
    out->revents = 0;
    JS_FreeValue(ctx, fd);
    JS_FreeValue(ctx, events);
    JS_FreeValue(ctx, pair);
    return ok;
}

static JSValue js_poll(ARGS)
{
    INT_ARG(1, ms);
    JSValue length = JS_GetPropertyStr(ctx, argv[0], "length");
    int count;
    bool ok = vz_int(ctx, length, &count);
    JS_FreeValue(ctx, length);
    if (!ok) return JS_EXCEPTION;
    struct pollfd *fds = js_mallocz(ctx, (count + 1) * sizeof *fds);
    if (!fds) return JS_EXCEPTION;
    for (int i = 0; ok && i < count; i++) ok = read_pair(ctx, argv[0], i, &fds[i]);
    JSValue result = JS_EXCEPTION;
    if (ok) {
        int ready;
        RETRY(ready, poll(fds, count, ms));
        result = ready == -1 ? vz_throw(ctx, errno, "poll", NULL, NULL) : JS_NewArray(ctx);
        for (int i = 0; ready != -1 && i < count; i++)
            JS_SetPropertyUint32(ctx, result, i, JS_NewInt32(ctx, fds[i].revents));
    }
    js_free(ctx, fds);
    return result;
}

const JSCFunctionListEntry vz_fd_functions[] = {
    JS_CFUNC_DEF("close", 1, js_close),
    JS_CFUNC_MAGIC_DEF("read", 5, transfer, 0),
    JS_CFUNC_MAGIC_DEF("write", 5, transfer, 1),
    JS_CFUNC_DEF("writeAll", 2, write_all),
    JS_CFUNC_DEF("copy", 3, js_copy),
    JS_CFUNC_DEF("seek", 3, js_seek),
    JS_CFUNC_DEF("fstat", 1, js_fstat),
    JS_CFUNC_DEF("fchmod", 2, js_fchmod),
    JS_CFUNC_DEF("fchown", 3, js_fchown),
    JS_CFUNC_DEF("ftruncate", 2, js_ftruncate),
    JS_CFUNC_DEF("fsync", 1, js_fsync),
    JS_CFUNC_DEF("flock", 2, js_flock),
    JS_CFUNC_DEF("fchdir", 1, js_fchdir),
    JS_CFUNC_DEF("pipe", 1, js_pipe),
    JS_CFUNC_DEF("dup", 1, js_dup),
    JS_CFUNC_DEF("dup2", 2, js_dup2),
    JS_CFUNC_MAGIC_DEF("setCloexec", 2, set_flag, 0),
    JS_CFUNC_MAGIC_DEF("setNonblock", 2, set_flag, 1),
    JS_CFUNC_DEF("closeFrom", 2, close_from),
    JS_CFUNC_DEF("poll", 2, js_poll),
};
const int vz_fd_function_count = COUNT(vz_fd_functions);
