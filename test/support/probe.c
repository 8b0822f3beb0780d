/*
 * What a process in a container sees of itself, told by system calls alone, since /proc may be missing.
 *   probe [ARGUMENT...]        one JSON object about this process
 *   probe call NUMBER [A...]   one system call: prints its result, or -errno
 *   probe catch SIGNAL STATUS  waits for SIGNAL (a number) and ends with STATUS; says "ready" before
 * And outside of containers:
 *   probe pty ROWS COLUMNS PROGRAM [ARGUMENT...]  runs PROGRAM on a new terminal, and copies what it writes
 *   probe receive SOCKET       listens, says "ready", prints what one peer sends until it closes; if that came with a
 *                              terminal, it is shown until its end, and written what comes on standard input
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void string(const char *text) {
  putchar('"');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') printf("\\%c", c);
    else if (c < 32) printf("\\u%04x", c);
    else putchar(c);
  }
  putchar('"');
}

static void strings(const char *name, char **list) {
  printf("\"%s\":[", name);
  for (int i = 0; list[i]; i++) {
    if (i) putchar(',');
    string(list[i]);
  }
  printf("],");
}

/* A set of capabilities as a list of their numbers. */
static void set(const char *name, unsigned long long bits, const char *end) {
  const char *comma = "";
  printf("\"%s\":[", name);
  for (int i = 0; i < 64; i++)
    if (bits >> i & 1) {
      printf("%s%d", comma, i);
      comma = ",";
    }
  printf("]%s", end);
}

static void capabilities(void) {
  struct { unsigned int version; int pid; } header = {0x20080522, 0};
  struct { unsigned int effective, permitted, inheritable; } data[2] = {{0, 0, 0}, {0, 0, 0}};
  syscall(SYS_capget, &header, data);
  unsigned long long bounding = 0, ambient = 0;
  for (int i = 0; i < 64; i++) {
    if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) bounding |= 1ull << i;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1) ambient |= 1ull << i;
  }
  printf("\"capabilities\":{");
  set("effective", data[0].effective | (unsigned long long)data[1].effective << 32, ",");
  set("permitted", data[0].permitted | (unsigned long long)data[1].permitted << 32, ",");
  set("inheritable", data[0].inheritable | (unsigned long long)data[1].inheritable << 32, ",");
  set("bounding", bounding, ",");
  set("ambient", ambient, "},");
}

static void signals(void) {
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  unsigned long long ignored = 0, masked = 0;
  for (int i = 1; i < 32; i++) {
    struct sigaction action;
    if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN) ignored |= 1ull << i;
    if (sigismember(&blocked, i) == 1) masked |= 1ull << i;
  }
  set("ignored", ignored, ",");
  set("blocked", masked, ",");
}

