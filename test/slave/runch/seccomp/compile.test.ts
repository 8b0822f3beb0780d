import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Abi,
  MACHINES,
  type Machine,
  numberOf,
  partOf,
} from "../../../../src/slave/runch/seccomp/abis.ts";
import { abisOf, compileFilter } from "../../../../src/slave/runch/seccomp/compile.ts";
import type { OciSeccomp, OciSeccompArg } from "../../../../src/slave/runch/seccomp/read-seccomp.ts";
import { AMD64, ARM, ARM64, type Filter, filterOf, I386, X32_BIT } from "./interpreter.ts";
import {
  ANYTHING,
  edgesOf,
  engineProfile,
  NAMES,
  NUMBERS,
  pick,
  randomFrom,
  randomProfile,
} from "./profiles.ts";

const ALLOW = 0x7fff0000;
const KILL_THREAD = 0;
const EPERM = 0x50001;
const VALUES: Record<string, number> = {
  SCMP_ACT_ALLOW: ALLOW,
  SCMP_ACT_ERRNO: EPERM,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
};
const ON: Record<Abi, { arch: number; bit: number }> = {
  SCMP_ARCH_X86: { arch: I386, bit: 0 },
  SCMP_ARCH_X86_64: { arch: AMD64, bit: 0 },
  SCMP_ARCH_X32: { arch: AMD64, bit: X32_BIT },
  SCMP_ARCH_AARCH64: { arch: ARM64, bit: 0 },
};

function compiled(profile: OciSeccomp, machine: Machine = MACHINES.ia32): Filter {
  return filterOf(compileFilter(profile, machine));
}

/** The comparison of the specification's operators, in as many bits as the ABI's arguments have. */
function holds(
  { index, value, valueTwo = 0, op }: OciSeccompArg,
  args: readonly bigint[],
  width: number,
): boolean {
  const cut = (one: bigint) => BigInt.asUintN(width, one);
  const [is, a, b] = [cut(args[index] ?? 0n), cut(BigInt(value)), cut(BigInt(valueTwo))];
  switch (op) {
    case "SCMP_CMP_NE":
      return is !== a;
    case "SCMP_CMP_LT":
      return is < a;
    case "SCMP_CMP_LE":
      return is <= a;
    case "SCMP_CMP_EQ":
      return is === a;
    case "SCMP_CMP_GE":
      return is >= a;
    case "SCMP_CMP_GT":
      return is > a;
    case "SCMP_CMP_MASKED_EQ":
      return (is & a) === (b & a);
  }
}

/** Actions of the rules that hold for a call, by a plain reading of the profile. */
function actionsFor(
  profile: OciSeccomp,
  abi: Abi,
  nr: number,
  args: readonly bigint[],
): Set<number | undefined> {
  const width = abi === "SCMP_ARCH_X86_64" || abi === "SCMP_ARCH_AARCH64" ? 64 : 32;
  const found = new Set<number | undefined>();
  for (const { names, action, args: wanted = [] } of profile.syscalls ?? []) {
    const doubled = new Set(wanted.map(({ index }) => index)).size < wanted.length;
    for (const name of names) {
      const part = partOf(abi, name);
      const isPart = part?.nr === nr && BigInt.asUintN(32, args[0] ?? 0n) === BigInt(part.sub);
      if (numberOf(abi, name) !== nr && !isPart) continue;
      // what is said of the first argument cannot be seen through socketcall and ipc
      const one = (arg: OciSeccompArg) =>
        (arg.index === 0 && numberOf(abi, name) !== nr) || holds(arg, args, width);
      if (doubled ? wanted.some(one) : wanted.every(one)) found.add(VALUES[action]);
    }
  }
  return found;
}

