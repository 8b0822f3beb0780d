/* Files by path. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "vz.h"

JSValue vz_new_stat(JSContext *ctx, const struct stat *st);

static JSValue js_open(ARGS)
{
    INT_ARG(1, flags);
    int mode = 0666, fd;
    if (!JS_IsUndefined(argv[2]) && !vz_int(ctx, argv[2], &mode)) return JS_EXCEPTION;
    PATH_ARG(0, path);
    RETRY(fd, open(path, flags | O_CLOEXEC, mode));
    JSValue result = fd == -1 ? vz_throw(ctx, errno, "open", path, NULL) : JS_NewInt32(ctx, fd);
    js_free(ctx, path);
    return result;
}

static JSValue js_openat(ARGS)
{
    INT_ARG(0, dir);
    INT_ARG(2, flags);
    int mode = 0666, fd;
    if (!JS_IsUndefined(argv[3]) && !vz_int(ctx, argv[3], &mode)) return JS_EXCEPTION;
    PATH_ARG(1, path);
    RETRY(fd, openat(dir, path, flags | O_CLOEXEC, mode));
    JSValue result = fd == -1 ? vz_throw(ctx, errno, "openat", path, NULL) : JS_NewInt32(ctx, fd);
    js_free(ctx, path);
    return result;
}

static double seconds(struct timespec at)
{
    return (double)at.tv_sec + at.tv_nsec / 1e9;
}

JSValue vz_new_stat(JSContext *ctx, const struct stat *st)
{
    static const char *const names[] = {"dev",   "ino",     "mode",  "nlink",   "uid",   "gid",     "rdev",  "size",
                                        "blksize", "blocks", "atime", "atimeNs", "mtime", "mtimeNs", "ctime", "ctimeNs"};
    /* made once: a start asks for a dozen of these objects, and to look its names up is most of what one costs */
    static JSAtom atoms[COUNT(names)];
    JSValue values[COUNT(names)] = {
        vz_exact(ctx, st->st_dev),
        vz_exact(ctx, st->st_ino),
        JS_NewUint32(ctx, st->st_mode),
        JS_NewFloat64(ctx, st->st_nlink),
        JS_NewUint32(ctx, st->st_uid),
        JS_NewUint32(ctx, st->st_gid),
        JS_NewFloat64(ctx, (double)st->st_rdev),
        vz_exact(ctx, st->st_size),
        JS_NewFloat64(ctx, st->st_blksize),
        JS_NewFloat64(ctx, (double)st->st_blocks),
        JS_NewFloat64(ctx, seconds(st->st_atim)),
        JS_NewInt32(ctx, st->st_atim.tv_nsec),
        JS_NewFloat64(ctx, seconds(st->st_mtim)),
        JS_NewInt32(ctx, st->st_mtim.tv_nsec),
        JS_NewFloat64(ctx, seconds(st->st_ctim)),
        JS_NewInt32(ctx, st->st_ctim.tv_nsec),
    };
    JSValue object = JS_NewObject(ctx);
    for (int i = 0; i < COUNT(names); i++) {
        if (atoms[i] == JS_ATOM_NULL) atoms[i] = JS_NewAtom(ctx, names[i]);
        JS_DefinePropertyValue(ctx, object, atoms[i], values[i], JS_PROP_C_W_E);
    }
    return object;
}

static JSValue js_stat(ARGS, int link)
{
    struct stat st;
    PATH_ARG(0, path);
    int failed = link ? lstat(path, &st) : stat(path, &st);
    JSValue result =
        failed ? vz_throw(ctx, errno, link ? "lstat" : "stat", path, NULL) : vz_new_stat(ctx, &st);
    js_free(ctx, path);
    return result;
}

static void add_entries(JSContext *ctx, JSValue list, uint32_t *count, const char *block, int length)
{
    for (const char *at = block; at < block + length;) {
        const struct dirent *entry = (const struct dirent *)at;
        const char *name = entry->d_name;
        at += entry->d_reclen;
        if (!strcmp(name, ".") || !strcmp(name, "..")) continue;
        JSValue item = JS_NewObject(ctx);
        JS_SetPropertyStr(ctx, item, "name", vz_name(ctx, name, strlen(name)));
        JS_SetPropertyStr(ctx, item, "type", JS_NewInt32(ctx, DTTOIF(entry->d_type)));
        JS_SetPropertyUint32(ctx, list, (*count)++, item);
    }
}

