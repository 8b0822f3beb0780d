/** Reads `linux.seccomp` of config.json (runtime-spec 1.3, config-linux.md, "Seccomp"). */
import { badConfig, count, list, object, type Reader, text, texts } from "../../../common/oci/oci-read.ts";
import { ACTION_NAMES, type ActionName, isActionName, takesErrno } from "./actions.ts";

export const OPERATORS = [
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
] as const;
export type Operator = (typeof OPERATORS)[number];

/** linux/seccomp.h. TSYNC is of no meaning here: the process that loads the filter has one thread. */
export const FLAGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 0,
  SECCOMP_FILTER_FLAG_LOG: 1 << 1,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 1 << 2,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 1 << 5,
} as const;
/** SECCOMP_FILTER_FLAG_NEW_LISTENER: a profile cannot set it, SCMP_ACT_NOTIFY does. */
export const NEW_LISTENER = 1 << 3;
export type FlagName = keyof typeof FLAGS;

export const FLAG_NAMES = Object.keys(FLAGS).filter((name): name is FlagName => Object.hasOwn(FLAGS, name));

/** All that the specification lists; those of other processors have no effect. */
const ARCHITECTURES = (
  "X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC " +
  "PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB"
)
  .split(" ")
  .map((name) => `SCMP_ARCH_${name}`);

/** One argument of a call against a value; `valueTwo` is what MASKED_EQ compares with, `value` its mask then. */
export interface OciSeccompArg {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: Operator;
}

export interface OciSeccompRule {
  readonly names: readonly string[];
  readonly action: ActionName;
  readonly errnoRet?: number;
  readonly args?: readonly OciSeccompArg[];
}

export interface OciSeccomp {
  readonly defaultAction: ActionName;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly FlagName[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly OciSeccompRule[];
}

function oneOf<T extends string>(names: readonly T[]): Reader<T> {
  return (value, at, unknown) => {
    const name = text(value, at, unknown);
    const found = names.find((one) => one === name);
    if (found === undefined) throw badConfig(at, `${name} is none of ${names.join(", ")}`);
    return found;
  };
}

function upTo(most: number): Reader<number> {
  return (value, at, unknown) => {
    const number = count(value, at, unknown);
    if (number > most) throw badConfig(at, `above ${most}`);
    return number;
  };
}

/**
 * A uint64, which JSON gives as a double: above 2^53 the nearest one. Values from 2^64-1024 on become 2^64, which is compared
 * as 2^64-1. A profile's usual large values, -1 and masks of high bits, come out right.
 */
const uint64 = upTo(2 ** 64);

/** The low 16 bits of what a filter returns. */
const errnoRet = upTo(0xffff);
const action: Reader<ActionName> = (value, at, unknown) => {
  const name = text(value, at, unknown);
  if (!isActionName(name)) throw badConfig(at, `${name} is none of ${ACTION_NAMES.join(", ")}`);
  return name;
};

const names: Reader<readonly string[]> = (value, at, unknown) => {
  const read = texts(value, at, unknown);
  if (read.length === 0) throw badConfig(at, "empty");
  if (read.includes("")) throw badConfig(at, "holds an empty name");
  return read;
};

const argument = object({ index: upTo(5), value: uint64, op: oneOf(OPERATORS) }, { valueTwo: uint64 });
const rule = object({ names, action }, { errnoRet, args: list(argument) });
const seccomp = object(
  { defaultAction: action },
  {
    defaultErrnoRet: errnoRet,
    architectures: list(oneOf(ARCHITECTURES)),
    flags: list(oneOf(FLAG_NAMES)),
    listenerPath: text,
    listenerMetadata: text,
    syscalls: list(rule),
  },
);

function checkErrno(name: ActionName, errno: number | undefined, at: string): void {
  if (errno !== undefined && !takesErrno(name)) throw badConfig(at, `${name} takes no number`);
}

/** Whether an action of the profile asks a listener. */
export function usesListener({ defaultAction, syscalls = [] }: OciSeccomp): boolean {
  return [defaultAction, ...syscalls.map((rule) => rule.action)].includes("SCMP_ACT_NOTIFY");
}

/**
 * @param at the path of the field, "linux.seccomp"
 * @param unknown gathers fields that the specification does not have
 * @throws VzError 78 naming the field that is wrong, or that contradicts another
 */
export function readSeccomp(value: unknown, at: string, unknown: string[]): OciSeccomp {
  const read = seccomp(value, at, unknown);
  const rules = read.syscalls ?? [];
  checkErrno(read.defaultAction, read.defaultErrnoRet, `${at}.defaultErrnoRet`);
  for (const [i, one] of rules.entries())
    checkErrno(one.action, one.errnoRet, `${at}.syscalls[${i}].errnoRet`);
  const { listenerPath = "", listenerMetadata } = read;
  if (listenerPath === "" && listenerMetadata !== undefined)
    throw badConfig(`${at}.listenerMetadata`, "set without listenerPath");
  if (listenerPath === "" && usesListener(read))
    throw badConfig(`${at}.listenerPath`, "missing, and SCMP_ACT_NOTIFY is used");
  return read;
}