for (const [name, machine] of Object.entries<Machine>(MACHINES)) {
  test(`a random profile decides as a plain reading of its rules does, on ${name}`, () => {
    let compared = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = randomFrom(seed);
      const profile = randomProfile(random, ANYTHING);
      const filter = compiled(profile, machine);
      const edges = edgesOf(profile);
      for (const abi of abisOf(profile, machine)) {
        const { arch, bit } = ON[abi];
        for (const call of NAMES) {
          const nr = numberOf(abi, call) ?? partOf(abi, call)?.nr ?? bit + 999;
          for (let i = 0; i < 4; i++) {
            const width = arch === I386 ? 32 : 64;
            const args = [0, 1, 2].map(() => BigInt.asUintN(width, pick(random, edges)));
            const wanted = actionsFor(profile, abi, nr, args);
            const answer = filter.answer({ arch, nr, args });
            const said = `seed ${seed}: ${abi} ${call} ${args} is ${answer.toString(16)}`;
            assert.ok(wanted.size === 0 ? answer === ALLOW : wanted.has(answer), said);
            compared++;
          }
        }
      }
    }
    assert.ok(compared > 5_000);
  });
}

/** What each kind of call gets where a profile allows all and lists these: i386, amd64, x32, arm64, arm, and one left out by a tracer. */
function answersOn(machine: Machine, architectures: string[]): number[] {
  const filter = compiled({ defaultAction: "SCMP_ACT_ALLOW", architectures }, machine);
  return [
    filter.answer({ arch: I386, nr: 1 }),
    filter.answer({ arch: AMD64, nr: 1 }),
    filter.answer({ arch: AMD64, nr: X32_BIT + 1 }),
    filter.answer({ arch: ARM64, nr: 1 }),
    filter.answer({ arch: ARM, nr: 1 }),
    // it is no call of x32 (seccomp(2))
    filter.answer({ arch: AMD64, nr: 0xffffffff }),
  ];
}

test("a call of an architecture that is not listed ends the thread; amd64 is always there, for an i386 executable i386 too", () => {
  const KILL = KILL_THREAD;
  const { ia32, x64 } = MACHINES;
  for (const machine of [ia32, x64])
    assert.deepEqual(answersOn(machine, []), [ALLOW, ALLOW, ALLOW, KILL, KILL, ALLOW]);
  assert.deepEqual(answersOn(ia32, ["SCMP_ARCH_X86"]), [ALLOW, ALLOW, KILL, KILL, KILL, ALLOW]);
  assert.deepEqual(answersOn(ia32, ["SCMP_ARCH_X86_64"]), [ALLOW, ALLOW, KILL, KILL, KILL, ALLOW]);
  assert.deepEqual(answersOn(ia32, ["SCMP_ARCH_X32"]), [ALLOW, ALLOW, ALLOW, KILL, KILL, ALLOW]);
  const many = ["SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_X86_64"];
  assert.deepEqual(answersOn(ia32, many), [ALLOW, ALLOW, KILL, KILL, KILL, ALLOW]);
  assert.deepEqual(answersOn(x64, many), [KILL, ALLOW, KILL, KILL, KILL, ALLOW]);
  assert.deepEqual(answersOn(x64, ["SCMP_ARCH_X86"]), [ALLOW, ALLOW, KILL, KILL, KILL, ALLOW]);
});

