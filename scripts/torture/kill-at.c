/*
 * Runs a command and kills one of its processes at one of its system calls.
 *
 *     kill-at count [-p PID]... COMMAND...      prints one line a process: the numbers of the calls that it made
 *     kill-at ORDINAL CALL [-p PID]... COMMAND...
 *
 * Processes are numbered in the order in which they come into being, from 0, the command's own; a process counts as long as
 * its executable is the command's (after the execve of another program it is let go). -p: process PID, which runs already,
 * counts as well; it comes behind the command's own. CALL counts from 1: the process is killed on entry to it, so that this
 * call is the first one that does not happen. Prints "killed PID NUMBER" (of the call, i386's table), or "missed" when the
 * command has ended and nothing more happens. All others go on by themselves, whatever happens.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 64
#define MOST_CALLS 8192
/* Milliseconds without a call after which a process that goes on behind the command is waiting for something. */
#define QUIET 60
/* Seconds for the whole. */
#define PATIENCE 30

struct process {
    pid_t pid;
    long calls;
    int gone;
    short numbers[MOST_CALLS];
};

static struct process processes[MOST];
static int process_count;
static struct stat executable;
static int known_executable;
static int want_ordinal = -1;
static long want_call;
/* or has become another program */
static int command_ended;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct process *known(pid_t pid)
{
    for (int i = process_count - 1; i >= 0; i--)
        if (processes[i].pid == pid && !processes[i].gone) return &processes[i];
    return NULL;
}

static struct process *find(pid_t pid)
{
    struct process *process = known(pid);
    if (process) return process;
    if (process_count == MOST) die("too many processes");
    processes[process_count].pid = pid;
    return &processes[process_count++];
}

/* Whether `pid` still runs the command's executable. */
static int counts(pid_t pid)
{
    char link[64];
    struct stat own;
    snprintf(link, sizeof link, "/proc/%d/exe", pid);
    if (stat(link, &own)) return 0;
    if (!known_executable) {
        executable = own;
        known_executable = 1;
    }
    return own.st_dev == executable.st_dev && own.st_ino == executable.st_ino;
}

static int call_entered(pid_t pid)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return -1;
    return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (int)info.entry.nr : -1;
}

static void end_with(struct process *victim, int number)
{
    int status;
    kill(victim->pid, SIGKILL);
    printf("killed %d %d\n", victim->pid, number);
    fflush(stdout);
    /* the others are let go when this process ends */
    while (waitpid(victim->pid, &status, __WALL) > 0 && WIFSTOPPED(status)) continue;
    exit(0);
}

static void look(pid_t pid, int status)
{
    int number = WSTOPSIG(status), event = status >> 16, deliver = 0;
    struct process *process = find(pid);
    if (event == PTRACE_EVENT_EXEC && !counts(pid)) {
        process->gone = 1;
        if (process == processes) command_ended = 1;
        ptrace(PTRACE_DETACH, pid, 0, 0);
        return;
    }
    if (number == (SIGTRAP | 0x80)) {
        int call = known_executable ? call_entered(pid) : -1;
        if (call >= 0) {
            if (process->calls < MOST_CALLS) process->numbers[process->calls] = call;
            process->calls++;
            if (process - processes == want_ordinal && process->calls == want_call) end_with(process, call);
        }
    } else if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
        ptrace(PTRACE_LISTEN, pid, 0, 0);
        return;
    } else if (!event) {
        deliver = number;
    }
    ptrace(PTRACE_SYSCALL, pid, 0, deliver);
}

static void nothing(int signal)
{
    (void)signal;
}

static long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                         PTRACE_O_TRACEEXEC;
    pid_t others[8];
    int other_count = 0, at = 1, gate[2], status;
    if (argc > 2 && !strcmp(argv[at], "count")) {
        at = 2;
    } else if (argc > 3) {
        want_ordinal = atoi(argv[1]);
        want_call = atol(argv[2]);
        at = 3;
    }
    while (at + 1 < argc && !strcmp(argv[at], "-p") && other_count < 8) {
        others[other_count++] = atoi(argv[at + 1]);
        at += 2;
    }
    if (at >= argc || at == 1) {
        fprintf(stderr, "usage: kill-at count|ORDINAL CALL [-p PID]... COMMAND...\n");
        return 64;
    }
    if (pipe(gate)) die("pipe");
    pid_t first = fork();
    if (first == 0) {
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) < 0) _exit(1);
        close(gate[0]);
        execvp(argv[at], argv + at);
        perror(argv[at]);
        _exit(127);
    }
    find(first);
    if (ptrace(PTRACE_SEIZE, first, 0, options)) die("seize");
    for (int i = 0; i < other_count; i++) {
        find(others[i]);
        if (ptrace(PTRACE_SEIZE, others[i], 0, options) || ptrace(PTRACE_INTERRUPT, others[i], 0, 0)) die("seize -p");
    }
    close(gate[0]);
    close(gate[1]);
    /* interrupts the wait */
    struct sigaction action = {.sa_handler = nothing};
    struct itimerval beat = {{0, 20000}, {0, 20000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &beat, NULL);
    long end = milliseconds() + PATIENCE * 1000, quiet_since = 0;
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        long now = milliseconds();
        if (pid == -1 && errno != EINTR) break;
        if (pid > 0) {
            quiet_since = now;
            if (WIFSTOPPED(status)) {
                look(pid, status);
            } else {
                if (known(pid)) known(pid)->gone = 1;
                if (pid == first) command_ended = 1;
            }
            continue;
        }
        if (command_ended && now - quiet_since > QUIET) break;
        if (now > end) {
            fprintf(stderr, "kill-at: %s does not end\n", argv[at]);
            return 124;
        }
    }
    if (want_ordinal >= 0) printf("missed\n");
    for (int i = 0; want_ordinal < 0 && i < process_count; i++) {
        for (int k = 0; k < processes[i].calls && k < MOST_CALLS; k++) printf(k ? " %d" : "%d", processes[i].numbers[k]);
        printf("\n");
    }
    return 0;
}
