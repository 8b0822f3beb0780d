/**
 * `linux.resources.devices`: which devices a container may make, read and write. A later rule overrides an earlier one, for each
 * kind of access by itself.
 */
import type { DeviceRule } from "./resources.ts";

export const MKNOD = 1;
export const READ = 2;
export const WRITE = 4;
const ALL = MKNOD | READ | WRITE;

/** A rule for one type of device. */
export interface Rule {
  readonly allow: boolean;
  readonly type: "b" | "c";
  /** -1 for all. */
  readonly major: number;
  readonly minor: number;
  /** MKNOD, READ and WRITE. */
  readonly access: number;
}

export interface DeviceRules {
  /** What holds where no rule applies. */
  readonly base: "allow" | "deny";
  /** Whether the list itself sets `base`; else the cgroup above does. */
  readonly said: boolean;
  readonly rules: readonly Rule[];
}

const allowed = (type: "b" | "c", major: number, minor: number, access: number): Rule => {
  return { allow: true, type, major, minor, access };
};

/**
 * What every container may use: making nodes of any kind, which are of no use without the right to open them, and null, zero,
 * full, random, urandom, tty, console, ptmx and pts/*. The same that runc and crun allow, behind the bundle's own rules.
 */
export const USUAL_RULES: readonly Rule[] = [
  allowed("c", -1, -1, MKNOD),
  allowed("b", -1, -1, MKNOD),
  ...[3, 5, 7, 8, 9].map((minor) => allowed("c", 1, minor, ALL)),
  ...[0, 1, 2].map((minor) => allowed("c", 5, minor, ALL)),
  allowed("c", 136, -1, ALL),
];

function accessBits(access = "rwm"): number {
  return (
    (access.includes("m") ? MKNOD : 0) |
    (access.includes("r") ? READ : 0) |
    (access.includes("w") ? WRITE : 0)
  );
}

/** @returns null where the list forbids nothing: it is empty, or allows everything in the end */
export function deviceRules(list: readonly DeviceRule[] = []): DeviceRules | null {
  let base: "allow" | "deny" = "allow";
  let said = false;
  let rules: Rule[] = [];
  for (const { allow, type = "a", major = -1, minor = -1, access } of list) {
    const bits = accessBits(access);
    if (type === "a" && major === -1 && minor === -1 && bits === ALL) {
      // a rule for everything replaces all rules before it
      base = allow ? "allow" : "deny";
      said = true;
      rules = [];
      continue;
    }
    for (const one of type === "a" ? (["b", "c"] as const) : ([type] as ("b" | "c")[]))
      rules.push({ allow, type: one, major, minor, access: bits });
  }
  if (base === "allow" && rules.every(({ allow }) => allow)) return null;
  return { base, said, rules: [...rules, ...USUAL_RULES] };
}

const covers = (wide: number, narrow: number) => wide === -1 || wide === narrow;
const meet = (a: number, b: number) => a === -1 || b === -1 || a === b;

/**
 * The rules as version 1 keeps them: one base, and exceptions from it that do not know of one another.
 * @returns the exceptions, and the rules that would have to be exceptions from an exception
 */
export function exceptionsOf({ base, rules }: DeviceRules): { exceptions: Rule[]; holes: Rule[] } {
  let exceptions: Rule[] = [];
  const holes: Rule[] = [];
  for (const rule of rules) {
    if (rule.allow === (base === "deny")) {
      exceptions.push(rule);
      continue;
    }
    const left: Rule[] = [];
    let isHole = false;
    for (const one of exceptions) {
      const apart = one.type !== rule.type || !meet(one.major, rule.major) || !meet(one.minor, rule.minor);
      const inside = covers(rule.major, one.major) && covers(rule.minor, one.minor);
      if (!apart && !inside && (one.access & rule.access) !== 0) isHole = true;
      const access = apart || !inside ? one.access : one.access & ~rule.access;
      if (access !== 0) left.push({ ...one, access });
    }
    exceptions = left;
    if (isHole) holes.push(rule);
  }
  return { exceptions, holes };
}

/** A line for devices.allow or devices.deny: "c 1:* rwm". */
export function ruleText({ type, major, minor, access }: Rule): string {
  const number = (one: number) => (one === -1 ? "*" : String(one));
  const letters = `${access & READ ? "r" : ""}${access & WRITE ? "w" : ""}${access & MKNOD ? "m" : ""}`;
  return `${type} ${number(major)}:${number(minor)} ${letters}`;
}