static void numbers(void) {
  unsigned int r, e, s;
  getresuid(&r, &e, &s);
  printf("\"uid\":[%u,%u,%u],", r, e, s);
  getresgid(&r, &e, &s);
  printf("\"gid\":[%u,%u,%u],\"groups\":[", r, e, s);
  gid_t groups[64];
  int count = getgroups(64, groups);
  for (int i = 0; i < count; i++) printf("%s%u", i ? "," : "", groups[i]);
  mode_t mask = umask(0);
  printf("],\"umask\":%u,\"bits\":%u,", mask, (unsigned)sizeof(void *) * 8);
  printf("\"pid\":%d,\"ppid\":%d,\"pgrp\":%d,\"sid\":%d,", getpid(), getppid(), getpgrp(), getsid(0));
  printf("\"noNewPrivileges\":%d,", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  printf("\"personality\":%d,", personality(0xffffffff));
  printf("\"rlimits\":{");
  static const char *const names[] = {"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE",
    "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"};
  for (int i = 0; i < 16; i++) {
    struct rlimit64 limit;
    getrlimit64(i, &limit);
    printf("%s\"RLIMIT_%s\":[\"%llu\",\"%llu\"]", i ? "," : "", names[i],
      (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
  }
  struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority;
    unsigned long long runtime, deadline, period; } attributes;
  memset(&attributes, 0, sizeof attributes);
  syscall(SYS_sched_getattr, 0, &attributes, 48, 0);
  printf("},\"scheduler\":{\"policy\":%u,\"flags\":%llu,\"nice\":%d,\"priority\":%u,\"runtime\":%llu,"
    "\"deadline\":%llu,\"period\":%llu},", attributes.policy, attributes.flags, attributes.nice,
    attributes.priority, attributes.runtime, attributes.deadline, attributes.period);
  long priority = syscall(SYS_ioprio_get, 1, 0);
  printf("\"ioPriority\":{\"class\":%ld,\"priority\":%ld},", priority >> 13, priority & 0x1fff);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  sched_getaffinity(0, sizeof cpus, &cpus);
  const char *comma = "";
  printf("\"cpus\":[");
  for (int i = 0; i < 64; i++)
    if (CPU_ISSET(i, &cpus)) {
      printf("%s%d", comma, i);
      comma = ",";
    }
  printf("],");
}

static void descriptors(void) {
  const char *comma = "";
  printf("\"fds\":[");
  for (int i = 0; i < 1024; i++)
    if (fcntl(i, F_GETFD) >= 0) {
      printf("%s%d", comma, i);
      comma = ",";
    }
  struct winsize size = {0, 0, 0, 0};
  ioctl(0, TIOCGWINSZ, &size);
  printf("],\"tty\":[%s,%s,%s],\"rows\":%d,\"columns\":%d,", isatty(0) ? "true" : "false",
    isatty(1) ? "true" : "false", isatty(2) ? "true" : "false", size.ws_row, size.ws_col);
  int terminal = open("/dev/tty", O_RDWR);
  printf("\"controllingTerminal\":%s,", terminal >= 0 ? "true" : "false");
}

static void names(void) {
  struct utsname uts;
  uname(&uts);
  printf("\"hostname\":");
  string(uts.nodename);
  printf(",\"domainname\":");
  string(uts.domainname);
  printf(",\"machine\":");
  string(uts.machine);
  struct timespec monotonic, boot;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  printf(",\"monotonic\":%lld,\"boottime\":%lld,", (long long)monotonic.tv_sec, (long long)boot.tv_sec);
  char cwd[4096];
  printf("\"cwd\":");
  string(getcwd(cwd, sizeof cwd) ? cwd : "");
  printf("}\n");
}

static int one_call(int count, char **words) {
  long a[7] = {0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < count && i < 7; i++) a[i] = (long)strtoull(words[i], NULL, 0);
  errno = 0;
  long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
  printf("%ld\n", result == -1 && errno ? -(long)errno : result);
  return 0;
}

static int status;

static void end(int signal) {
  (void)signal;
  _exit(status);
}

/* Copies between a terminal and the standard streams until the terminal's other side is closed. */
static void copy(int terminal) {
  char buffer[4096];
  int input = 0;
  for (;;) {
    struct pollfd files[2] = {{terminal, POLLIN, 0}, {input, POLLIN, 0}};
    if (poll(files, 2, -1) < 0) return;
    if (files[0].revents) {
      ssize_t size = read(terminal, buffer, sizeof buffer);
      if (size <= 0 || write(1, buffer, (size_t)size) < 0) return;
    } else if (files[1].revents) {
      ssize_t size = read(input, buffer, sizeof buffer);
      if (size <= 0) input = -1;
      else if (write(terminal, buffer, (size_t)size) < 0) return;
    }
  }
}

static int on_terminal(int rows, int columns, char **words) {
  struct winsize size = {(unsigned short)rows, (unsigned short)columns, 0, 0};
  int terminal;
  pid_t child = forkpty(&terminal, NULL, NULL, &size);
  if (child == 0) {
    execvp(words[0], words);
    _exit(127);
  }
  copy(terminal);
  int end = 0;
  waitpid(child, &end, 0);
  return WIFEXITED(end) ? WEXITSTATUS(end) : 128 + WTERMSIG(end);
}

static int receive(const char *path) {
  struct sockaddr_un address = {AF_UNIX, ""};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0) {
    perror(path);
    return 1;
  }
  (void)!write(1, "ready\n", 6);
  int peer = accept(listener, NULL, NULL);
  int descriptor = -1;
  for (;;) {
    char text[65536], control[CMSG_SPACE(sizeof(int) * 4)];
    struct iovec part = {text, sizeof text};
    struct msghdr message = {NULL, 0, &part, 1, control, sizeof control, 0};
    ssize_t size = recvmsg(peer, &message, 0);
    if (size < 0) return 1;
    if (size == 0) break;
    (void)!write(1, text, (size_t)size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS) memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  }
  (void)!write(1, "\n", 1);
  if (descriptor < 0) return 2;
  if (isatty(descriptor)) copy(descriptor);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "call") == 0) return one_call(argc - 2, argv + 2);
  if (argc > 3 && strcmp(argv[1], "catch") == 0) {
    status = atoi(argv[3]);
    signal(atoi(argv[2]), end);
    (void)!write(1, "ready\n", 6);
    for (;;) pause();
  }
  if (argc > 4 && strcmp(argv[1], "pty") == 0) return on_terminal(atoi(argv[2]), atoi(argv[3]), argv + 4);
  if (argc > 2 && strcmp(argv[1], "receive") == 0) return receive(argv[2]);
  putchar('{');
  signals();
  strings("args", argv);
  strings("env", environ);
  capabilities();
  numbers();
  descriptors();
  names();
  return 0;
}
