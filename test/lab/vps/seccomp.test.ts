import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AUDIT_ARCH_I386,
  AUDIT_ARCH_X86_64,
  type Limits,
  seccompProgram,
} from "../../../src/lab/vps/seccomp.ts";

/** Runs a classic BPF program as the kernel does (Documentation/networking/filter.rst) on one struct seccomp_data. */
function interpret(program: Uint8Array, arch: number, nr: number, firstArgument = 0): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, nr, true);
  data.setUint32(4, arch, true);
  data.setUint32(16, firstArgument >>> 0, true);
  const code = new DataView(program.buffer);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    assert.ok(8 * at < program.length, "runs off the end");
    const [op, yes, no] = [
      code.getUint16(8 * at, true),
      code.getUint8(8 * at + 2),
      code.getUint8(8 * at + 3),
    ];
    const k = code.getUint32(8 * at + 4, true);
    const jump = (is: boolean) => {
      at += is ? yes : no;
    };
    if (op === 0x20) accumulator = data.getUint32(k, true);
    else if (op === 0x06) return k;
    else if (op === 0x05) at += k;
    else if (op === 0x15) jump(accumulator === k);
    else if (op === 0x25) jump(accumulator > k);
    else if (op === 0x35) jump(accumulator >= k);
    else if (op === 0x45) jump((accumulator & k) !== 0);
    else assert.fail(`unknown instruction ${op}`);
  }
}

const none: Limits = { openvz: false, kernel: null, only32: false, only64: false };
const ALLOWED = "allowed";
const KILLED = "killed";
const EPERM = "errno 1";
const ENOSYS = "errno 38";

function decide(limits: Partial<Limits>, arch: number, nr: number, firstArgument = 0): string {
  const program = seccompProgram({ ...none, ...limits });
  assert.ok(program !== null);
  const action = interpret(program, arch, nr, firstArgument);
  if (action === 0x7fff0000) return ALLOWED;
  if (action === 0x80000000) return KILLED;
  assert.equal(action & 0xffff0000, 0x00050000);
  return `errno ${action & 0xffff}`;
}

const on32 = (limits: Partial<Limits>, nr: number, arg = 0) => decide(limits, AUDIT_ARCH_I386, nr, arg);
const on64 = (limits: Partial<Limits>, nr: number, arg = 0) => decide(limits, AUDIT_ARCH_X86_64, nr, arg);

test("nothing limited needs no filter", () => {
  assert.equal(seccompProgram(none), null);
});

test("under OpenVZ mounting and entering namespaces is refused on both ABIs", () => {
  const calls32 = { mount: 21, umount: 22, umount2: 52, pivot_root: 217, unshare: 310, setns: 346 };
  for (const [name, nr] of Object.entries(calls32)) assert.equal(on32({ openvz: true }, nr), EPERM, name);
  const calls64 = { mount: 165, umount2: 166, pivot_root: 155, unshare: 272, setns: 308 };
  for (const [name, nr] of Object.entries(calls64)) assert.equal(on64({ openvz: true }, nr), EPERM, name);
});

test("under OpenVZ the new mount API and clone3 are absent, so that a program falls back", () => {
  for (const nr of [428, 429, 430, 431, 432, 433, 435, 442]) {
    assert.equal(on32({ openvz: true }, nr), ENOSYS);
    assert.equal(on64({ openvz: true }, nr), ENOSYS);
  }
});

test("under OpenVZ clone makes processes and threads but no namespace", () => {
  const SIGCHLD = 17;
  const thread = 0x003d0f00;
  const kinds = { ns: 17, cgroup: 25, uts: 26, ipc: 27, user: 28, pid: 29, net: 30 };
  for (const [decideOn, nr] of [
    [on32, 120],
    [on64, 56],
  ] as const) {
    assert.equal(decideOn({ openvz: true }, nr, SIGCHLD), ALLOWED);
    assert.equal(decideOn({ openvz: true }, nr, thread), ALLOWED);
    for (const [name, bit] of Object.entries(kinds))
      assert.equal(decideOn({ openvz: true }, nr, SIGCHLD | (1 << bit)), EPERM, name);
  }
});

