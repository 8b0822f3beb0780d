/** Profiles for tests: random ones from a seed, and one like those that container engines bring. */
import {
  type OciSeccomp,
  type OciSeccompArg,
  type OciSeccompRule,
  OPERATORS,
  type Operator,
} from "../../../../src/slave/runch/seccomp/read-seccomp.ts";
import { AMD64, BOTH, I386 } from "../../../../src/slave/runch/seccomp/syscall-tables.ts";

export type Random = (below: number) => number;

/** A small generator (Park and Miller's), so that a failure can be repeated by its seed. */
export function randomFrom(seed: number): Random {
  let state = seed * 7919 + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  const one = list[random(list.length)];
  if (one === undefined) throw new RangeError("an empty list");
  return one;
}

/** Some exist on one ABI only, some are parts of socketcall and ipc on i386, the last on none. */
export const NAMES = (
  "read write open close socket connect accept send semop semtimedop shmat msgget mmap mmap2 clone clone3 personality " +
  "execve ioctl futex pidfd_getfd statx lseek getsockopt uselib arch_prctl socketcall ipc swapcontext"
).split(" ");

const WORDS = [0, 1, 2, 5, 0x7fffffff, 0x80000000, 0xffffffff];
const HIGH_WORDS = [1, 2, 0x1fffff];

export function randomValue(random: Random): number {
  return (random(3) === 0 ? pick(random, HIGH_WORDS) : 0) * 2 ** 32 + pick(random, WORDS);
}

function randomArg(random: Random, index: number, operators: readonly Operator[]): OciSeccompArg {
  const op = pick(random, operators);
  const value = randomValue(random);
  return random(2) === 0 ? { index, op, value } : { index, op, value, valueTwo: randomValue(random) };
}

export interface Choice {
  readonly actions: readonly OciSeccompRule["action"][];
  readonly names: readonly string[];
  readonly rules: number;
  /** Comparisons in a rule, each of an argument of its own unless `doubled`. */
  readonly args: number;
  readonly doubled: boolean;
  readonly operators: readonly Operator[];
  /** Each name in one rule at most. */
  readonly once: boolean;
}

export const ANYTHING: Choice = {
  actions: ["SCMP_ACT_ERRNO", "SCMP_ACT_TRAP", "SCMP_ACT_LOG", "SCMP_ACT_KILL_PROCESS"],
  names: NAMES,
  rules: 12,
  args: 2,
  doubled: true,
  operators: OPERATORS,
  once: false,
};

/** Of both kinds of machine, so that any choice of them is for each. */
const ARCHITECTURES = [
  ["SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
  ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
  ["SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"],
  ["SCMP_ARCH_ARM"],
];

export function randomProfile(random: Random, choice: Choice): OciSeccomp {
  const left = new Set(choice.names);
  const name = () => {
    const one = pick(random, [...left]);
    if (choice.once && left.size > 1) left.delete(one);
    return one;
  };
  const syscalls = Array.from({ length: random(choice.rules + 1) }, (): OciSeccompRule => {
    const names = Array.from({ length: 1 + random(3) }, name);
    const indices = [0, 1, 2];
    const args = Array.from({ length: random(choice.args + 1) }, () => {
      const [index = 0] = choice.doubled ? [random(3)] : indices.splice(random(indices.length), 1);
      return randomArg(random, index, choice.operators);
    });
    return { names, action: pick(random, choice.actions), args };
  });
  const architectures = [...new Set(ARCHITECTURES.filter(() => random(2) === 0).flat())];
  const ours = architectures.includes("SCMP_ARCH_AARCH64");
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls, ...(ours ? { architectures } : {}) };
}

/** Values at which the answers of a profile may change. */
export function edgesOf({ syscalls = [] }: OciSeccomp): bigint[] {
  const values = syscalls.flatMap(({ args = [] }) =>
    args.flatMap(({ value, valueTwo = 0 }) => [value, valueTwo]),
  );
  return [0, ...values].flatMap((value) => {
    const exact = BigInt(value);
    const near = [exact - 1n, exact, exact + 1n, exact + (1n << 32n), exact ^ 0x1_0000_0001n];
    return near.map((one) => BigInt.asUintN(64, one));
  });
}

export const ALL_NAMES = [...new Set(`${I386} ${AMD64} ${BOTH}`.split(/\s+/))].filter((word) =>
  /^[a-z_]/.test(word),
);
/** What an engine keeps from a container without capabilities, or lets it do by argument. */
const KEPT =
  /^(mount|umount|pivot_root|unshare|setns|kexec|.*_module|clone|bpf|ptrace|reboot|socket$|personality)/;

/** What an engine brings: all is forbidden but a long list, with some arguments. */
export function engineProfile(names: readonly string[] = ALL_NAMES): OciSeccomp {
  const allowed = names.filter((name) => !KEPT.test(name));
  const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff].map(
    (value): OciSeccompRule => ({
      names: ["personality"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
    }),
  );
  const AF_VSOCK = 40;
  const CLONE_NEW = 0x7e020000;
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"],
    syscalls: [
      { names: allowed, action: "SCMP_ACT_ALLOW" },
      ...personalities,
      {
        names: ["socket"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: AF_VSOCK, op: "SCMP_CMP_NE" }],
      },
      {
        names: ["clone"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: CLONE_NEW, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
      },
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
    ],
  };
}

/** Every call of the ABIs by number, some that there are not, and what a tracer leaves out. */
export const NUMBERS: readonly number[] = [
  ...Array.from({ length: 600 }, (_, i) => i),
  0x3fffffff,
  0x7fffffff,
  0x80000000,
  0xfffffffe,
  0xffffffff,
];
