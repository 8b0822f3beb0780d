/** Files that a run in a bundle looked for in vain, and that the traced system has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromFs } from "../../common/byte-strings.ts";
import { readConfig } from "../../common/oci/oci.ts";
import { missingInterpreter } from "../closure/interpreter.ts";
import { HostFiles } from "../elf/host-files.ts";
import type { Selection } from "../names/selection.ts";
import { Walker } from "../names/walk.ts";
import { findProgram } from "../watch/program.ts";
import type { LookupLog } from "./lookup-log.ts";

const KERNEL_TREES = /^\/(?:proc|sys|dev)(?:\/|$)/;

/**
 * @param root of the traced system, "" for this one
 * @returns byte strings, in the order in which they were looked for; without what is left out on purpose
 */
export function missingFiles(bundle: string, log: LookupLog, selection: Selection, root: string): string[] {
  const rootfs = join(bundle, "rootfs");
  const here = new Walker(root);
  const there = new Walker(rootfs);
  const { process } = readConfig(readFileSync(join(bundle, "config.json"), "utf8")).config;
  const cwd = fromFs(process?.cwd ?? "/");
  if (!log.started) {
    const path = process?.env?.find((one) => one.startsWith("PATH="))?.slice("PATH=".length);
    return missingToStart(process?.args?.[0] ?? "", path, cwd, here, there);
  }
  const prefix = fromFs(rootfs);
  /** Real name here -> name as it was first looked for. */
  const missing = new Map<string, string>();
  for (const { name, base } of log.failed) {
    // the kernel shows names of another mount namespace from that one's root, and those behind a chroot from this one's
    const inside = base?.startsWith(`${prefix}/`) ? base.slice(prefix.length) : base === prefix ? "/" : base;
    const path = name.startsWith("/") ? name : `${(inside ?? cwd).replace(/\/$/, "")}/${name}`;
    const real = here.resolve(path)?.path;
    if (real === undefined || KERNEL_TREES.test(path) || KERNEL_TREES.test(real)) continue;
    if (there.resolve(path) !== undefined || selection.isMade(real) || missing.has(real)) continue;
    missing.set(real, path);
  }
  const known = new Set(selection.notes.leftOut.map(({ what }) => what));
  return [...missing].flatMap(([real, path]) => (known.has(real) || real.startsWith("/run/") ? [] : path));
}

/** The program that could not be executed, or the interpreter or loader that it lacks. */
function missingToStart(
  name: string,
  path: string | undefined,
  cwd: string,
  here: Walker,
  there: Walker,
): string[] {
  const find = (walker: Walker): string | undefined => {
    try {
      return findProgram(name, path, cwd, walker);
    } catch {
      return undefined;
    }
  };
  const program = find(there);
  const missing = program === undefined ? find(here) : missingInterpreter(program, new HostFiles(there));
  return missing === undefined ? [] : [missing];
}
