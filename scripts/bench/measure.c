/*
 * Times commands against one another, and finds how much memory each needs at its peak.
 *
 *     measure time ROUNDS FILE     each command once a round, the order turned by one each round
 *     measure peak NAME FILE       each command once, under ptrace; processes whose executable is NAME are not counted
 *
 * FILE holds one command a line, its words parted by tabs. Prints one line a run: index of the command, then microseconds
 * of wall clock, microseconds of CPU (all processes that were waited for), exit status; or index, peak of the largest
 * process in kB (VmHWM), its executable.
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
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 32

static char **commands[MOST];
static int command_count;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void read_commands(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file) die(path);
    while (getline(&line, &room, file) > 0 && command_count < MOST) {
        char **words = calloc(64, sizeof *words);
        int count = 0;
        char *copy = strdup(line);
        for (char *word = strtok(copy, "\t\n"); word && count < 63; word = strtok(NULL, "\t\n")) words[count++] = word;
        if (count) commands[command_count++] = words;
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

static void time_once(int index)
{
    struct timespec start, end;
    struct rusage usage;
    int status;
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t pid = vfork();
    if (pid == 0) {
        silence();
        execvp(commands[index][0], commands[index]);
        _exit(127);
    }
    if (wait4(pid, &status, 0, &usage) == -1) die("wait4");
    clock_gettime(CLOCK_MONOTONIC, &end);
    long cpu = usage.ru_utime.tv_sec * 1000000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_sec * 1000000L +
               usage.ru_stime.tv_usec;
    printf("%d %ld %ld %d\n", index, micros(end) - micros(start), cpu,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
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

static void peak_once(int index, const char *spare)
{
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;
    int status;
    most = 0;
    fflush(stdout);
    pid_t first = fork();
    if (first == 0) {
        silence();
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execvp(commands[index][0], commands[index]);
        _exit(127);
    }
    waitpid(first, &status, 0);
    ptrace(PTRACE_SETOPTIONS, first, 0, options);
    ptrace(PTRACE_SYSCALL, first, 0, 0);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid == -1) break;
        if (!WIFSTOPPED(status)) continue;
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
    printf("%d %ld %s\n", index, most, most_name);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: measure time ROUNDS FILE | measure peak NAME FILE\n");
        return 64;
    }
    read_commands(argv[3]);
    if (!strcmp(argv[1], "peak")) {
        for (int i = 0; i < command_count; i++) peak_once(i, argv[2]);
        return 0;
    }
    for (int round = 0; round < atoi(argv[2]); round++)
        for (int i = 0; i < command_count; i++) time_once((i + round) % command_count);
    return 0;
}
