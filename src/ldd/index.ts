/** `vz ldd`, `ldd-trace`, `ldd-chroot.sh`: a minimal chroot of programs that need nothing but their libraries. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { fromFs, shown, toFs } from "../common/byte-strings.ts";
import type { Args, Command } from "../common/command/command.ts";
import { hasCode, Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { printable } from "../common/printable.ts";
import { HostFiles } from "../trace/elf/host-files.ts";
import { copyFile } from "../trace/make/copy.ts";
import { checkDirectory } from "../trace/make/stage.ts";
import { Selection } from "../trace/names/selection.ts";
import { Walker } from "../trace/names/walk.ts";
import { checkWritable, writeSpec } from "../trace/select/spec.ts";
import { findProgram } from "../trace/watch/program.ts";
import { rootDirectory } from "../trace/watch/root.ts";
import { planChroot, stepsOf } from "./plan.ts";

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
  const specFile = args.value("output") ?? "spec";
  checkWritable(specFile, "-o");
  checkDirectory(chroot);
  const root = rootDirectory(args.value("root") ?? "/");
  const walker = new Walker(root);
  const files = new HostFiles(walker);
  if (isRoot(chroot, root)) throw new VzError(Status.usage, `${chroot}: is the root of this system`);
  const find = (name: string) => findProgram(name, io.env["PATH"], root === "" ? undefined : "/", walker);
  const { copies, names, statics } = planChroot(programs.map(find), files, (name) => find(toFs(name)));
  for (const step of stepsOf(copies, fromFs(chroot), fromFs(root))) {
    io.out(`${printable(step.line)}\n`);
    if (step.kind === "mkdir") makeDirectories(chroot, toFs(step.directory));
    else replace(walker.fs(step.copy.from), chroot + toFs(step.copy.to));
  }
  for (const [name, mode] of EMPTY_DIRECTORIES) {
    if (makeDirectories(chroot, `/${name}`)) chmodSync(`${chroot}/${name}`, mode);
  }
  const resolver = walker.resolve(RESOLVER);
  if (resolver?.type === "file") replace(walker.fs(resolver.path), chroot + RESOLVER);
  for (const name of statics) io.err(`vz ldd: ${shown(name)}: static, needs no libraries\n`);
  const selection = new Selection(walker);
  for (const name of [...names, RESOLVER]) selection.add(name);
  writeSpec(specFile, selection.paths());
  return Status.ok;
}

/** Whether the chroot is the very root that is read. */
function isRoot(chroot: string, root: string): boolean {
  try {
    const real = realpathSync(chroot);
    return real === "/" || real === root;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return false;
    throw error;
  }
}

/**
 * Makes a directory below the chroot with all above it; tells whether the last was new. A link on the way is refused: it
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

/** Puts a copy of `from` in place of `to`: whole, or not at all. */
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
  usage: ["vz ldd [-o FILE] [--root DIR] DIR PROG…", "ldd-trace DIR PROG…"],
  details:
    "Copies each PROG with its loader and the libraries that it names into DIR, under the names by which they are " +
    "looked up, and prints what it does. Of a script it copies the interpreter too. Nothing is run: ELF files, " +
    "/etc/ld.so.conf and run paths are read.\n\n" +
    "The file spec lists the same files by their names in this system, with every link on the way, as vz trace lists " +
    "them. For programs that need more than libraries, trace them: vz help trace.",
  options: [
    { name: "output", alias: "o", value: "FILE", help: "where the spec goes (spec)" },
    { name: "root", value: "DIR", help: "take all from this root filesystem, of whatever architecture" },
  ],
  examples: [
    { command: "ldd-trace ls-chroot ls", does: "after it, `chroot ls-chroot ls` works" },
    { command: "ldd-trace --root /srv/debian-i386 tiny ls", does: "the same of the ls for i386 there" },
  ],
  run,
};
export default command;
