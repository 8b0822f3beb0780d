/*
 * emulate EXAMPLE PROGRAM [ARGUMENT...]
 *
 * Executes PROGRAM where the kernel starts EMULATOR, which is compiled in, for every program of EXAMPLE's architecture: by
 * binfmt_misc, mounted in a user namespace of its own with all ids (Linux 6.7), so that the machine stays as it is. Status 69
 * where that cannot be had, with the reason on standard error.
 *
 * The emulator is not what the kernel starts itself, but this program, which stands between them since an emulator opens what it
 * is to run by name. runch executes itself by a descriptor that the same execve(2) closes; the kernel hands on one of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef EMULATOR
#error "EMULATOR is not defined"
#endif

/* As far as e_machine (elf(5)); what says little of the architecture is masked: the ABI, and whether it is position-independent. */
#define MAGIC 20
static const unsigned char mask[MAGIC] = {255, 255, 255, 255, 255, 255, 255, 0,   255, 255,
                                          255, 255, 255, 255, 255, 255, 254, 255, 255, 255};

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "emulate: %s: %s\n", what, strerror(errno));
  exit(69);
}

static void put(const char *file, const char *text) {
  int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd == -1 || write(fd, text, strlen(text)) == -1) fail(file);
  close(fd);
}

/* A process of the namespace outside alone may map all ids. */
static void new_namespaces(void) {
  static const char all[] = "0 0 4294967295";
  int ready[2], status;
  char maps[2][64], go;
  snprintf(maps[0], sizeof maps[0], "/proc/%d/uid_map", getpid());
  snprintf(maps[1], sizeof maps[1], "/proc/%d/gid_map", getpid());
  if (pipe2(ready, O_CLOEXEC)) fail("pipe");
  pid_t outside = fork();
  if (outside == -1) fail("fork");
  if (outside == 0) {
    close(ready[1]);
    if (read(ready[0], &go, 1) != 1) _exit(1);
    for (int i = 0; i < 2; i++) put(maps[i], all);
    _exit(0);
  }
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) fail("a user namespace");
  if (write(ready[1], "", 1) != 1 || waitpid(outside, &status, 0) == -1) fail("ids of the user namespace");
  if (status != 0) exit(69);
}

static void add(char *text, const unsigned char *bytes) {
  for (int i = 0; i < MAGIC; i++) sprintf(text + strlen(text), "\\x%02x", bytes[i]);
}

/* P: argv[0] stays; O: the program comes as a descriptor; F: the interpreter is found from within a chroot too. */
static void register_self(const char *example) {
  unsigned char magic[MAGIC];
  char self[PATH_MAX] = "", line[PATH_MAX + 400] = ":vz-emulated:M::";
  int fd = open(example, O_RDONLY | O_CLOEXEC);
  if (fd == -1 || read(fd, magic, MAGIC) != MAGIC) fail(example);
  close(fd);
  for (int i = 0; i < MAGIC; i++) magic[i] &= mask[i];
  if (readlink("/proc/self/exe", self, sizeof self - 1) == -1) fail("/proc/self/exe");
  add(line, magic);
  strcat(line, ":");
  add(line, mask);
  sprintf(line + strlen(line), ":%s:POF", self);
  put("/proc/sys/fs/binfmt_misc/register", line);
}

/* argv is: this program, the program's name, its own argv. */
static int interpret(int program, char **argv) {
  char link[64], path[PATH_MAX] = "", *words[4] = {EMULATOR, "-0", argv[2], path};
  int count = 0;
  while (argv[2 + count]) count++;
  snprintf(link, sizeof link, "/proc/self/fd/%d", program);
  ssize_t length = readlink(link, path, sizeof path - 1);
  /* a memory file has no name but this */
  if (length == -1 || access(path, F_OK)) strcpy(path, link);
  else close(program);
  char *all[4 + count];
  memcpy(all, words, sizeof words);
  memcpy(all + 4, argv + 3, count * sizeof *argv);
  execv(EMULATOR, all);
  fail(EMULATOR);
}

int main(int argc, char **argv) {
  int program = (int)getauxval(AT_EXECFD);
  if (program > 0 && argc > 2) return interpret(program, argv);
  if (argc < 3) return 64;
  new_namespaces();
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail("mounts of its own");
  if (mount("binfmt_misc", "/proc/sys/fs/binfmt_misc", "binfmt_misc", 0, NULL))
    fail("binfmt_misc in a user namespace (Linux 6.7)");
  register_self(argv[1]);
  execvp(argv[2], argv + 2);
  fail(argv[2]);
}
