/** `vz trace`, `strace-trace`: what a command needs, by watching it run. */
import { accessSync, constants } from "node:fs";
import { constants as osConstants } from "node:os";
import { dirname } from "node:path";
import type { Args, Command } from "../common/command.ts";
import { reason, Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { checkName } from "../common/names.ts";
import { printable } from "../common/table.ts";
import { binfmtInterpreters } from "./binfmt.ts";
import { bornSince } from "./birth.ts";
import { complete, interpreterOf } from "./closure.ts";
import { HostFiles } from "./host-files.ts";
import { imageName } from "./image-name.ts";
import { fromFs, toFs } from "./names.ts";
import { checkProduct, makeProduct, type Product } from "./products.ts";
import { findProgram } from "./program.ts";
import { type Selection, select } from "./selection.ts";
import { isSpecial, writeSpec } from "./spec.ts";
import { STOP_OPTIONS, stopPlan, wasStopped } from "./stop.ts";
import type { TraceLog } from "./trace-log.ts";
import { isPrivileged, traceWarnings } from "./trace-warnings.ts";
import { runTraced, type TracedRun } from "./traced-run.ts";
import { Walker } from "./walk.ts";

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
  const plan = stopPlan(args);
  const file = findProgram(program, io.env["PATH"]);
  const seccomp = !args.flag("setuid") && !isPrivileged(file);
  const cwd = fromFs(process.cwd());

  const say = (line: string) => io.err(`vz trace: ${line}\n`);
  const traced = await runTraced(command, cwd, seccomp, plan, say);
  if (traced.log.main === undefined) throw notExecuted(program, file);
  const selection = selectionOf(traced, io);
  writeSpec(specFile, selection.paths());
  warn(selection, traced.log, seccomp, io);

  const status = statusOf(traced);
  if (product === undefined) return status;
  if (status !== Status.ok && !wasStopped(traced, status)) {
    io.err(`vz trace: ${printable(program)} failed (${status}): only ${specFile} was written\n`);
    return status;
  }
  await makeProduct(product, selection, { command, cwd, env: io.env }, io);
  return Status.ok;
}

/** strace has printed its reason by now. */
function notExecuted(program: string, file: string): VzError {
  const path = fromFs(file.startsWith("/") ? file : `${process.cwd()}/${file}`);
  const files = new HostFiles(new Walker());
  if (files.elf(path) === null && interpreterOf(files.part(path, 0, 256)) === undefined) {
    const hint = "a script without a #! line needs its interpreter's name before it";
    return new VzError(Status.notExecutable, `${program}: neither an ELF program nor a script`, { hint });
  }
  const hint = "strace says why above; it needs ptrace(2), which a traced or confined process lacks";
  return new VzError(Status.runnerFailed, `${program}: cannot be traced`, { hint });
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

/** The run is not to be lost for a spec that cannot be written. */
function checkWritable(specFile: string): void {
  try {
    accessSync(isSpecial(specFile) ? specFile : dirname(specFile), constants.W_OK);
  } catch (cause) {
    throw new VzError(Status.usage, `${specFile}: cannot be written: ${reason(cause)}`, {
      cause,
      hint: "-o FILE writes it elsewhere",
    });
  }
}

function selectionOf({ log, started }: TracedRun, io: Io): Selection {
  const walker = new Walker();
  const files = new HostFiles(walker);
  const selection = select(log.touched, walker, (paths) => bornSince(paths, started), log.executedIn);
  for (const [path, interpreter] of binfmtInterpreters(selection.executed, files)) {
    const real = selection.add(interpreter);
    if (real !== undefined) selection.executed.add(real);
    io.err(
      `vz trace: ${printable(toFs(path))} is run by binfmt_misc: where it is to run, it has to be told of it\n`,
    );
  }
  complete(selection, files);
  return selection;
}

/** What may make the root differ from the run, or is better not given away. */
function warn(selection: Selection, log: TraceLog, seccomp: boolean, io: Io): void {
  for (const line of traceWarnings([...selection.executed].map(toFs), log.notes, seccomp))
    io.err(`vz trace: ${line}\n`);
  const secret = [...selection.files].filter((path) => selection.isSecret(path)).sort();
  for (const path of secret)
    io.err(`vz trace: ${printable(toFs(path))} is not readable by all, and listed\n`);
}

/** The command's own exit status, 128 + n where signal n ended it; what was stopped as planned has done well. */
function statusOf({ code, signal, outcome }: TracedRun): number {
  if (outcome === "stopped") return Status.ok;
  if (outcome === "late") return Status.timedOut;
  if (signal === null) return code ?? Status.failed;
  const numbers: Readonly<Record<string, number>> = osConstants.signals;
  return 128 + (numbers[signal] ?? 0);
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
    { name: "force", help: "replace DIR where it holds files" },
    ...STOP_OPTIONS,
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
    { command: "vz trace --rootfs root -- date -u", does: "after it, `chroot root date -u` works" },
  ],
  passThrough: true,
  run,
};
export default command;
