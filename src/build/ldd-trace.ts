/** `vz ldd`, `ldd-trace`, `ldd-chroot.sh`: a minimal chroot of programs that need nothing but their libraries. */
import { chmodSync, closeSync, fsyncSync, lstatSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import type { Args, Command } from "../common/command.ts";
import { hasCode, Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { copyFile } from "./copy.ts";
import { HostFiles } from "./host-files.ts";
import { planChroot, stepsOf } from "./ldd-plan.ts";
import { fromFs, toFs } from "./names.ts";
import { findProgram } from "./program.ts";
import { Walker } from "./walk.ts";

/** What a chroot has beside what its programs need. */
const EMPTY_DIRECTORIES: readonly (readonly [name: string, mode: number])[] = [
  ["dev", 0o755],
  ["etc", 0o755],
  ["proc", 0o555],
  ["run", 0o755],
  ["sys", 0o555],
  ["tmp", 0o1777],
];
const RESOLVER = "/etc/resolv.conf";

async function run(args: Args, io: Io): Promise<number> {
  const [chroot, ...programs] = args.positional;
  if (chroot === undefined || programs.length === 0) {
    throw new VzError(Status.usage, "vz ldd: which directory, and which programs?", {
      hint: "ldd-trace ls-chroot ls",
    });
  }
  const walker = new Walker();
  const files = new HostFiles(walker);
  if (files.real(fromFs(chroot)) === "/")
    throw new VzError(Status.usage, `${chroot}: is the root of this system`);
  const found = programs.map((name) => resolveName(findProgram(name, io.env["PATH"])));
  const steps = stepsOf(planChroot(found, files), fromFs(chroot));
  for (const step of steps) {
    io.out(`${step.line}\n`);
    if (step.kind === "mkdir") makeDirectories(chroot, toFs(step.directory));
    else replace(toFs(step.copy.from), chroot + toFs(step.copy.to));
  }
  for (const [name, mode] of EMPTY_DIRECTORIES) {
    if (makeDirectories(chroot, `/${name}`)) chmodSync(`${chroot}/${name}`, mode);
  }
  const resolver = walker.resolve(RESOLVER);
  if (resolver?.type === "file") replace(toFs(resolver.path), chroot + RESOLVER);
  return Status.ok;
}

/** An absolute name, in which ".." stays: what it means depends on links. */
function resolveName(name: string): string {
  return fromFs(name.startsWith("/") ? name : `${process.cwd()}/${name}`);
}

/**
 * Makes a directory below the chroot with all above it; whether the last was new. A link on the way is refused: it
 * could lead out of the chroot.
 */
function makeDirectories(chroot: string, path: string): boolean {
  mkdirSync(chroot, { recursive: true });
  let at = chroot;
  let isNew = false;
  for (const part of path.split("/").filter((one) => one !== "")) {
    at += `/${part}`;
    try {
      mkdirSync(at, 0o755);
      isNew = true;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      isNew = false;
      if (!lstatSync(at).isDirectory()) throw new VzError(Status.usage, `${at}: exists and is no directory`);
    }
  }
  return isNew;
}

/** Puts a copy in place of what bears that name: whole, or not at all. */
function replace(from: string, to: string): void {
  const temporary = `${to}.vz-${process.pid}`;
  try {
    copyFile(from, temporary);
    const fd = openSync(temporary, "r");
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

const command: Command = {
  name: "vz ldd",
  summary: "minimal chroot of a program, by reading its ELF files",
  usage: ["vz ldd DIR PROG…", "ldd-trace DIR PROG…"],
  details:
    "Copies each PROG with its loader and the libraries that it names into DIR, under the names by which they are " +
    "looked up, and prints what it does. Nothing is run: ELF files, /etc/ld.so.conf and run paths are read. For " +
    "programs that need more than libraries, trace them: vz help trace.",
  options: [],
  examples: [{ command: "ldd-trace ls-chroot ls", does: "after it, `chroot ls-chroot ls` works" }],
  run,
};
export default command;
