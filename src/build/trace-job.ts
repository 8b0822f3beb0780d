/** Does what a plan of `vz trace` says: runs, closes over what was touched, writes what is made of it. */
import { constants as osConstants } from "node:os";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { printable } from "../common/table.ts";
import { NO_OVERRIDES } from "./bundle-overrides.ts";
import { complete, interpreterOf } from "./closure.ts";
import { HostFiles } from "./host-files.ts";
import { dropExcluded, expandGlob, includeNames, mayInclude, mergeSpec } from "./include.ts";
import { fromFs, toFs } from "./names.ts";
import { makeProduct } from "./products.ts";
import { findProgram } from "./program.ts";
import { selectRuns } from "./select-runs.ts";
import type { Selection } from "./selection.ts";
import { writeSpec } from "./spec.ts";
import type { TracePlan } from "./trace-plan.ts";
import { isPrivileged, warn } from "./trace-warnings.ts";
import { runTraced, type TracedRun } from "./traced-run.ts";
import { Walker } from "./walk.ts";

/** A daemon that was asked to end, by us or by itself through a shell (128 + signal). */
const STOPPING = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** @returns the exit status: the last run's that failed, else 0 */
export async function traceAndMake(plan: TracePlan, io: Io): Promise<number> {
  const included = findIncluded(plan);
  const runs: TracedRun[] = [];
  let status: number = Status.ok;
  for (const { command } of plan.runs) {
    const traced = await traceOne(command, plan.setuid, io);
    runs.push(traced);
    status = statusOf(traced);
    if (status !== Status.ok && !wasStopped(status)) break;
  }
  const selection = selectAll(plan, runs, included, io);
  writeSpec(plan.specFile, selection.paths());
  const { product, command } = plan;
  if (product === undefined) return status;
  if (status !== Status.ok && !wasStopped(status)) {
    const [program = ""] = plan.runs[runs.length - 1]?.command ?? [];
    io.err(`vz trace: ${printable(program)} failed (${status}): only ${plan.specFile} was written\n`);
    return status;
  }
  await makeProduct(
    product,
    selection,
    { command, cwd: fromFs(process.cwd()), env: io.env, overrides: NO_OVERRIDES },
    io,
  );
  return Status.ok;
}

/** Names that the includes match now: a glob that matches nothing is found out before anything runs. */
function findIncluded({ includes }: TracePlan): string[] {
  const walker = new Walker();
  const files = new HostFiles(walker);
  return includes.flatMap((glob) => {
    const names = expandGlob(glob, walker, files);
    const bad = (why: string) => new VzError(Status.usage, `--include ${printable(toFs(glob.text))}: ${why}`);
    if (names.length === 0) throw bad("there is no such file");
    if (!mayInclude(names, walker)) throw bad("is the kernel's, or the container's own");
    return names;
  });
}

async function traceOne(command: readonly string[], setuid: boolean, io: Io): Promise<TracedRun> {
  const [program = ""] = command;
  const file = findProgram(program, io.env["PATH"]);
  const traced = await runTraced(command, fromFs(process.cwd()), seccompFor(file, setuid));
  if (traced.log.main === undefined) throw notExecuted(program, file);
  return traced;
}

function seccompFor(file: string, setuid: boolean): boolean {
  return !setuid && !isPrivileged(file);
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

/** What the runs touched, what earlier specs list and the includes name, closed; without what the excludes cover. */
function selectAll(
  plan: TracePlan,
  runs: readonly TracedRun[],
  included: readonly string[],
  io: Io,
): Selection {
  const walker = new Walker();
  const files = new HostFiles(walker);
  const selection = selectRuns(runs, walker);
  for (const { file, lines } of plan.earlier) tellGone(file, mergeSpec(lines, selection, walker), io);
  dropExcluded(plan.excludes, selection);
  const executed = new Set(selection.executed);
  includeNames(included, selection, files, walker);
  complete(selection, files);
  dropExcluded(plan.excludes, selection);
  warn(selection.files, executed, plan.setuid, io);
  return selection;
}

function tellGone(file: string, gone: readonly string[], io: Io): void {
  const [first] = gone;
  if (first === undefined) return;
  const more = gone.length > 1 ? ` and ${gone.length - 1} more` : "";
  io.err(`vz trace: ${file}: no longer there: ${printable(toFs(first))}${more}\n`);
}

/** The command's own exit status, 128 + n where signal n ended it. */
function statusOf({ code, signal }: TracedRun): number {
  if (signal === null) return code ?? Status.failed;
  const numbers: Readonly<Record<string, number>> = osConstants.signals;
  return 128 + (numbers[signal] ?? 0);
}

function wasStopped(status: number): boolean {
  return Object.values(STOPPING).some((number) => status === 128 + number);
}