/* Without opendir(3): nothing else in a start of a container needs musl's heap, and to set that up takes six system calls. */
static JSValue js_readdir(ARGS)
{
    static char block[16384] __attribute__((aligned(8)));
    int fd, length;
    uint32_t count = 0;
    PATH_ARG(0, path);
    RETRY(fd, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    JSValue list = fd == -1 ? vz_throw(ctx, errno, "scandir", path, NULL) : JS_NewArray(ctx);
    while (fd != -1 && (length = getdents(fd, (struct dirent *)block, sizeof block)) != 0) {
        if (length == -1) {
            JS_FreeValue(ctx, list);
            list = vz_throw(ctx, errno, "scandir", path, NULL);
            break;
        }
        add_entries(ctx, list, &count, block, length);
    }
    if (fd != -1) close(fd);
    js_free(ctx, path);
    return list;
}

static JSValue js_readlink(ARGS)
{
    char target[PATH_MAX];
    PATH_ARG(0, path);
    ssize_t n = readlink(path, target, sizeof target);
    JSValue result = n == -1 ? vz_throw(ctx, errno, "readlink", path, NULL) : vz_name(ctx, target, n);
    js_free(ctx, path);
    return result;
}

static JSValue js_realpath(ARGS)
{
    char resolved[PATH_MAX];
    PATH_ARG(0, path);
    JSValue result = realpath(path, resolved) ? vz_name(ctx, resolved, strlen(resolved))
                                              : vz_throw(ctx, errno, "realpath", path, NULL);
    js_free(ctx, path);
    return result;
}

static int exchange(const char *one, const char *other)
{
    return syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2 /* RENAME_EXCHANGE */);
}

static const struct {
    const char *name;
    int (*call)(const char *, const char *);
} two_path_calls[] = {{"symlink", symlink}, {"link", link}, {"rename", rename}, {"renameat2", exchange}};

static JSValue two_paths(ARGS, int which)
{
    PATH_ARG(0, from);
    char *to = vz_path(ctx, argv[1]);
    JSValue result = JS_EXCEPTION;
    if (to) {
        int failed = two_path_calls[which].call(from, to);
        result = failed ? vz_throw(ctx, errno, two_path_calls[which].name, from, to) : JS_UNDEFINED;
    }
    js_free(ctx, from);
    js_free(ctx, to);
    return result;
}

static const struct {
    const char *name;
    int (*call)(const char *);
} one_path_calls[] = {{"unlink", unlink}, {"rmdir", rmdir}, {"chdir", chdir}, {"chroot", chroot}};

static JSValue one_path(ARGS, int which)
{
    PATH_ARG(0, path);
    JSValue result = vz_check(ctx, one_path_calls[which].call(path), one_path_calls[which].name, path);
    js_free(ctx, path);
    return result;
}

static int make_directory(const char *path, int mode)
{
    return mkdir(path, mode);
}

static int change_mode(const char *path, int mode)
{
    return chmod(path, mode);
}

static const struct {
    const char *name;
    int (*call)(const char *, int);
    int absent;
} mode_calls[] = {{"mkdir", make_directory, 0777}, {"chmod", change_mode, 0}, {"access", access, F_OK}};

static JSValue path_and_mode(ARGS, int which)
{
    int mode = mode_calls[which].absent;
    if (!JS_IsUndefined(argv[1]) && !vz_int(ctx, argv[1], &mode)) return JS_EXCEPTION;
    PATH_ARG(0, path);
    JSValue result = vz_check(ctx, mode_calls[which].call(path, mode), mode_calls[which].name, path);
    js_free(ctx, path);
    return result;
}

static JSValue js_mknod(ARGS)
{
    INT_ARG(1, mode);
    INT_ARG(2, major_number);
    INT_ARG(3, minor_number);
    PATH_ARG(0, path);
    JSValue result = vz_check(ctx, mknod(path, mode, makedev(major_number, minor_number)), "mknod", path);
    js_free(ctx, path);
    return result;
}

static JSValue change_owner(ARGS, int link)
{
    INT_ARG(1, uid);
    INT_ARG(2, gid);
    PATH_ARG(0, path);
    int failed = link ? lchown(path, uid, gid) : chown(path, uid, gid);
    JSValue result = vz_check(ctx, failed, link ? "lchown" : "chown", path);
    js_free(ctx, path);
    return result;
}

/* Seconds with fraction; rounded down, so that what was read back and set again stays the same or older. */
static bool to_timespec(JSContext *ctx, JSValueConst value, struct timespec *at)
{
    double seconds;
    if (JS_ToFloat64(ctx, &seconds, value)) return false;
    if (!(seconds >= -MAX_SAFE && seconds <= MAX_SAFE)) {
        JS_ThrowRangeError(ctx, "not a time");
        return false;
    }
    at->tv_sec = (time_t)seconds;
    if (seconds < (double)at->tv_sec) at->tv_sec--;
    at->tv_nsec = (long)((seconds - (double)at->tv_sec) * 1e9);
    return true;
}

