/* What else of a process a container runner sets: scheduling, keyring, names, and who waits for it. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vz.h"

static JSValue set_domain_name(ARGS)
{
    PATH_ARG(0, name);
    JSValue result = vz_check(ctx, setdomainname(name, strlen(name)), "setdomainname", NULL);
    js_free(ctx, name);
    return result;
}

/* struct sched_attr of sched_setattr(2), its first version. */
static JSValue sched_set_attr(ARGS)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attr = {.size = 48};
    int64_t times[3];
    INT_ARG(0, policy);
    INT64_ARG(1, flags);
    INT_ARG(2, nice);
    INT_ARG(3, priority);
    for (int i = 0; i < 3; i++)
        if (!vz_int64(ctx, argv[4 + i], &times[i])) return JS_EXCEPTION;
    attr.policy = policy;
    attr.flags = flags;
    attr.nice = nice;
    attr.priority = priority;
    attr.runtime = times[0];
    attr.deadline = times[1];
    attr.period = times[2];
    return vz_check(ctx, syscall(SYS_sched_setattr, 0, &attr, 0), "sched_setattr", NULL);
}

/* musl's function of this name only says ENOSYS */
static JSValue sched_set_scheduler(ARGS)
{
    INT_ARG(0, policy);
    INT_ARG(1, priority);
    struct sched_param param = {.sched_priority = priority};
    return vz_check(ctx, syscall(SYS_sched_setscheduler, 0, policy, &param), "sched_setscheduler", NULL);
}

static JSValue set_nice(ARGS)
{
    INT_ARG(0, nice);
    return vz_check(ctx, setpriority(PRIO_PROCESS, 0, nice), "setpriority", NULL);
}

static JSValue ioprio_set(ARGS)
{
    INT_ARG(0, priority);
    /* IOPRIO_WHO_PROCESS */
    return vz_check(ctx, syscall(SYS_ioprio_set, 1, 0, priority), "ioprio_set", NULL);
}

static JSValue sched_set_affinity(ARGS)
{
    int *cpus, count = vz_int_list(ctx, argv[0], &cpus);
    if (count < 0) return JS_EXCEPTION;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; i++)
        if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE) CPU_SET(cpus[i], &set);
    js_free(ctx, cpus);
    return vz_check(ctx, sched_setaffinity(0, sizeof set, &set), "sched_setaffinity", NULL);
}

static JSValue join_keyring(ARGS)
{
    PATH_ARG(0, name);
    /* KEYCTL_JOIN_SESSION_KEYRING */
    JSValue result = vz_check(ctx, syscall(SYS_keyctl, 1, name), "keyctl", NULL);
    js_free(ctx, name);
    return result;
}

static JSValue bring_up(ARGS)
{
    struct ifreq request = {0};
    PATH_ARG(0, name);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int failed = fd == -1 ? -1 : ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags |= IFF_UP;
    if (!failed) failed = ioctl(fd, SIOCSIFFLAGS, &request);
    JSValue result = vz_check(ctx, failed, "ioctl", name);
    if (fd != -1) close(fd);
    js_free(ctx, name);
    return result;
}

/* --- waiting without the engine: waiter.c --- */

static JSValue block_signals(ARGS)
{
    sigset_t all;
    sigfillset(&all);
    return vz_check(ctx, sigprocmask(SIG_BLOCK, &all, NULL), "sigprocmask", NULL);
}

/* The waiter's own small program as a descriptor; -1 where it cannot be had. */
static int waiter_program(JSContext *ctx)
{
    size_t length;
    uint8_t *bytes = vz_payload_read(ctx, VZ_WAIT, &length);
    /* MFD_CLOEXEC */
    int fd = bytes ? syscall(SYS_memfd_create, VZ_WAIT, 1) : -1;
    bool whole = fd != -1 && write(fd, bytes, length) == (ssize_t)length;
    js_free(ctx, bytes);
    if (whole || fd == -1) return fd;
    close(fd);
    return -1;
}

/* What prepare_waiter made, for one waiter. */
static int prepared = -1;

static JSValue prepare_waiter(ARGS)
{
    if (prepared == -1) prepared = waiter_program(ctx);
    return JS_UNDEFINED;
}

/*
 * argv[0] is the pid, argv[1] the terminal's master, argv[2] the words behind. No signal is lost on the way: they stay blocked
 * and pending across execve.
 */
static JSValue become_waiter(ARGS)
{
    extern char **environ;
    char pid_text[12], master_text[12], vz_text[12] = "-1", path[32];
    INT_ARG(0, pid);
    INT_ARG(1, master);
    char **rest = vz_path_list(ctx, argv[2]);
    if (!rest) return JS_EXCEPTION;
    int count = 0;
    while (rest[count]) count++;
    snprintf(pid_text, sizeof pid_text, "%d", pid);
    snprintf(master_text, sizeof master_text, "%d", master);
    char *words[count + 5];
    memcpy(words, (char *[]){VZ_WAIT, pid_text, master_text, vz_text}, 4 * sizeof *words);
    memcpy(words + 4, rest, (count + 1) * sizeof *words);
    block_signals(ctx, this_value, 0, NULL);
    prepare_waiter(ctx, this_value, 0, NULL);
    int program = prepared, vz = program == -1 ? -1 : open("/proc/self/exe", O_PATH);
    if (vz != -1) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", program);
        snprintf(vz_text, sizeof vz_text, "%d", vz);
        execve(path, words, environ);
        /* memory files may be barred from being executed */
        close(vz);
        strcpy(vz_text, "-1");
    }
    execve("/proc/self/exe", words, environ);
    JSValue result = vz_throw(ctx, errno, "execve", "/proc/self/exe", NULL);
    vz_free_list(ctx, rest);
    return result;
}

const JSCFunctionListEntry vz_container_functions[] = {
    JS_CFUNC_DEF("setdomainname", 1, set_domain_name),
    JS_CFUNC_DEF("schedSetattr", 7, sched_set_attr),
    JS_CFUNC_DEF("schedSetscheduler", 2, sched_set_scheduler),
    JS_CFUNC_DEF("setNice", 1, set_nice),
    JS_CFUNC_DEF("ioprioSet", 1, ioprio_set),
    JS_CFUNC_DEF("schedSetaffinity", 1, sched_set_affinity),
    JS_CFUNC_DEF("joinKeyring", 1, join_keyring),
    JS_CFUNC_DEF("bringUp", 1, bring_up),
    JS_CFUNC_DEF("blockSignals", 0, block_signals),
    JS_CFUNC_DEF("prepareWaiter", 0, prepare_waiter),
    JS_CFUNC_DEF("becomeWaiter", 3, become_waiter),
};
const int vz_container_function_count = COUNT(vz_container_functions);
