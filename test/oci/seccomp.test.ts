/** runtime-spec config-linux.md, "Seccomp". System calls are made by number, so that no library is between. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { needs32 } from "../support/machine.ts";
import { type OciTest, type Options, oci, tools, topic } from "../support/oci.ts";
import { execute } from "../support/oci-runtimes.ts";
import { assertFails, isThere, until } from "../support/oci-test.ts";

/** Numbers of harmless calls: arch/x86/entry/syscalls. */
const AMD64 = { sync: 162, umask: 95, getpriority: 140, lseek: 8 };
const I386 = { sync: 36, umask: 60 };
const { EPERM, ENOSYS, ENOENT } = { EPERM: 1, ENOSYS: 38, ENOENT: 2 };
const SIGSYS = 31;

const ALL = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"];

interface Rule {
  names: readonly string[];
  action: string;
  errnoRet?: number;
  args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
}

function filter(syscalls: readonly Rule[], more: object = {}) {
  return { seccomp: { defaultAction: "SCMP_ACT_ALLOW", architectures: ALL, syscalls, ...more } };
}

/** What a system call gives in a container with this filter: its result, or -errno. */
async function call(
  t: OciTest,
  linux: Readonly<Record<string, unknown>>,
  words: readonly (string | number)[],
  program = "probe",
): Promise<number> {
  return Number(await t.output({ args: [program, "call", ...words.map(String)], linux }));
}

const filters: Options = { barrier: "seccomp" };

const errno = (names: readonly string[], more: Partial<Rule> = {}): Rule => ({
  names,
  action: "SCMP_ACT_ERRNO",
  ...more,
});

