/*
 * Times commands against one another, and finds how much memory each needs at its peak.
 *
 *     measure time ROUNDS FILE     each case once a round, the order turned by one each round
 *     measure peak NAME FILE       each case once, under ptrace; processes whose executable is NAME are not counted
 *
 * FILE holds one case a line, its words parted by tabs: a command, or several that follow one another. Behind the word ";"
 * the next one starts when the one before has ended; behind ";;" when every process that it left behind has ended as well.
 * Prints one line a run: index of the case, then microseconds of wall clock from the first command's start to the last
 * one's end, microseconds of CPU, exit status (the first that is not 0); or index, peak of the largest process in kB
 * (VmHWM), its executable.
 *
 * CPU is that of all processes: this one is the subreaper, so that it also waits for those that their parent leaves behind.
 *
 * Why not ru_maxrss: it is inherited through fork and execve, so it shows whoever started the command. VmHWM belongs to
 * one program's memory; it is read while that program still stands: on entry to each execve and at each exit. The kernel
 * counts it loosely (up to 64 pages a processor behind), so what smaps_rollup counts exactly at that moment is a floor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_CASES 32
#define MOST_COMMANDS 8
#define MOST_WORDS 64

struct command {
    char *words[MOST_WORDS];
    /* whether what comes next waits for all processes */
    int settles;
};

static struct command cases[MOST_CASES][MOST_COMMANDS];
static int lengths[MOST_CASES];
static int case_count;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void read_cases(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file) die(path);
    while (getline(&line, &room, file) > 0 && case_count < MOST_CASES) {
        struct command *command = cases[case_count];
        int count = 0;
        char *copy = strdup(line);
        for (char *word = strtok(copy, "\t\n"); word; word = strtok(NULL, "\t\n")) {
            if (!strcmp(word, ";") || !strcmp(word, ";;")) {
                command->settles = !strcmp(word, ";;");
                command++;
                count = 0;
            } else if (count < MOST_WORDS - 1) {
                command->words[count++] = word;
            }
        }
        lengths[case_count] = command - cases[case_count] + 1;
        case_count++;
    }
    fclose(file);
}

static void silence(void)
{
    int fd = open("/dev/null", O_RDWR);
    dup2(fd, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    if (fd > 2) close(fd);
}

static long micros(struct timespec t)
{
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static long micros_of(struct timeval t)
{
    return t.tv_sec * 1000000L + t.tv_usec;
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Waits for `pid`, or for all children where it is -1. Gives pid's exit status. */
static int reap(pid_t pid, long *cpu)
{
    struct rusage usage;
    int status;
    for (;;) {
        pid_t ended = wait4(-1, &status, 0, &usage);
        if (ended == -1 && errno == ECHILD) return 0;
        if (ended == -1) die("wait4");
        *cpu += micros_of(usage.ru_utime) + micros_of(usage.ru_stime);
        if (ended == pid) return exit_status(status);
    }
}

static pid_t started(struct command *command)
{
    pid_t pid = vfork();
    if (pid == 0) {
        silence();
        execvp(command->words[0], command->words);
        _exit(127);
    }
    return pid;
}

static void time_once(int index)
{
    struct timespec start, end;
    long cpu = 0;
    int status = 0;
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < lengths[index]; i++) {
        struct command *command = &cases[index][i];
        int own = reap(started(command), &cpu);
        if (!status) status = own;
        if (command->settles) reap(-1, &cpu);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    reap(-1, &cpu);
    printf("%d %ld %ld %d\n", index, micros(end) - micros(start), cpu, status);
}

static void executable_of(pid_t pid, char *name, size_t room)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/exe", pid);
    ssize_t n = readlink(link, name, room - 1);
    name[n < 0 ? 0 : n] = 0;
}

/* The number behind a word at the start of a line; 0 where there is none. */
static long field(pid_t pid, const char *name, const char *format)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) sscanf(line, format, &kb);
    if (file) fclose(file);
    return kb;
}

static long peak_of(pid_t pid)
{
    long peak = field(pid, "status", "VmHWM: %ld"), exact = field(pid, "smaps_rollup", "Rss: %ld");
    return exact > peak ? exact : peak;
}

static long most;
static char most_name[4096];

static void look(pid_t pid, const char *spare)
{
    char name[4096];
    executable_of(pid, name, sizeof name);
    const char *base = strrchr(name, '/');
    if (!strcmp(base ? base + 1 : name, spare) || strstr(name, "/measure")) return;
    long kb = peak_of(pid);
    if (kb > most) {
        most = kb;
        strcpy(most_name, name);
    }
}

static int is_execve(pid_t pid)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return 0;
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return 0;
    if (info.arch == AUDIT_ARCH_I386) return info.entry.nr == 11 || info.entry.nr == 358;
    return info.entry.nr == 59 || info.entry.nr == 322;
}

/* Lets tracees run until `first` has ended, or all where it is -1. */
static void follow(pid_t first, const char *spare)
{
    int status;
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid == -1) return;
        if (!WIFSTOPPED(status)) {
            if (pid == first) return;
            continue;
        }
        int number = WSTOPSIG(status), event = status >> 16, deliver = 0;
        if (number == (SIGTRAP | 0x80)) {
            if (is_execve(pid)) look(pid, spare);
        } else if (event == PTRACE_EVENT_EXIT) {
            look(pid, spare);
        } else if (!event && number != SIGSTOP && number != SIGTRAP) {
            deliver = number;
        }
        ptrace(PTRACE_SYSCALL, pid, 0, deliver);
    }
}

static void peak_once(int index, const char *spare)
{
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    int status;
    most = 0;
    fflush(stdout);
    for (int i = 0; i < lengths[index]; i++) {
        struct command *command = &cases[index][i];
        pid_t first = fork();
        if (first == 0) {
            silence();
            ptrace(PTRACE_TRACEME, 0, 0, 0);
            raise(SIGSTOP);
            execvp(command->words[0], command->words);
            _exit(127);
        }
        waitpid(first, &status, 0);
        ptrace(PTRACE_SETOPTIONS, first, 0, options);
        ptrace(PTRACE_SYSCALL, first, 0, 0);
        follow(first, spare);
        if (command->settles) follow(-1, spare);
    }
    follow(-1, spare);
    printf("%d %ld %s\n", index, most, most_name);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: measure time ROUNDS FILE | measure peak NAME FILE\n");
        return 64;
    }
    read_cases(argv[3]);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!strcmp(argv[1], "peak")) {
        for (int i = 0; i < case_count; i++) peak_once(i, argv[2]);
        return 0;
    }
    for (int round = 0; round < atoi(argv[2]); round++)
        for (int i = 0; i < case_count; i++) time_once((i + round) % case_count);
    return 0;
}