test("under OpenVZ chroot, mknod, read and execve go through", () => {
  for (const nr of [61, 14, 3, 11]) assert.equal(on32({ openvz: true }, nr), ALLOWED);
  for (const nr of [161, 133, 0, 59]) assert.equal(on64({ openvz: true }, nr), ALLOWED);
});

test("a call newer than the kernel is absent, its last one is there", () => {
  assert.equal(on32({ kernel: "2.6.32" }, 336), ALLOWED);
  assert.equal(on32({ kernel: "2.6.32" }, 337), ENOSYS);
  assert.equal(on64({ kernel: "2.6.32" }, 298), ALLOWED);
  assert.equal(on64({ kernel: "2.6.32" }, 299), ENOSYS);
  assert.equal(on32({ kernel: "3.10" }, 350), ALLOWED);
  assert.equal(on32({ kernel: "3.10" }, 353), ENOSYS);
  assert.equal(on64({ kernel: "3.10" }, 313), ALLOWED);
  assert.equal(on64({ kernel: "3.10" }, 316), ENOSYS);
});

test("statx and clone3 are absent on both old kernels, getrandom is kept", () => {
  for (const kernel of ["2.6.32", "3.10"] as const) {
    for (const nr of [383, 435]) assert.equal(on32({ kernel }, nr), ENOSYS);
    for (const nr of [332, 435]) assert.equal(on64({ kernel }, nr), ENOSYS);
    assert.equal(on32({ kernel }, 355), ALLOWED);
    assert.equal(on64({ kernel }, 318), ALLOWED);
  }
});

test("2.6.32 keeps prlimit64 for sshd but not OpenVZ 7's memfd_create", () => {
  assert.equal(on32({ kernel: "2.6.32" }, 340), ALLOWED);
  assert.equal(on64({ kernel: "2.6.32" }, 302), ALLOWED);
  assert.equal(on32({ kernel: "2.6.32" }, 356), ENOSYS);
  assert.equal(on32({ kernel: "3.10" }, 356), ALLOWED);
});

test("a call that the old kernel lacks is absent rather than refused", () => {
  const both = { openvz: true, kernel: "2.6.32" } as const;
  assert.equal(on32(both, 346), ENOSYS);
  assert.equal(on32(both, 310), EPERM);
});

test("where only 32-bit programs live, a 64-bit one is killed at any call and a 32-bit one is not", () => {
  for (const nr of [0, 1, 60, 158]) assert.equal(on64({ only32: true }, nr), KILLED);
  assert.equal(on64({ only32: true, openvz: true }, 60), KILLED);
  assert.equal(on32({ only32: true }, 3), ALLOWED);
});

test("where only 64-bit programs live, a 32-bit one is killed at any call and a 64-bit one is not", () => {
  for (const nr of [1, 4, 26, 243]) assert.equal(on32({ only64: true }, nr), KILLED);
  assert.equal(on32({ only64: true, kernel: "2.6.32" }, 400), KILLED);
  assert.equal(on64({ only64: true }, 0), ALLOWED);
  assert.equal(on64({ only64: true, openvz: true }, 165), EPERM);
});

test("a runner of either kind starts the init of the other", () => {
  assert.equal(on64({ only32: true }, 59), ALLOWED);
  assert.equal(on32({ only64: true }, 11), ALLOWED);
});

test("no x32 call and no third ABI passes", () => {
  assert.equal(on64({ openvz: true }, 0x40000000), ENOSYS);
  assert.equal(on64({ openvz: true }, 0x40000000 + 165), ENOSYS);
  assert.equal(decide({ openvz: true }, 0xc00000b7, 0), KILLED);
});

test("all limits at once still make a program that the kernel takes", () => {
  const program = seccompProgram({ ...none, openvz: true, kernel: "3.10" });
  assert.ok(program !== null && program.length / 8 < 4096);
});
