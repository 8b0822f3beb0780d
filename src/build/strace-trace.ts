/** `vz trace`, `strace-trace`: what a command needs, by watching it run. */
import { lstatSync } from "node:fs";
import { constants as osConstants } from "node:os";
import type { Args, Command } from "../common/command.ts";
import { hasCode, Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { checkName } from "../common/names.ts";
import { printable } from "../common/table.ts";
import { bornSince } from "./birth.ts";
import { complete } from "./closure.ts";
import { HostFiles } from "./host-files.ts";
import { imageName } from "./image-name.ts";
import { interpreterOf, SCRIPT_LINE } from "./interpreter.ts";
import { fromFs, toFs } from "./names.ts";
import { checkProduct, makeProduct, type Product } from "./products.ts";
import { findProgram } from "./program.ts";
import { type Selection, select } from "./selection.ts";
import { checkWritable, writeSpec } from "./spec.ts";
import { commandInRoot, prepareRoot, rootDirectory, touchedInRoot } from "./trace-root.ts";
import { runTraced, type TracedRun } from "./traced-run.ts";
import { Walker } from "./walk.ts";

const SETUID_OR_SETGID = 0o6000;
/** A daemon that was asked to end, by us or by itself through a shell (128 + signal). */
const STOPPING = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

async function run(args: Args, io: Io): Promise<number> {
  const command = args.positional;
  const [program] = command;
  if (program === undefined) {
    throw new VzError(Status.usage, "vz trace: which command?", { hint: "vz trace perl -e 'print 1'" });
  }
  const product = productOf(args, command);
  const specFile = args.value("output") ?? "spec";
  if (product !== undefined) checkProduct(product);
  checkWritable(specFile);
  const root = rootDirectory(args.value("root") ?? "/");
  const outside = fromFs(process.cwd());
  const cwd = root === "" ? outside : "/";
  if (root !== "") prepareRoot(root);
  const walker = new Walker(root);
  const file = findProgram(program, io.env["PATH"], cwd, walker);
  if (root !== "" && !isProgram(file, walker)) throw notExecuted(program, file, walker);
  const seccomp = !args.flag("setuid") && !isPrivileged(walker.fs(file));

  const traced = await runTraced(root === "" ? command : commandInRoot(root, command), outside, seccomp);
  if (traced.log.main === undefined) throw notExecuted(program, file, walker);
  const touched = root === "" ? traced.log.touched : touchedInRoot(traced.log.touched, root);
  const selection = select(touched, walker, (paths) => bornIn(walker, paths, traced.started));
  complete(selection, new HostFiles(walker), { env: io.env, cwd, touched });
  writeSpec(specFile, selection.paths());
  warn(selection, seccomp, io);

  const status = statusOf(traced);
  if (product === undefined) return status;
  if (status !== Status.ok && !wasStopped(traced)) {
    io.err(`vz trace: ${printable(program)} failed (${status}): only ${specFile} was written\n`);
    return status;
  }
  await makeProduct(product, selection, { command, cwd, env: io.env }, io);
  return Status.ok;
}

/** strace has printed its reason by now. */
function notExecuted(program: string, file: string, walker: Walker): VzError {
  if (!isProgram(file, walker)) {
    const hint = "a script without a #! line needs its interpreter's name before it";
    return new VzError(Status.notExecutable, `${program}: neither an ELF program nor a script`, { hint });
  }
  const hint = "strace says why above; it needs ptrace(2), which a traced or confined process lacks";
  return new VzError(Status.runnerFailed, `${program}: cannot be traced`, { hint });
}

function isProgram(file: string, walker: Walker): boolean {
  const files = new HostFiles(walker);
  return files.elf(file) !== null || interpreterOf(files.part(file, 0, SCRIPT_LINE)) !== undefined;
}

function productOf(args: Args, command: readonly string[]): Product | undefined {
  const kinds = (["rootfs", "bundle", "image"] as const).filter((kind) => args.value(kind) !== undefined);
  const [kind] = kinds;
  if (kinds.length > 1) throw new VzError(Status.usage, `vz trace: --${kinds.join(" and --")}: choose one`);
  const name = args.value("name");
  if (name !== undefined && kind !== "image")
    throw new VzError(Status.usage, "vz trace: --name: needs --image");
  if (kind === undefined) return undefined;
  const target = args.value(kind) ?? "";
  return { kind, target, force: args.flag("force"), name: checkName("image", name ?? imageName(command)) };
}

function isPrivileged(file: string): boolean {
  try {
    return (lstatSync(file).mode & SETUID_OR_SETGID) !== 0;
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES")) return false;
    throw error;
  }
}

/** Those of these real names that were born since. */
function bornIn(walker: Walker, paths: readonly string[], since: number): Set<string> {
  const names = new Map(paths.map((path) => [fromFs(walker.fs(path)), path]));
  return new Set([...bornSince([...names.keys()], since)].flatMap((name) => names.get(name) ?? []));
}

/** What may make the root differ from the run, or is better not given away. */
function warn(selection: Selection, seccomp: boolean, io: Io): void {
  const isRoot = process.getuid?.() === 0;
  for (const path of [...selection.executed].filter((one) => isPrivileged(selection.fs(one))).sort()) {
    const name = printable(toFs(path));
    if (!isRoot) io.err(`vz trace: ${name} is setuid and ran without its rights: trace as root\n`);
    else if (seccomp) io.err(`vz trace: ${name} is setuid and ran without its rights: trace with --setuid\n`);
  }
  const secret = [...selection.files].filter((path) => isSecret(selection.fs(path))).sort();
  for (const path of secret)
    io.err(`vz trace: ${printable(toFs(path))} is not readable by all, and listed\n`);
}

function isSecret(file: string): boolean {
  try {
    return (lstatSync(file).mode & 0o044) === 0;
  } catch {
    return false;
  }
}

/** The command's own exit status, 128 + n where signal n ended it. */
function statusOf({ code, signal }: TracedRun): number {
  if (signal === null) return code ?? Status.failed;
  const numbers: Readonly<Record<string, number>> = osConstants.signals;
  return 128 + (numbers[signal] ?? 0);
}

function wasStopped(traced: TracedRun): boolean {
  const status = statusOf(traced);
  return Object.values(STOPPING).some((number) => status === 128 + number);
}

const command: Command = {
  name: "vz trace",
  summary: "root filesystem, bundle or image of a program, by tracing it",
  usage: [
    "vz trace [-o FILE] CMD [ARG…]",
    "vz trace --rootfs DIR | --bundle DIR | --image FILE [--] CMD [ARG…]",
    "strace-trace CMD [ARG…]",
  ],
  details:
    "Runs CMD as it is, under strace(1), and writes the file spec: the name of every file that it opened, executed or " +
    "looked at, of every link on the way, and of loaders and interpreters; absolute, one a line, sorted. A line break " +
    "in a name reads \\n. Files that CMD made itself are left out. The exit status is CMD's.\n\n" +
    "With --rootfs, --bundle or --image it goes on to make that. A CMD that ends by TERM, INT or HUP is a daemon that " +
    "was stopped: all is made, and the status is 0. After any other failure there is the spec only. Exercise CMD as it " +
    "will be used: what it did not touch is not there. Of a directory that it listed, only what it opened is kept.",
  options: [
    { name: "output", alias: "o", value: "FILE", help: "where the spec goes (spec)" },
    { name: "rootfs", value: "DIR", help: "make a root filesystem" },
    { name: "bundle", value: "DIR", help: "make an OCI bundle: config.json and rootfs" },
    { name: "image", value: "FILE", help: "make an image: FILE.tar or FILE.tar.gz" },
    { name: "name", value: "NAME", help: "the image's name (the program's)" },
    { name: "root", value: "DIR", help: "run CMD inside this root filesystem (needs root)" },
    { name: "force", help: "replace DIR where it holds files" },
    {
      name: "setuid",
      help: "let setuid programs have their rights: slower, since every system call is then stopped at",
    },
  ],
  examples: [
    {
      command: "strace-trace perl -MHTTP::Date -e 'print time2str(time())'",
      does: "writes what perl needed for that to ./spec",
    },
    {
      command: "vz trace --image redis.tar.gz redis-server",
      does: "makes an image once redis is stopped (^C)",
    },
    {
      command: "vz trace --root /srv/debian-i386 --image date.tar.gz date",
      does: "makes an image for i386 on an amd64 host",
    },
    { command: "vz trace --rootfs root -- date -u", does: "after it, `chroot root date -u` works" },
  ],
  passThrough: true,
  run,
};
export default command;
