/**
 * Classic BPF programs for seccomp(2) that make this kernel look like an older or poorer one, for both ABIs that can run here.
 * Numbers: Linux, arch/x86/entry/syscalls/syscall_{32,64}.tbl. Program and data layout: linux/filter.h, linux/seccomp.h.
 */

export type KernelFloor = "2.6.32" | "3.10";

export function isKernelFloor(word: string): word is KernelFloor {
  return word === "2.6.32" || word === "3.10";
}

export interface Limits {
  /** What root in an OpenVZ container may not do: mount and make namespaces. */
  readonly openvz: boolean;
  /** Every call that a kernel of this version lacks answers ENOSYS. */
  readonly kernel: KernelFloor | null;
  /** A 64-bit program starts, and dies of SIGSYS at its first call. */
  readonly only32: boolean;
  /** A 32-bit program starts, and dies of SIGSYS at its first call. */
  readonly only64: boolean;
}

export const AUDIT_ARCH_I386 = 0x40000003;
export const AUDIT_ARCH_X86_64 = 0xc000003e;
const EPERM = 1;
const ENOSYS = 38;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const refuse = (errno: number) => 0x00050000 | errno;

/** Bits of clone(2) that ask for a namespace: ns, cgroup, uts, ipc, user, pid, net. */
const CLONE_NEW = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000;
/** Numbers from here on belong to the x32 ABI, which no OpenVZ kernel has. */
const X32 = 0x40000000;

interface Abi {
  /** Calls from loading the filter to executing init: execve rt_sigaction rt_sigprocmask brk mmap munmap */
  readonly toInit: readonly number[];
  readonly clone: number;
  /** mount, umount, umount2, pivot_root, unshare, setns */
  readonly forbidden: readonly number[];
  readonly kernels: Readonly<Record<KernelFloor, { last: number; also: readonly number[] }>>;
}

/** open_tree move_mount fsopen fsconfig fsmount fspick clone3 mount_setattr open_tree_attr: same numbers on both. */
const NEWER_FORBIDDEN = [428, 429, 430, 431, 432, 433, 435, 442, 467];

/**
 * `also`: for 2.6.32 getrandom and prlimit64, without which Debian 12's sshd ends; for 3.10 what OpenVZ 7's kernel adds:
 * sched_setattr sched_getattr getrandom memfd_create userfaultfd copy_file_range.
 */
const i386: Abi = {
  toInit: [11, 174, 175, 45, 192, 91],
  clone: 120,
  forbidden: [21, 22, 52, 217, 310, 346],
  kernels: {
    "2.6.32": { last: 336, also: [355, 340] },
    "3.10": { last: 350, also: [351, 352, 355, 356, 374, 377] },
  },
};
const x86_64: Abi = {
  toInit: [59, 13, 14, 12, 9, 11],
  clone: 56,
  forbidden: [165, 166, 155, 272, 308],
  kernels: {
    "2.6.32": { last: 298, also: [318, 302] },
    "3.10": { last: 313, also: [314, 315, 318, 319, 323, 326] },
  },
};

interface Instruction {
  readonly code: number;
  readonly k: number;
  /** Instructions to skip when the test holds, or does not. */
  readonly yes?: number;
  readonly no?: number;
}

const load = (offset: number): Instruction => ({ code: 0x20, k: offset });
const loadNumber = load(0);
const loadArch = load(4);
/** The low half of the first argument: x86 is little-endian. */
const loadFirstArgument = load(16);
const ret = (k: number): Instruction => ({ code: 0x06, k });
const skip = (count: number): Instruction => ({ code: 0x05, k: count });
const test = (code: number, k: number, body: readonly Instruction[]): Instruction[] => [
  { code, k, yes: 0, no: body.length },
  ...body,
];
const ifEqual = (k: number, body: readonly Instruction[]) => test(0x15, k, body);
const ifGreater = (k: number, body: readonly Instruction[]) => test(0x25, k, body);
const ifAtLeast = (k: number, body: readonly Instruction[]) => test(0x35, k, body);
const ifAnyBit = (k: number, body: readonly Instruction[]) => test(0x45, k, body);

/** What is decided for one ABI; ends in a return on every path. */
function section(abi: Abi, limits: Limits): Instruction[] {
  const program = [loadNumber];
  if (limits.kernel !== null) {
    const { last, also } = abi.kernels[limits.kernel];
    const kept = also.flatMap((number) => ifEqual(number, [ret(ALLOW)]));
    program.push(...ifGreater(last, [...kept, ret(refuse(ENOSYS))]));
  }
  if (limits.openvz) {
    for (const number of abi.forbidden) program.push(...ifEqual(number, [ret(refuse(EPERM))]));
    for (const number of NEWER_FORBIDDEN) program.push(...ifEqual(number, [ret(refuse(ENOSYS))]));
    const namespaces = ifAnyBit(CLONE_NEW, [ret(refuse(EPERM))]);
    program.push(...ifEqual(abi.clone, [loadFirstArgument, ...namespaces]));
  }
  return [...program, ret(ALLOW)];
}

/**
 * Kills programs of this ABI before they can do anything. Allows what the VPS's runner, which may be of this ABI, still calls
 * between loading the filter and executing init.
 */
function onlyToInit(abi: Abi): Instruction[] {
  const allowed = abi.toInit.flatMap((number) => ifEqual(number, [ret(ALLOW)]));
  return [loadNumber, ...allowed, ret(KILL_PROCESS)];
}

function sectionOf32(limits: Limits): Instruction[] {
  return limits.only64 ? onlyToInit(i386) : section(i386, limits);
}

function sectionOf64(limits: Limits): Instruction[] {
  if (limits.only32) return onlyToInit(x86_64);
  return [loadNumber, ...ifAtLeast(X32, [ret(refuse(ENOSYS))]), ...section(x86_64, limits)];
}

/** The program as seccomp(2) takes it, 8 bytes an instruction; null where nothing is limited. */
export function seccompProgram(limits: Limits): Uint8Array | null {
  const { openvz, kernel, only32, only64 } = limits;
  if (!openvz && kernel === null && !only32 && !only64) return null;
  const for32 = sectionOf32(limits);
  const for64 = sectionOf64(limits);
  return assemble([
    loadArch,
    { code: 0x15, k: AUDIT_ARCH_I386, yes: 0, no: 1 },
    skip(2 + for64.length),
    { code: 0x15, k: AUDIT_ARCH_X86_64, yes: 1, no: 0 },
    ret(KILL_PROCESS),
    ...for64,
    ...for32,
  ]);
}

function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(8 * instructions.length);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, k, yes = 0, no = 0 }, i) => {
    if (yes > 255 || no > 255) throw new RangeError(`seccomp: jump of ${Math.max(yes, no)} instructions`);
    view.setUint16(8 * i, code, true);
    view.setUint8(8 * i + 2, yes);
    view.setUint8(8 * i + 3, no);
    view.setUint32(8 * i + 4, k >>> 0, true);
  });
  return bytes;
}
