/*
 * refuse mounts|namespaces PROGRAM [ARGUMENT...]
 *
 * Executes PROGRAM under a seccomp filter that makes a weaker kernel of this one, for i386, amd64 and arm64:
 *   namespaces  every namespace but the mount namespace is refused with EPERM
 *   mounts      mounts and pivot_root as well, and the mount namespace
 * clone3 is answered ENOSYS: a filter cannot read its flags, and callers fall back to clone.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEW_MOUNT 0x00020000u
/* CLONE_NEW{CGROUP,UTS,IPC,USER,PID,NET} */
#define NEW_OTHER 0x7e000000u
/* CLONE_NEWTIME; for clone(2) the bit belongs to the exit signal */
#define NEW_TIME 0x00000080u

struct numbers {
  unsigned int architecture;
  int clone, clone3, unshare, setns;
  /* mount, umount2, umount, pivot_root, open_tree, move_mount, fsopen, fsmount, mount_setattr */
  int mounts[9];
};

static const struct numbers all[] = {
    {AUDIT_ARCH_I386, 120, 435, 310, 346, {21, 52, 22, 217, 428, 429, 430, 432, 442}},
    {AUDIT_ARCH_X86_64, 56, 435, 272, 308, {165, 166, -1, 155, 428, 429, 430, 432, 442}},
    {AUDIT_ARCH_AARCH64, 220, 435, 97, 268, {40, 39, -1, 41, 428, 429, 430, 432, 442}},
};

static struct sock_filter program[192];
static unsigned short length;

static void add(unsigned short code, unsigned int k, unsigned char yes, unsigned char no) {
  program[length++] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
}

static void answer(unsigned int error) { add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error, 0, 0); }

/* A call whose flags, the argument at `index`, must not contain any of `bits`. */
static void refuse_bits(int number, int index, unsigned int bits) {
  add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 4);
  add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8u * (unsigned int)index, 0, 0);
  add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
  answer(EPERM);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void refuse_call(int number, unsigned int error) {
  add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 1);
  answer(error);
}

static void rules(const struct numbers *n, int mounts) {
  unsigned int refused = NEW_OTHER | (mounts ? NEW_MOUNT : 0);
  refuse_call(n->clone3, ENOSYS);
  if (mounts) {
    for (int i = 0; i < 9; i++)
      if (n->mounts[i] >= 0) refuse_call(n->mounts[i], EPERM);
    refuse_call(n->setns, EPERM);
  } else {
    refuse_bits(n->setns, 1, NEW_OTHER | NEW_TIME);
  }
  refuse_bits(n->unshare, 0, refused | NEW_TIME);
  refuse_bits(n->clone, 0, refused);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int main(int argc, char **argv) {
  if (argc < 3 || (strcmp(argv[1], "mounts") != 0 && strcmp(argv[1], "namespaces") != 0)) {
    fprintf(stderr, "usage: refuse mounts|namespaces PROGRAM [ARGUMENT...]\n");
    return 64;
  }
  int mounts = strcmp(argv[1], "mounts") == 0;
  add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
  for (unsigned int i = 0; i < sizeof all / sizeof *all; i++) {
    unsigned short fork_in_road = length;
    add(BPF_JMP | BPF_JEQ | BPF_K, all[i].architecture, 0, 0);
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    rules(&all[i], mounts);
    program[fork_in_road].jf = (unsigned char)(length - fork_in_road - 1);
  }
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  struct sock_fprog filter = {length, program};
  /* without no_new_privs: the programs under test must find it as they would */
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) {
    perror("refuse: seccomp");
    return 125;
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
