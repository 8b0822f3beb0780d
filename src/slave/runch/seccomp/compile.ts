/**
 * Makes the filter: which ABI a call belongs to, then a binary search for its number among ranges of equal decisions, then
 * the arguments where a rule asks for them. A call costs some ten instructions, whatever the profile's length.
 * Data: linux/seccomp.h, struct seccomp_data.
 */
import {
  type Abi,
  AUDIT_ARCH_AARCH64,
  AUDIT_ARCH_I386,
  AUDIT_ARCH_X86_64,
  type Machine,
  X32_BIT,
} from "./abis.ts";
import { actionValue, KILL_THREAD } from "./actions.ts";
import { Assembler, type Label, Test } from "./assembler.ts";
import { compileCondition } from "./conditions.ts";
import type { OciSeccomp } from "./read-seccomp.ts";
import { type Verdict, verdictsOf } from "./rules.ts";

const NUMBER = 0;
const ARCHITECTURE = 4;
/** The number that a tracer sets to skip a call (seccomp(2)); it has bit 30 set, but is no call of x32. */
const SKIPPED = 0xffffffff;

/** Numbers from `first` on, up to the next range, are decided at `decision`. */
interface Range {
  readonly first: number;
  readonly decision: Label;
}

function decide(to: Assembler, verdict: Verdict, standard: Label): Label {
  return verdict.reduceRight<Label>(
    (otherwise, { conditions, action }) =>
      conditions.reduceRight<Label>(
        (next, condition) => compileCondition(to, condition, next, otherwise),
        to.ret(action),
      ),
    standard,
  );
}

function rangesOf(to: Assembler, verdicts: ReadonlyMap<number, Verdict>, standard: Label): Range[] {
  const decisions = new Map<Verdict, Label>();
  const decisionOf = (nr: number): Label => {
    const verdict = verdicts.get(nr) ?? [];
    const decision = decisions.get(verdict) ?? decide(to, verdict, standard);
    decisions.set(verdict, decision);
    return decision;
  };
  const ranges: Range[] = [];
  let current = -1;
  const add = (first: number, decision: Label) => {
    if (decision !== current) ranges.push({ first, decision });
    current = decision;
  };
  let next = 0;
  for (const nr of Uint32Array.from(verdicts.keys()).sort()) {
    if (nr > next) add(next, standard);
    add(nr, decisionOf(nr));
    next = nr + 1;
  }
  add(next, standard);
  return ranges;
}

/** Which of the ranges the accumulator falls in. */
function search(to: Assembler, ranges: readonly Range[]): Label {
  const [only] = ranges;
  if (only === undefined) throw new RangeError("no ranges");
  if (ranges.length === 1) return only.decision;
  const half = Math.ceil(ranges.length / 2);
  const upper = ranges.slice(half);
  return to.test(Test.atLeast, upper[0]?.first ?? 0, search(to, upper), search(to, ranges.slice(0, half)));
}

/** The ABIs that the rules are for: without a list all that the kernel has. Calls of any other end the thread. */
export function abisOf({ architectures = [] }: OciSeccomp, { abis, implied }: Machine): readonly Abi[] {
  return architectures.length === 0
    ? abis
    : abis.filter((abi) => implied.includes(abi) || architectures.includes(abi));
}

/** The program as seccomp(2) takes it, 8 bytes an instruction; it may be longer than the kernel allows. */
export function compileFilter(seccomp: OciSeccomp, machine: Machine): Uint8Array {
  const to = new Assembler();
  const abis = abisOf(seccomp, machine);
  const standard = to.ret(actionValue(seccomp.defaultAction, seccomp.defaultErrnoRet));
  const foreign = to.ret(KILL_THREAD);
  const section = (abi: Abi) => search(to, rangesOf(to, verdictsOf(abi, seccomp), standard));
  const has = (abi: Abi) => abis.includes(abi);
  const numbers = (abi: Abi) => (has(abi) ? to.load(NUMBER, section(abi)) : foreign);

  const x32 = has("SCMP_ARCH_X32")
    ? section("SCMP_ARCH_X32")
    : to.test(Test.equal, SKIPPED, has("SCMP_ARCH_X86_64") ? standard : foreign, foreign);
  const amd64 = has("SCMP_ARCH_X86_64") ? section("SCMP_ARCH_X86_64") : foreign;
  const wide = amd64 === x32 ? x32 : to.load(NUMBER, to.test(Test.atLeast, X32_BIT, x32, amd64));
  const ways: readonly (readonly [architecture: number, way: Label])[] = [
    [AUDIT_ARCH_AARCH64, numbers("SCMP_ARCH_AARCH64")],
    [AUDIT_ARCH_X86_64, wide],
    [AUDIT_ARCH_I386, numbers("SCMP_ARCH_X86")],
  ];
  const entrance = ways.reduce(
    (otherwise, [architecture, way]) => to.test(Test.equal, architecture, way, otherwise),
    foreign,
  );
  return to.finish(to.load(ARCHITECTURE, entrance));
}
