/**
 * In which order rules for the same call are tried. It matters where two hold for the same arguments and have different
 * actions. libseccomp keeps rules as a tree of 32-bit comparisons and walks it; profiles are written and tried with it, so
 * this gives its order, which does not depend on the order of the rules in the profile:
 * comparisons of later arguments before those of earlier ones; EQ, NE and MASKED_EQ, then LE and LT, then GE and GT; higher
 * values first, for LE and LT lower ones.
 */
import { compareStrictness } from "./actions.ts";
import type { Condition } from "./conditions.ts";
import type { Operator } from "./read-seccomp.ts";
import type { Rule } from "./rules.ts";

/** A comparison of one half of an argument. */
interface Step {
  /** Steps that compare the same thing are one node of the tree, whichever way leads on. */
  readonly key: string;
  /** Ascending. */
  readonly rank: readonly [argument: number, operator: number, value: number];
}

/** What an instruction compares for it, and its rank. */
const KINDS: Readonly<Record<Operator, readonly [test: string, rank: number]>> = {
  SCMP_CMP_EQ: ["==", 0],
  SCMP_CMP_NE: ["==", 0],
  SCMP_CMP_MASKED_EQ: ["&", 0],
  SCMP_CMP_LE: [">", 1],
  SCMP_CMP_LT: [">=", 1],
  SCMP_CMP_GE: [">=", 2],
  SCMP_CMP_GT: [">", 2],
};

function stepsOf({ op, halves }: Condition): Step[] {
  const [test, rank] = KINDS[op];
  return halves.map(({ offset, value, mask }, i) => ({
    // high halves are ordered by ">" for all four, the low one decides on equality
    key: `${offset} ${test === ">=" && i < halves.length - 1 ? ">" : test} ${value} ${mask}`,
    rank: [-offset, rank, rank === 1 ? value : -value],
  }));
}

interface Entry {
  readonly rule: Rule;
  readonly steps: readonly Step[];
}

function compareRanks(a: Step, b: Step): number {
  const i = a.rank.findIndex((part, at) => part !== b.rank[at]);
  return i === -1 ? 0 : (a.rank[i] ?? 0) - (b.rank[i] ?? 0);
}

/** Rules that end at this depth are shorter and so hold more often: they come first, the strictest before the others. */
function walk(entries: readonly Entry[], depth: number): Rule[] {
  if (entries.length === 1) return entries.map(({ rule }) => rule);
  const ended: Rule[] = [];
  const nodes = new Map<string, { step: Step; below: Entry[] }>();
  for (const entry of entries) {
    const step = entry.steps[depth];
    if (step === undefined) ended.push(entry.rule);
    else {
      const node = nodes.get(step.key);
      if (node === undefined) nodes.set(step.key, { step, below: [entry] });
      else node.below.push(entry);
    }
  }
  ended.sort((a, b) => compareStrictness(a.action, b.action));
  const level = [...nodes.values()].sort((a, b) => compareRanks(a.step, b.step));
  return [...ended, ...level.flatMap(({ below }) => walk(below, depth + 1))];
}

export function inOrder(rules: readonly Rule[]): Rule[] {
  const entries = rules.map((rule) => ({ rule, steps: rule.conditions.flatMap(stepsOf) }));
  return walk(entries, 0);
}
