/* Linux's constants by their C names. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vz.h"

#define C(name) JS_PROP_INT64_DEF(#name, name, JS_PROP_C_W_E)

static const JSCFunctionListEntry constants[] = {
    C(O_RDONLY), C(O_WRONLY), C(O_RDWR), C(O_CREAT), C(O_EXCL), C(O_TRUNC), C(O_APPEND), C(O_NONBLOCK),
    C(O_DIRECTORY), C(O_NOFOLLOW), C(O_CLOEXEC), C(O_NOCTTY), C(O_PATH), C(O_SYNC), C(O_DSYNC),
    C(S_IFMT), C(S_IFREG), C(S_IFDIR), C(S_IFLNK), C(S_IFCHR), C(S_IFBLK), C(S_IFIFO), C(S_IFSOCK),
    C(F_OK), C(R_OK), C(W_OK), C(X_OK), C(SEEK_SET), C(SEEK_CUR), C(SEEK_END),
    C(MS_RDONLY), C(MS_NOSUID), C(MS_NODEV), C(MS_NOEXEC), C(MS_SYNCHRONOUS), C(MS_REMOUNT), C(MS_MANDLOCK),
    C(MS_DIRSYNC), C(MS_NOATIME), C(MS_NODIRATIME), C(MS_BIND), C(MS_MOVE), C(MS_REC), C(MS_SILENT),
    C(MS_UNBINDABLE), C(MS_PRIVATE), C(MS_SLAVE), C(MS_SHARED), C(MS_RELATIME), C(MS_STRICTATIME),
    C(MNT_FORCE), C(MNT_DETACH), C(MNT_EXPIRE), C(UMOUNT_NOFOLLOW),
    C(CLONE_NEWNS), C(CLONE_NEWUTS), C(CLONE_NEWIPC), C(CLONE_NEWUSER), C(CLONE_NEWPID), C(CLONE_NEWNET),
    C(CLONE_NEWCGROUP),
    C(RLIMIT_CPU), C(RLIMIT_FSIZE), C(RLIMIT_DATA), C(RLIMIT_STACK), C(RLIMIT_CORE), C(RLIMIT_RSS),
    C(RLIMIT_NPROC), C(RLIMIT_NOFILE), C(RLIMIT_MEMLOCK), C(RLIMIT_AS), C(RLIMIT_LOCKS), C(RLIMIT_SIGPENDING),
    C(RLIMIT_MSGQUEUE), C(RLIMIT_NICE), C(RLIMIT_RTPRIO), C(RLIMIT_RTTIME),
    C(PR_SET_PDEATHSIG), C(PR_GET_PDEATHSIG), C(PR_SET_DUMPABLE), C(PR_GET_DUMPABLE), C(PR_SET_KEEPCAPS),
    C(PR_GET_KEEPCAPS), C(PR_SET_NAME), C(PR_CAPBSET_READ), C(PR_CAPBSET_DROP), C(PR_SET_SECUREBITS),
    C(PR_GET_SECUREBITS), C(PR_SET_CHILD_SUBREAPER), C(PR_SET_NO_NEW_PRIVS), C(PR_GET_NO_NEW_PRIVS),
    C(PR_CAP_AMBIENT), C(PR_CAP_AMBIENT_RAISE), C(PR_CAP_AMBIENT_LOWER), C(PR_CAP_AMBIENT_CLEAR_ALL),
    C(LOCK_SH), C(LOCK_EX), C(LOCK_UN), C(LOCK_NB), C(WNOHANG), C(WUNTRACED),
    C(POLLIN), C(POLLOUT), C(POLLHUP), C(POLLERR), C(POLLNVAL), C(POLLPRI),
    C(AT_FDCWD), C(AT_SYMLINK_NOFOLLOW), C(PER_LINUX), C(PER_LINUX32),
};

static const JSCFunctionListEntry signal_numbers[] = {
    C(SIGHUP), C(SIGINT), C(SIGQUIT), C(SIGILL), C(SIGTRAP), C(SIGABRT), C(SIGBUS), C(SIGFPE), C(SIGKILL),
    C(SIGUSR1), C(SIGSEGV), C(SIGUSR2), C(SIGPIPE), C(SIGALRM), C(SIGTERM), C(SIGSTKFLT), C(SIGCHLD), C(SIGCONT),
    C(SIGSTOP), C(SIGTSTP), C(SIGTTIN), C(SIGTTOU), C(SIGURG), C(SIGXCPU), C(SIGXFSZ), C(SIGVTALRM), C(SIGPROF),
    C(SIGWINCH), C(SIGIO), C(SIGPWR), C(SIGSYS),
};

static const int constant_count = COUNT(constants), signal_count = COUNT(signal_numbers);

JSValue vz_constants(JSContext *ctx)
{
    static const LazyList list = {constants, &constant_count};
    return vz_lazy_object(ctx, &list, 1, NULL, 0);
}

JSValue vz_signals(JSContext *ctx)
{
    static const LazyList list = {signal_numbers, &signal_count};
    return vz_lazy_object(ctx, &list, 1, NULL, 0);
}
