/*
 * What stays of `runch` where a container's process needs a parent that waits (a pid namespace, `run` in the foreground,
 * `exec`): a process without the engine. It passes signals on, moves bytes where there is a terminal, and ends as the
 * container's process ended.
 *
 *     vz-wait PID MASTER VZ [rm FILE... DIRECTORY | exec ARG...]
 *
 * PID is a child of ours; MASTER is the descriptor of its terminal, or -1; VZ that of vz's executable, or -1 for our own.
 * Afterwards "rm" unlinks what is named, the last as a directory, and "exec" becomes vz with these arguments and the exit status
 * behind them.
 *
 * It is a program of its own, 10 KB that vz carries (becomeWaiter in sys_container.c), since a process is charged for what the
 * kernel maps of its executable, and newer ones map half a megabyte at once. It is also a part of the base, for kernels
 * that have no memfd_create(2).
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "vz.h"

static struct termios before;
static bool is_raw;

static void make_raw(void)
{
    if (tcgetattr(0, &before)) return;
    struct termios raw = before;
    cfmakeraw(&raw);
    is_raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

/* A terminal that does not know its size says 0: that of config.json stays then. */
static void copy_size(int master)
{
    struct winsize size;
    if (ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) ioctl(master, TIOCSWINSZ, &size);
}

/* One block from `from` to `to`. 1: moved, 0: nothing there now, -1: the end. */
static int move(int from, int to)
{
    char block[1024];
    ssize_t n = read(from, block, sizeof block);
    if (n == -1 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (n <= 0) return -1;
    for (ssize_t done = 0; done < n;) {
        ssize_t written = write(to, block + done, n - done);
        if (written == -1 && errno == EAGAIN) {
            struct pollfd room = {to, POLLOUT, 0};
            poll(&room, 1, -1);
        } else if (written == -1 && errno != EINTR) {
            return -1;
        } else if (written > 0) {
            done += written;
        }
    }
    return 1;
}

static bool is_passed_on(int number)
{
    return number != SIGCHLD && number != SIGURG && number != SIGPIPE && number != SIGTTIN && number != SIGTTOU;
}

/* Takes one signal; true when the child has ended. */
static bool on_signal(int signals, pid_t pid, int master, int *status)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) != sizeof info) return false;
    int number = info.ssi_signo;
    if (number == SIGCHLD) return waitpid(pid, status, WNOHANG) == pid;
    if (number == SIGWINCH && master >= 0) copy_size(master);
    else if (is_passed_on(number)) kill(pid, number);
    return false;
}

static int wait_for(pid_t pid, int master)
{
    sigset_t all;
    int status = 0;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    struct pollfd fds[] = {{signals, POLLIN, 0}, {master, POLLIN, 0}, {master >= 0 ? 0 : -1, POLLIN, 0}};
    /* it may have ended before the signal was blocked, or be no child of ours */
    if (waitpid(pid, &status, WNOHANG) != 0) fds[0].fd = -1;
    while (fds[0].fd >= 0) {
        if (poll(fds, 3, -1) == -1) continue;
        if (fds[0].revents && on_signal(signals, pid, master, &status)) break;
        if (fds[1].revents && move(master, 1) < 0) fds[1].fd = -1;
        if (fds[2].revents && move(0, master) < 0) fds[2].fd = -1;
    }
    /* what it wrote last; a daemon that keeps the terminal open does not keep us */
    for (struct pollfd rest = {master, POLLIN, 0}; master >= 0 && poll(&rest, 1, 20) > 0;)
        if (move(master, 1) < 0) break;
    if (is_raw) tcsetattr(0, TCSANOW, &before);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void remove_all(char **paths)
{
    for (; *paths; paths++)
        if (paths[1] ? unlink(*paths) : rmdir(*paths)) continue;
}

/* "/proc/self/fd/N", or "N" alone. */
static char *decimal(char *at, unsigned number)
{
    char digits[12];
    int count = 0;
    do digits[count++] = '0' + number % 10;
    while (number /= 10);
    while (count) *at++ = digits[--count];
    *at = 0;
    return at;
}

static void become_vz(int vz, int argc, char **argv, int status)
{
    extern char **environ;
    char text[12], path[32] = "/proc/self/exe", *words[argc + 2];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (vz >= 0) decimal(strcpy(path, "/proc/self/fd/") + strlen("/proc/self/fd/"), vz);
    decimal(text, status);
    memcpy(words, argv, argc * sizeof *argv);
    words[argc] = text;
    words[argc + 1] = NULL;
    execve(path, words, environ);
    static const char failure[] = "runch: cannot clean up behind the container\n";
    if (write(2, failure, sizeof failure - 1) < 0) return;
}

int vz_wait_main(int argc, char **argv)
{
    if (argc < 4) return 64;
    pid_t pid = atoi(argv[1]);
    int master = atoi(argv[2]), vz = atoi(argv[3]);
    if (master >= 0) fcntl(master, F_SETFD, FD_CLOEXEC);
    if (vz >= 0) fcntl(vz, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    if (master >= 0) {
        make_raw();
        copy_size(master);
    }
    int status = wait_for(pid, master);
    if (argc > 5 && !strcmp(argv[4], "rm")) remove_all(argv + 5);
    if (argc > 5 && !strcmp(argv[4], "exec")) become_vz(vz, argc - 5, argv + 5, status);
    return status;
}

#ifdef VZ_WAIT_ALONE
int main(int argc, char **argv)
{
    return vz_wait_main(argc, argv);
}
#endif
