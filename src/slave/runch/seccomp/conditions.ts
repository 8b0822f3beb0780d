/**
 * Comparisons of arguments as a filter can make them: an argument has two halves of 32 bits, an instruction sees one. The
 * calls of i386 and x32 are compared by the low half alone, as libseccomp does; so -1 is there what a program means by it.
 */
import { type Assembler, type Label, Test } from "./assembler.ts";
import type { OciSeccompArg, Operator } from "./read-seccomp.ts";

const WORD = 2 ** 32;

interface Half {
  /** Bytes into struct seccomp_data. */
  readonly offset: number;
  readonly value: number;
  readonly mask: number;
}

/** One argument against one value; the halves from the high one down. */
export interface Condition {
  readonly index: number;
  readonly op: Operator;
  readonly halves: readonly Half[];
}

/** Both halves of a uint64 that came as a double: high, low. */
function words(value: number): [number, number] {
  return value >= WORD * WORD ? [WORD - 1, WORD - 1] : [Math.floor(value / WORD), value % WORD];
}

/** @returns null where the condition holds for every value, since its mask is 0 */
export function conditionOf(
  { index, value, valueTwo = 0, op }: OciSeccompArg,
  wide: boolean,
): Condition | null {
  const masked = op === "SCMP_CMP_MASKED_EQ";
  const values = words(masked ? valueTwo : value);
  const masks = masked ? words(value) : [WORD - 1, WORD - 1];
  const halves: Half[] = [];
  for (const i of wide ? [0, 1] : [1]) {
    const mask = masks[i] ?? 0;
    // all machines here are little-endian; args begin at 16
    halves.push({ offset: 16 + 8 * index + 4 * (1 - i), value: and(values[i] ?? 0, mask), mask });
  }
  return halves.every(({ mask }) => mask === 0) ? null : { index, op, halves };
}

function and(a: number, b: number): number {
  return (a & b) >>> 0;
}

function equal(to: Assembler, { offset, value, mask }: Half, yes: Label, no: Label): Label {
  if (mask === 0) return yes;
  // a test whether any bit is set needs no mask before it
  if (mask !== WORD - 1 && value === 0) return to.load(offset, to.test(Test.anyBit, mask, no, yes));
  return to.load(offset, to.test(Test.equal, value, yes, no), mask);
}

function ordered(to: Assembler, halves: readonly Half[], last: Test, yes: Label, no: Label): Label {
  const [high, low = high] = halves;
  if (high === undefined || low === undefined) return yes;
  const lower = to.load(low.offset, to.test(last, low.value, yes, no));
  if (low === high) return lower;
  const tie = to.test(Test.equal, high.value, lower, no);
  return to.load(high.offset, to.test(Test.above, high.value, yes, tie));
}

/** Goes on at `yes` where the condition holds, else at `no`. */
export function compileCondition(to: Assembler, { op, halves }: Condition, yes: Label, no: Label): Label {
  switch (op) {
    case "SCMP_CMP_EQ":
    case "SCMP_CMP_MASKED_EQ":
      return halves.reduceRight((next, half) => equal(to, half, next, no), yes);
    case "SCMP_CMP_NE":
      return halves.reduceRight((next, half) => equal(to, half, next, yes), no);
    case "SCMP_CMP_GT":
      return ordered(to, halves, Test.above, yes, no);
    case "SCMP_CMP_GE":
      return ordered(to, halves, Test.atLeast, yes, no);
    case "SCMP_CMP_LE":
      return ordered(to, halves, Test.above, no, yes);
    case "SCMP_CMP_LT":
      return ordered(to, halves, Test.atLeast, no, yes);
  }
}