static JSValue js_utimes(ARGS)
{
    struct timespec times[2];
    if (!to_timespec(ctx, argv[1], &times[0]) || !to_timespec(ctx, argv[2], &times[1])) return JS_EXCEPTION;
    int flags = JS_ToBool(ctx, argv[3]) ? 0 : AT_SYMLINK_NOFOLLOW;
    PATH_ARG(0, path);
    JSValue result = vz_check(ctx, utimensat(AT_FDCWD, path, times, flags), flags ? "lutime" : "utime", path);
    js_free(ctx, path);
    return result;
}

static JSValue js_truncate(ARGS)
{
    INT64_ARG(1, length);
    PATH_ARG(0, path);
    JSValue result = vz_check(ctx, truncate(path, length), "truncate", path);
    js_free(ctx, path);
    return result;
}

static JSValue js_statfs(ARGS)
{
    struct statfs fs;
    PATH_ARG(0, path);
    int failed = statfs(path, &fs);
    JSValue result = failed ? vz_throw(ctx, errno, "statfs", path, NULL) : JS_NewObject(ctx);
    js_free(ctx, path);
    if (failed) return result;
    JS_SetPropertyStr(ctx, result, "type", JS_NewFloat64(ctx, (double)(uint32_t)fs.f_type));
    JS_SetPropertyStr(ctx, result, "bsize", JS_NewFloat64(ctx, (double)fs.f_bsize));
    JS_SetPropertyStr(ctx, result, "blocks", vz_exact(ctx, fs.f_blocks));
    JS_SetPropertyStr(ctx, result, "bfree", vz_exact(ctx, fs.f_bfree));
    JS_SetPropertyStr(ctx, result, "bavail", vz_exact(ctx, fs.f_bavail));
    JS_SetPropertyStr(ctx, result, "files", vz_exact(ctx, fs.f_files));
    JS_SetPropertyStr(ctx, result, "ffree", vz_exact(ctx, fs.f_ffree));
    JS_SetPropertyStr(ctx, result, "flags", JS_NewFloat64(ctx, (double)(uint32_t)fs.f_flags));
    return result;
}

static JSValue js_getcwd(ARGS)
{
    char path[PATH_MAX];
    return getcwd(path, sizeof path) ? vz_name(ctx, path, strlen(path)) : vz_throw(ctx, errno, "getcwd", NULL, NULL);
}

static JSValue js_umask(ARGS)
{
    INT_ARG(0, mask);
    return JS_NewInt32(ctx, umask(mask));
}

static JSValue js_sync(ARGS)
{
    sync();
    return JS_UNDEFINED;
}

const JSCFunctionListEntry vz_fs_functions[] = {
    JS_CFUNC_DEF("open", 3, js_open),
    JS_CFUNC_DEF("openat", 4, js_openat),
    JS_CFUNC_MAGIC_DEF("stat", 1, js_stat, 0),
    JS_CFUNC_MAGIC_DEF("lstat", 1, js_stat, 1),
    JS_CFUNC_DEF("readdir", 1, js_readdir),
    JS_CFUNC_DEF("readlink", 1, js_readlink),
    JS_CFUNC_DEF("realpath", 1, js_realpath),
    JS_CFUNC_MAGIC_DEF("symlink", 2, two_paths, 0),
    JS_CFUNC_MAGIC_DEF("link", 2, two_paths, 1),
    JS_CFUNC_MAGIC_DEF("rename", 2, two_paths, 2),
    JS_CFUNC_MAGIC_DEF("exchange", 2, two_paths, 3),
    JS_CFUNC_MAGIC_DEF("unlink", 1, one_path, 0),
    JS_CFUNC_MAGIC_DEF("rmdir", 1, one_path, 1),
    JS_CFUNC_MAGIC_DEF("chdir", 1, one_path, 2),
    JS_CFUNC_MAGIC_DEF("chroot", 1, one_path, 3),
    JS_CFUNC_MAGIC_DEF("mkdir", 2, path_and_mode, 0),
    JS_CFUNC_MAGIC_DEF("chmod", 2, path_and_mode, 1),
    JS_CFUNC_MAGIC_DEF("access", 2, path_and_mode, 2),
    JS_CFUNC_DEF("mknod", 4, js_mknod),
    JS_CFUNC_MAGIC_DEF("chown", 3, change_owner, 0),
    JS_CFUNC_MAGIC_DEF("lchown", 3, change_owner, 1),
    JS_CFUNC_DEF("utimes", 4, js_utimes),
    JS_CFUNC_DEF("truncate", 2, js_truncate),
    JS_CFUNC_DEF("statfs", 1, js_statfs),
    JS_CFUNC_DEF("getcwd", 0, js_getcwd),
    JS_CFUNC_DEF("umask", 1, js_umask),
    JS_CFUNC_DEF("sync", 0, js_sync),
};
const int vz_fs_function_count = COUNT(vz_fs_functions);
