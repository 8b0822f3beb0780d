/** The real libseccomp, where it can be had: a small C program that is linked with it makes filters to compare with. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Abi, Machine } from "../../../../src/slave/runch/seccomp/abis.ts";
import { actionValue } from "../../../../src/slave/runch/seccomp/actions.ts";
import { abisOf } from "../../../../src/slave/runch/seccomp/compile.ts";
import { type OciSeccomp, OPERATORS } from "../../../../src/slave/runch/seccomp/read-seccomp.ts";
import { alternatives } from "../../../../src/slave/runch/seccomp/rules.ts";

/** seccomp.h */
const TOKENS: Readonly<Record<Abi, number>> = {
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X32: 0x4000003e,
  SCMP_ARCH_AARCH64: 0xc00000b7,
};

/** A profile in the words that reference.c reads, with what runc does on the way. */
function wordsOf(profile: OciSeccomp, machine: Machine): string {
  const standard = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  const abis = abisOf(profile, machine);
  const out = [`default ${standard}`];
  for (const abi of abis) if (abi !== "SCMP_ARCH_X86_64") out.push(`add-arch ${TOKENS[abi]}`);
  if (!abis.includes("SCMP_ARCH_X86_64")) out.push(`remove-arch ${TOKENS.SCMP_ARCH_X86_64}`);
  if ((profile.syscalls ?? []).length > 0) out.push("optimize 2");
  for (const { names, action, errnoRet, args = [] } of profile.syscalls ?? []) {
    const value = actionValue(action, errnoRet);
    if (value === standard) continue;
    for (const name of names) {
      for (const set of alternatives(args)) {
        const compared = set.map(
          ({ index, op, value: a, valueTwo = 0 }) =>
            `${index} ${OPERATORS.indexOf(op) + 1} ${BigInt(a)} ${BigInt(valueTwo)}`,
        );
        out.push(`rule ${value} ${name} ${set.length} ${compared.join(" ")}`);
      }
    }
  }
  return [...out, "end", ""].join("\n");
}

export interface Reference {
  /** Filters of the profiles in turn; null where libseccomp does not take the rules. */
  filters(profiles: readonly OciSeccomp[], machine: Machine): (Uint8Array | null)[];
  /** Numbers of a call on i386, amd64, x32 and arm64, below 0 for none. */
  numbers(names: readonly string[]): Map<string, readonly number[]>;
}

/** @returns why it cannot be had, or what can be done with it; `program` has to be removed by `close` */
export function openReference(): { skip: string } | { reference: Reference; close(): void } {
  if (!existsSync("/usr/include/seccomp.h")) return { skip: "libseccomp-dev is not installed" };
  const folder = mkdtempSync(join(tmpdir(), "vz-libseccomp-"));
  const close = () => rmSync(folder, { recursive: true, force: true });
  const program = join(folder, "reference");
  const built = spawnSync(
    "gcc",
    ["-O1", "-o", program, "test/slave/runch/seccomp/reference.c", "-lseccomp"],
    {
      encoding: "utf8",
    },
  );
  if (built.status !== 0) {
    close();
    return { skip: `no program can be built with libseccomp: ${built.error?.message ?? built.stderr}` };
  }
  const run = (argv: string[], input: string) => {
    const done = spawnSync(program, argv, { input, maxBuffer: 2 ** 28 });
    if (done.status !== 0) throw new Error(`reference: status ${done.status}, signal ${done.signal}`);
    return done.stdout;
  };
  const filters = (profiles: readonly OciSeccomp[], machine: Machine) => {
    const bytes = run([], profiles.map((profile) => wordsOf(profile, machine)).join(""));
    let at = 0;
    return profiles.map(() => {
      const [error, length] = [bytes.readInt32LE(at), bytes.readInt32LE(at + 4)];
      at += 8 + length;
      return error === 0 ? Uint8Array.from(bytes.subarray(at - length, at)) : null;
    });
  };
  const numbers = (names: readonly string[]) => {
    const lines = run(["resolve"], names.join("\n")).toString().trim().split("\n");
    return new Map(
      lines.map((line) => {
        const [name = "", ...found] = line.split(" ");
        return [name, found.map(Number)] as const;
      }),
    );
  };
  return { reference: { filters, numbers }, close };
}
