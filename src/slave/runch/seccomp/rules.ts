/** What the rules of a profile say of one ABI's calls, by number. */
import { type Abi, isWide, numberOf, partOf } from "./abis.ts";
import { actionValue } from "./actions.ts";
import { type Condition, conditionOf } from "./conditions.ts";
import type { OciSeccomp, OciSeccompArg } from "./read-seccomp.ts";
import { inOrder } from "./rule-order.ts";

/** Holds where all conditions do, which are of one argument each, in the order of the arguments. */
export interface Rule {
  readonly conditions: readonly Condition[];
  readonly action: number;
}

/** The first rule that holds decides; without one, the profile's default. */
export type Verdict = readonly Rule[];

/**
 * The sets of comparisons of one rule, any of which makes it hold. Comparisons of several arguments are all needed; when two
 * are of the same argument, each stands alone: so runc and crun read it since Docker's first profiles.
 */
export function alternatives(args: readonly OciSeccompArg[]): readonly (readonly OciSeccompArg[])[] {
  const distinct = new Set(args.map(({ index }) => index)).size === args.length;
  return distinct ? [args] : args.map((arg) => [arg]);
}

/** The first argument of socketcall and ipc is the part's number, so a rule's own comparison of argument 0 cannot be made there. */
function withSub(args: readonly OciSeccompArg[], sub: number | undefined): readonly OciSeccompArg[] {
  if (sub === undefined) return args;
  return [{ index: 0, value: sub, op: "SCMP_CMP_EQ" }, ...args.filter(({ index }) => index !== 0)];
}

function* rulesOf(args: readonly OciSeccompArg[], wide: boolean, sub?: number): Generator<Condition[]> {
  for (const set of alternatives(args)) {
    yield withSub(set, sub)
      .map((arg) => conditionOf(arg, wide))
      .filter((one) => one !== null)
      .sort((a, b) => a.index - b.index);
  }
}

/** Gathers what rules say, call by call. */
class Gathered {
  /** Calls that a rule without conditions decides. */
  readonly #settled = new Map<number, Verdict>();
  readonly #open = new Map<number, Rule[]>();

  settle(nr: number, verdict: Verdict): void {
    if (!this.#settled.has(nr)) this.#settled.set(nr, verdict);
  }

  add(nr: number, rule: Rule): void {
    const rules = this.#open.get(nr);
    if (rule.conditions.length === 0) this.settle(nr, [rule]);
    else if (rules === undefined) this.#open.set(nr, [rule]);
    else rules.push(rule);
  }

  verdicts(): ReadonlyMap<number, Verdict> {
    for (const [nr, rules] of this.#open) this.settle(nr, inOrder(rules));
    return this.#settled;
  }
}

/**
 * @returns number of a call -> what decides on it, for all calls that rules name and this ABI has. As in libseccomp, a rule
 * with the default's action has no effect, the first rule without conditions makes the others of its call void, and
 * rules with conditions are tried in an order of their own (rule-order.ts).
 */
export function verdictsOf(
  abi: Abi,
  { syscalls = [], ...profile }: OciSeccomp,
): ReadonlyMap<number, Verdict> {
  const standard = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  const wide = isWide(abi);
  const gathered = new Gathered();
  for (const rule of syscalls) {
    const action = actionValue(rule.action, rule.errnoRet);
    if (action === standard) continue;
    const always: Verdict = [{ conditions: [], action }];
    const { args = [] } = rule;
    const add = (nr: number, sub?: number) => {
      for (const conditions of rulesOf(args, wide, sub)) gathered.add(nr, { conditions, action });
    };
    for (const name of rule.names) {
      const nr = numberOf(abi, name);
      // nearly all rules of a profile have no arguments
      if (nr !== undefined && args.length === 0) gathered.settle(nr, always);
      else if (nr !== undefined) add(nr);
      const part = partOf(abi, name);
      if (part !== undefined) add(part.nr, part.sub);
    }
  }
  return gathered.verdicts();
}