test("on arm64 the rules are for its 64-bit calls, whatever else is listed; any other call ends the thread", () => {
  const KILL = KILL_THREAD;
  for (const list of [[], ["SCMP_ARCH_AARCH64"], ["SCMP_ARCH_ARM", "SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]])
    assert.deepEqual(answersOn(MACHINES.arm64, list), [KILL, KILL, KILL, ALLOW, KILL, KILL]);
});

test("on arm64 calls are told apart by their own numbers, with arguments of 64 bits", () => {
  const filter = compiled(
    {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["open", "openat"], action: "SCMP_ACT_ERRNO" },
        {
          names: ["personality"],
          action: "SCMP_ACT_TRAP",
          args: [{ index: 0, value: 0xffffffff, op: "SCMP_CMP_EQ" }],
        },
      ],
    },
    MACHINES.arm64,
  );
  const answer = (nr: number, first = 0n) => filter.answer({ arch: ARM64, nr, args: [first] });
  // asm-generic/unistd.h: openat is 56, personality 92; 2 is io_submit, which is open on amd64
  assert.deepEqual([answer(56), answer(2), answer(92)], [EPERM, ALLOW, ALLOW]);
  assert.deepEqual([answer(92, 0xffffffffn), answer(92, 0x1_ffff_ffffn)], [0x30000, ALLOW]);
});

test("a rule for a socket call on i386 is also one for its part of socketcall", () => {
  const filter = compiled({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["connect", "accept", "shmat"], action: "SCMP_ACT_ERRNO" }],
  });
  const i386 = (nr: number, first: bigint) => filter.answer({ arch: I386, nr, args: [first] });
  // numbers: linux/net.h, linux/ipc.h
  assert.deepEqual([i386(362, 9n), i386(102, 3n), i386(102, 5n)], [EPERM, EPERM, EPERM]);
  assert.deepEqual([i386(102, 1n), i386(102, 4n), i386(117, 22n)], [ALLOW, ALLOW, ALLOW]);
  assert.deepEqual([i386(397, 0n), i386(117, 21n)], [EPERM, EPERM]);
  assert.equal(filter.answer({ arch: AMD64, nr: 42 }), EPERM);
});

test("errno and the tracer's message are EPERM unless the profile says otherwise", () => {
  const filter = compiled({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    syscalls: [
      { names: ["read"], action: "SCMP_ACT_ERRNO" },
      { names: ["write"], action: "SCMP_ACT_TRACE", errnoRet: 7 },
      { names: ["close"], action: "SCMP_ACT_TRACE" },
    ],
  });
  const answers = [0, 1, 3, 9].map((nr) => filter.answer({ arch: AMD64, nr }));
  assert.deepEqual(answers, [0x50001, 0x7ff00007, 0x7ff00001, 0x50026]);
});

test("a value that JSON cannot carry whole is the highest there is", () => {
  const filter = compiled({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [
      {
        names: ["read"],
        action: "SCMP_ACT_ERRNO",
        args: [{ index: 0, value: Number("18446744073709551615"), op: "SCMP_CMP_EQ" }],
      },
    ],
  });
  const answer = (first: bigint) => filter.answer({ arch: AMD64, nr: 0, args: [first] });
  assert.deepEqual(
    [answer(2n ** 64n - 1n), answer(2n ** 64n - 2n), answer(0xffffffffn)],
    [EPERM, ALLOW, ALLOW],
  );
  assert.equal(filter.answer({ arch: I386, nr: 3, args: [0xffffffffn] }), EPERM);
});

test("an engine's profile stays short, and so does the way through it", () => {
  const filter = compiled(engineProfile());
  assert.ok(filter.length < 400, `${filter.length} instructions`);
  let longest = 0;
  for (const { arch, bit } of MACHINES.ia32.abis.map((abi) => ON[abi])) {
    for (const nr of NUMBERS) {
      filter.answer({ arch, nr: (nr + bit) % 2 ** 32 });
      longest = Math.max(longest, filter.steps);
    }
  }
  assert.ok(longest < 40, `${longest} steps`);
});

test("jumps reach over more than 255 instructions", () => {
  const syscalls = Array.from({ length: 700 }, (_, value) => ({
    names: ["read"],
    action: "SCMP_ACT_ERRNO" as const,
    errnoRet: value + 1,
    args: [{ index: 0, value, op: "SCMP_CMP_EQ" as const }],
  }));
  const i386: Machine = { abis: ["SCMP_ARCH_X86"], implied: [] };
  const filter = compiled({ defaultAction: "SCMP_ACT_ALLOW", syscalls }, i386);
  assert.ok(filter.length > 1400);
  for (const value of [0, 1, 128, 255, 256, 257, 511, 699]) {
    assert.equal(filter.answer({ arch: I386, nr: 3, args: [BigInt(value)] }), 0x50000 + value + 1);
  }
  assert.equal(filter.answer({ arch: I386, nr: 3, args: [700n] }), ALLOW);
  assert.equal(filter.answer({ arch: I386, nr: 4 }), ALLOW);
});
