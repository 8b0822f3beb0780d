import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Abi, MACHINES, type Machine, numberOf } from "../../../../src/slave/runch/seccomp/abis.ts";
import { compileFilter } from "../../../../src/slave/runch/seccomp/compile.ts";
import type { OciSeccomp } from "../../../../src/slave/runch/seccomp/read-seccomp.ts";
import { AMD64, ARM64, filterOf, I386, X32_BIT } from "./interpreter.ts";
import { openReference, type Reference } from "./libseccomp.ts";
import {
  ALL_NAMES,
  ANYTHING,
  type Choice,
  edgesOf,
  engineProfile,
  NAMES,
  NUMBERS,
  pick,
  randomFrom,
  randomProfile,
} from "./profiles.ts";

const opened = openReference();
const skip = "skip" in opened ? opened.skip : false;
after(() => "close" in opened && opened.close());

function reference(): Reference {
  assert.ok("reference" in opened);
  return opened.reference;
}

const ON = [
  { arch: I386, bit: 0 },
  { arch: AMD64, bit: 0 },
  { arch: AMD64, bit: X32_BIT },
  { arch: ARM64, bit: 0 },
];
/** In the order of reference.c. */
const ABIS: readonly Abi[] = ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"];

/** Compares the answers for calls with random arguments; gives how many there were. */
function compare(
  profile: OciSeccomp,
  machine: Machine,
  theirs: Uint8Array,
  numbers: readonly number[],
  seed: number,
): number {
  const [ours, other] = [filterOf(compileFilter(profile, machine)), filterOf(theirs)];
  const random = randomFrom(seed);
  const edges = edgesOf(profile);
  let compared = 0;
  for (const { arch, bit } of ON) {
    const width = arch === I386 ? 32 : 64;
    for (const number of numbers) {
      for (let i = 0; i < 6; i++, compared++) {
        const args = [0, 1, 2].map(() => BigInt.asUintN(width, pick(random, edges)));
        const call = { arch, nr: (number + bit) % 2 ** 32, args };
        const [a, b] = [ours.answer(call), other.answer(call)];
        if (a !== b)
          assert.fail(
            `seed ${seed}: call ${call.nr} of ${arch} with ${args} is ${a.toString(16)}, ${b.toString(16)} by libseccomp: ` +
              JSON.stringify(profile),
          );
      }
    }
  }
  return compared;
}

function compareMany(choice: Choice, count: number, machine: Machine = MACHINES.ia32): void {
  const profiles = Array.from({ length: count }, (_, seed) => randomProfile(randomFrom(seed), choice));
  // the calls that rules are about, and their neighbours
  const numbers = [
    ...new Set([
      ...NAMES.flatMap((name) => ABIS.map((abi) => (numberOf(abi, name) ?? 0) % X32_BIT)),
      102,
      117,
    ]),
  ];
  let taken = 0;
  reference()
    .filters(profiles, machine)
    .forEach((theirs, seed) => {
      const profile = profiles[seed];
      if (theirs === null || profile === undefined) return;
      taken++;
      compare(profile, machine, theirs, numbers, seed);
    });
  assert.ok(taken > count / 2, `libseccomp took ${taken} of ${count}`);
}

/** On x32 it has no number in Linux's syscall_64.tbl, but one in some versions of libseccomp. */
const DISPUTED = "map_shadow_stack";

test("an engine's profile gets libseccomp's answers for every number", { skip }, () => {
  const numbers = reference().numbers(ALL_NAMES);
  // -1 is what it says of a name that is newer than it
  const profile = engineProfile(
    ALL_NAMES.filter((name) => name !== DISPUTED && numbers.get(name)?.some((nr) => nr !== -1)),
  );
  for (const machine of Object.values<Machine>(MACHINES)) {
    const [theirs] = reference().filters([profile], machine);
    assert.ok(theirs);
    assert.ok(compare(profile, machine, theirs, NUMBERS, 1) > 10_000);
  }
});

const EQUALITIES: Choice = {
  ...ANYTHING,
  operators: ["SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_MASKED_EQ"],
};

test("rules that disagree about equal arguments are tried in libseccomp's order", { skip }, () => {
  compareMany({ ...EQUALITIES, args: 1 }, 150);
});

test("rules of several arguments are tried in libseccomp's order", { skip }, () => {
  compareMany({ ...EQUALITIES, operators: ["SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ"] }, 150);
});

test("every operator compares as libseccomp's does, in one rule for a call", { skip }, () => {
  // their parts would be further rules for them
  const names = NAMES.filter((name) => name !== "socketcall" && name !== "ipc");
  compareMany({ ...ANYTHING, names, once: true, args: 3, doubled: false }, 150);
});

test("every operator compares in 64 bits on arm64", { skip }, () => {
  compareMany({ ...ANYTHING, once: true, args: 3, doubled: false }, 100, MACHINES.arm64);
});

test("names have libseccomp's numbers, as far as it knows them", { skip }, () => {
  let known = 0;
  for (const [name, numbers] of reference().numbers(ALL_NAMES)) {
    ABIS.forEach((abi, i) => {
      const theirs = numbers[i] ?? -1;
      if (theirs < 0 || name === DISPUTED) return;
      known++;
      assert.equal(numberOf(abi, name), theirs, `${name} of ${abi}`);
    });
  }
  assert.ok(known > 1000, `${known} numbers`);
});