topic("seccomp", () => {
  oci("SCMP_ACT_ERRNO answers EPERM, and other calls are allowed", filters, async (t) => {
    const linux = filter([errno(["sync"])]);
    assert.equal(await call(t, linux, [AMD64.sync]), -EPERM);
    assert.ok((await call(t, linux, [AMD64.umask, 0])) >= 0);
  });

  oci("errnoRet is the answer", filters, async (t) => {
    assert.equal(await call(t, filter([errno(["sync"], { errnoRet: ENOENT })]), [AMD64.sync]), -ENOENT);
  });

  oci("an action holds for all its names", filters, async (t) => {
    const linux = filter([errno(["sync", "umask"])]);
    assert.equal(await call(t, linux, [AMD64.sync]), -EPERM);
    assert.equal(await call(t, linux, [AMD64.umask, 0]), -EPERM);
  });

  oci(
    "rules hold for 32-bit programs, where architectures has X86",
    { ...filters, skip: needs32 },
    async (t) => {
      const linux = filter([errno(["sync"])]);
      assert.equal(await call(t, linux, [I386.sync], "probe32"), -EPERM);
      assert.ok((await call(t, linux, [I386.umask, 0], "probe32")) >= 0);
    },
  );

  oci("without architectures rules hold for the machine's own", filters, async (t) => {
    const linux = { seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [errno(["sync"])] } };
    assert.equal(await call(t, linux, [AMD64.sync]), -EPERM);
  });

  oci("the default action holds for what no rule names", filters, async (t) => {
    const names =
      "execve execveat brk arch_prctl set_tid_address set_robust_list rseq prlimit64 readlink readlinkat getrandom mprotect mmap munmap fstat newfstatat ioctl write writev " +
      "exit_group exit read close open openat openat2 rt_sigaction rt_sigprocmask rt_sigreturn futex prctl capset setuid setgid setgroups setresuid setresgid chdir fchdir getcwd umask " +
      "dup3 dup2 dup fcntl getdents64 lseek epoll_ctl epoll_pwait sigaltstack gettid getpid getppid tgkill nanosleep stat lstat faccessat faccessat2 access close_range seccomp madvise capget wait4 setsid kill clone clone3 pipe2 sendmsg sendto recvmsg socket connect poll ppoll sched_yield sched_getaffinity timer_settime timer_delete pread64 statx clock_gettime setitimer statfs fstatfs getuid getgid geteuid getegid uname personality set_thread_area waitpid _llseek fcntl64 setgroups32 setuid32 setgid32 setresuid32 setresgid32 getuid32 getgid32 geteuid32 getegid32 mmap2 stat64 lstat64 fstat64 fstatat64 ugetrlimit setrlimit getrlimit unlink unlinkat mkdir mkdirat ";
    const linux = {
      seccomp: {
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 77,
        architectures: ALL,
        syscalls: [{ names: names.trim().split(" "), action: "SCMP_ACT_ALLOW" }],
      },
    };
    assert.equal(await call(t, linux, [AMD64.sync]), -77);
    assert.ok((await call(t, linux, [AMD64.umask, 0])) >= 0);
  });

  oci(
    "a filter that forbids runch its last calls is told by the status at least",
    { only: ["runch"] },
    async (t) => {
      const syscalls = [{ names: ["read", "exit_group"], action: "SCMP_ACT_ALLOW" }];
      const linux = { seccomp: { defaultAction: "SCMP_ACT_ERRNO", architectures: ALL, syscalls } };
      assert.equal((await t.run({ linux })).status, 125);
      assert.equal(
        (await t.cli(["start", t.bundle({ linux: { ...linux, namespaces: [] } }).path])).status,
        125,
      );
    },
  );

  for (const action of ["SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"]) {
    oci(`${action} ends the program by SIGSYS`, filters, async (t) => {
      const script = `probe call ${AMD64.sync}; echo $?; probe call ${AMD64.umask} 0 >/dev/null && echo lives`;
      const text = await t.output({
        args: ["sh", "-c", script],
        linux: filter([{ names: ["sync"], action }]),
      });
      assert.equal(
        text
          .split("\n")
          .filter((line) => /^(\d+|lives)$/.test(line))
          .join(),
        `${128 + SIGSYS},lives`,
      );
    });
  }

  oci("SCMP_ACT_TRACE without a tracer answers ENOSYS", filters, async (t) => {
    assert.equal(
      await call(t, filter([{ names: ["sync"], action: "SCMP_ACT_TRACE", errnoRet: 5 }]), [AMD64.sync]),
      -ENOSYS,
    );
  });

  oci("SCMP_ACT_LOG allows", filters, async (t) => {
    assert.equal(await call(t, filter([{ names: ["sync"], action: "SCMP_ACT_LOG" }]), [AMD64.sync]), 0);
  });

  for (const [op, value, yes, no] of [
    ["SCMP_CMP_EQ", 18, [18], [17, 19]],
    ["SCMP_CMP_NE", 18, [17, 19], [18]],
    ["SCMP_CMP_LT", 18, [0, 17], [18, 19]],
    ["SCMP_CMP_LE", 18, [17, 18], [19]],
    ["SCMP_CMP_GE", 18, [18, 19], [17]],
    ["SCMP_CMP_GT", 18, [19, 200], [18, 0]],
  ] as const) {
    oci(`an argument is compared by ${op}`, filters, async (t) => {
      const linux = filter([errno(["umask"], { args: [{ index: 0, value, op }] })]);
      const script = [...yes, ...no].map((word) => `probe call ${AMD64.umask} ${word}`).join("; ");
      const seen = (await t.output({ args: ["sh", "-c", script], linux }))
        .trim()
        .split("\n")
        .map((line) => Number(line) < 0);
      assert.deepEqual(seen, [...yes.map(() => true), ...no.map(() => false)]);
    });
  }

  oci("SCMP_CMP_MASKED_EQ compares the bits of a mask", filters, async (t) => {
    const linux = filter([
      errno(["umask"], { args: [{ index: 0, value: 0o70, valueTwo: 0o20, op: "SCMP_CMP_MASKED_EQ" }] }),
    ]);
    assert.equal(await call(t, linux, [AMD64.umask, 0o722]), -EPERM);
    assert.ok((await call(t, linux, [AMD64.umask, 0o732])) >= 0);
  });

  oci("arguments are compared in all their 64 bits", filters, async (t) => {
    // lseek of a descriptor that is not open: EBADF (9) where it is allowed
    const linux = filter([
      errno(["lseek"], { errnoRet: 77, args: [{ index: 1, value: 4294967296 * 5 + 7, op: "SCMP_CMP_EQ" }] }),
    ]);
    assert.equal(await call(t, linux, [AMD64.lseek, 99, 4294967296 * 5 + 7, 0]), -77);
    assert.equal(await call(t, linux, [AMD64.lseek, 99, 7, 0]), -9);
    const order = filter([
      errno(["lseek"], { errnoRet: 77, args: [{ index: 1, value: 4294967296 * 5 + 7, op: "SCMP_CMP_GT" }] }),
    ]);
    assert.equal(await call(t, order, [AMD64.lseek, 99, 4294967296 * 6, 0]), -77);
    assert.equal(await call(t, order, [AMD64.lseek, 99, 4294967296 * 5 + 6, 0]), -9);
    assert.equal(await call(t, order, [AMD64.lseek, 99, 4294967295, 0]), -9);
  });

  oci("conditions of one rule hold together, those of two rules each", filters, async (t) => {
    const args = [
      { index: 0, value: 1, op: "SCMP_CMP_EQ" },
      { index: 1, value: 2, op: "SCMP_CMP_EQ" },
    ];
    const both = filter([errno(["getpriority"], { errnoRet: 77, args })]);
    assert.equal(await call(t, both, [AMD64.getpriority, 1, 2]), -77);
    assert.notEqual(await call(t, both, [AMD64.getpriority, 1, 0]), -77);
    const each = filter(args.map((one) => errno(["getpriority"], { errnoRet: 77, args: [one] })));
    assert.equal(await call(t, each, [AMD64.getpriority, 1, 0]), -77);
    assert.equal(await call(t, each, [AMD64.getpriority, 2, 2]), -77);
    assert.notEqual(await call(t, each, [AMD64.getpriority, 0, 0]), -77);
  });

  oci("a call that this machine does not know is ignored", filters, async (t) => {
    const linux = filter([errno(["sync", "no_such_call"]), errno(["another_unknown"])]);
    assert.equal(await call(t, linux, [AMD64.sync]), -EPERM);
  });

  oci(
    "the filter is there for a user that is not root, with and without noNewPrivileges",
    filters,
    async (t) => {
      for (const noNewPrivileges of [true, false]) {
        const process = { user: { uid: 1000, gid: 1000 }, noNewPrivileges };
        const args = ["probe", "call", String(AMD64.sync)];
        assert.equal(await t.output({ args, process, linux: filter([errno(["sync"])]) }), `${-EPERM}\n`);
      }
    },
  );

  oci("exec's programs are under the container's filter", filters, async (t) => {
    const c = await t.up({ linux: filter([errno(["sync"])]) });
    assert.equal(await t.ok("exec", c.id, "probe", "call", String(AMD64.sync)), `${-EPERM}\n`);
  });

  oci("a filter may deny what the runtime itself uses to start", filters, async (t) => {
    const linux = filter([errno(["mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "clone3"])]);
    assert.equal(await t.output({ args: ["echo", "ran"], linux }), "ran\n");
  });

  for (const flag of [
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_TSYNC",
  ]) {
    oci(`the flag ${flag} is taken`, filters, async (t) => {
      assert.equal(await call(t, filter([errno(["sync"])], { flags: [flag] }), [AMD64.sync]), -EPERM);
    });
  }

  for (const [what, seccomp] of Object.entries({
    "an unknown defaultAction": { defaultAction: "SCMP_ACT_NOSUCH" },
    "an unknown action": { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["sync"], action: "X" }] },
    "an unknown operator": {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [errno(["sync"], { args: [{ index: 0, value: 1, op: "SCMP_CMP_X" }] })],
    },
    "an unknown architecture": {
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_NOSUCH"],
      syscalls: [],
    },
    "an argument that no call has": {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [errno(["sync"], { args: [{ index: 6, value: 1, op: "SCMP_CMP_EQ" }] })],
    },
    "an unknown flag": {
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ALL,
      flags: ["SECCOMP_FILTER_FLAG_X"],
      syscalls: [errno(["sync"])],
    },
  })) {
    oci(`seccomp: ${what} is an error`, {}, async (t) => {
      assertFails(await t.run({ linux: { seccomp } }), 125, /seccomp/);
    });
  }

  oci(
    "a rule without names, and an errnoRet where the action has none, are errors",
    { only: ["runch"] },
    async (t) => {
      // config-linux.md: "names MUST contain at least one entry"; "When the action doesn't support an errno, … fail"
      assertFails(await t.run({ linux: filter([errno([])]) }), 125, /seccomp/);
      assertFails(
        await t.run({ linux: filter([{ names: ["sync"], action: "SCMP_ACT_KILL", errnoRet: 5 }]) }),
        125,
        /seccomp/,
      );
    },
  );

  oci("SCMP_ACT_NOTIFY sends the filter's descriptor and the state to listenerPath", filters, async (t) => {
    const socket = t.path("s");
    const seen = execute([join(tools, "probe"), "receive", socket], t.path("agent"));
    await until("the socket", () => isThere(socket));
    const more = { listenerPath: socket, listenerMetadata: "meta" };
    const linux = filter([{ names: ["sync"], action: "SCMP_ACT_NOTIFY" }], more);
    const c = await t.up({
      args: ["sh", "-c", `probe call ${AMD64.sync}; sleep 1000`],
      annotations: { k: "v" },
      linux,
    });
    const state = JSON.parse((await seen).stdout.replace("ready\n", ""));
    assert.deepEqual(state.fds, ["seccompFd"]);
    assert.equal(state.metadata, "meta");
    assert.equal(state.pid, c.pid);
    assert.equal(state.state.id, c.id);
    assert.equal(state.state.annotations.k, "v");
    // the agent is gone, so the kernel answers ENOSYS
    await until("the answer", () => c.output().includes(`-${ENOSYS}`));
  });
});
