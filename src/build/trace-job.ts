/** Does what a plan of `vz trace` says: runs, closes over what was touched, writes what is made of it. */
import { constants as osConstants } from "node:os";
import { Status, VzError } from "../common/errors.ts";
import { shown } from "../common/image/manifest.ts";
import type { Io } from "../common/io.ts";
import { printable } from "../common/table.ts";
import { addBinfmtInterpreters } from "./binfmt.ts";
import type { Checker } from "./check.ts";
import defer * as checks from "./check.ts";
import { complete } from "./closure.ts";
import { exercising } from "./exercise.ts";
import { HostFiles } from "./host-files.ts";
import { dropExcluded, expandGlob, includeNames, mayInclude, mergeSpec } from "./include.ts";
import { interpreterOf, SCRIPT_LINE } from "./interpreter.ts";
import { fromFs, toFs } from "./names.ts";
import { readPackages } from "./packages.ts";
import defer * as products from "./products.ts";
import { findProgram } from "./program.ts";
import type { RecipeRun } from "./recipe.ts";
import { reportText } from "./report-text.ts";
import { selectRuns, touchedBy } from "./select-runs.ts";
import type { Selection } from "./selection.ts";
import { readOlderSpec, replaceFile, writeSpec } from "./spec.ts";
import { wasStopped } from "./stop.ts";
import type { ReportPlan, TracePlan } from "./trace-plan.ts";
import { reportOf, type TraceReport } from "./trace-report.ts";
import { commandInRoot, prepareRoot } from "./trace-root.ts";
import { isPrivileged, warn } from "./trace-warnings.ts";
import { runTraced, type TracedRun } from "./traced-run.ts";
import { Walker } from "./walk.ts";

/** @returns the exit status: that of the run that failed, 2 where a check found differences, else 0 */
export async function traceAndMake(plan: TracePlan, io: Io): Promise<number> {
  const checker = plan.check === undefined ? undefined : new checks.Checker(plan.check, io);
  try {
    return await work(plan, checker, io);
  } finally {
    checker?.end();
  }
}

async function work(plan: TracePlan, checker: Checker | undefined, io: Io): Promise<number> {
  if (plan.root !== "") prepareRoot(plan.root);
  const cwd = plan.root === "" ? fromFs(process.cwd()) : "/";
  const included = findIncluded(plan);
  const runs: TracedRun[] = [];
  let status: number = Status.ok;
  let failed: readonly string[] | undefined;
  for (const run of plan.runs) {
    const traced = await traceOne(run, plan, cwd, checker, io);
    runs.push(traced);
    status = statusOf(traced);
    if (status === Status.ok || wasStopped(traced, status)) continue;
    failed = run.command;
    break;
  }
  const { selection, excluded } = selectAll(plan, runs, { cwd, included }, io);
  const { product, command, overrides, report, root } = plan;
  const packages = product === undefined && report === undefined ? undefined : readPackages(root || "/");
  const older = report === undefined ? undefined : readOlderSpec(plan.specFile);
  writeSpec(plan.specFile, selection.paths());
  if (report !== undefined) writeReport(report, reportOf(command, selection, packages, excluded, older), io);
  if (failed !== undefined && product !== undefined)
    io.err(`vz trace: ${printable(failed[0] ?? "")} failed (${status}): only ${plan.specFile} was written\n`);
  if (failed !== undefined || (product === undefined && checker === undefined)) return status;
  const source = { command, cwd, env: io.env, overrides, root, packages };
  if (product !== undefined) await products.makeProduct(product, selection, source, io);
  if (checker === undefined || (await checker.check(selection, source))) return Status.ok;
  return Status.differs;
}

/** Names that the includes match now: a glob that matches nothing is found out before anything runs. */
function findIncluded({ includes, root }: TracePlan): string[] {
  const walker = new Walker(root);
  const files = new HostFiles(walker);
  return includes.flatMap((glob) => {
    const names = expandGlob(glob, walker, files);
    const bad = (why: string) => new VzError(Status.usage, `--include ${printable(toFs(glob.text))}: ${why}`);
    if (names.length === 0) throw bad("there is no such file");
    if (!mayInclude(names, walker)) throw bad("is the kernel's, or the container's own");
    return names;
  });
}

async function traceOne(
  run: RecipeRun,
  { root, setuid }: TracePlan,
  cwd: string,
  checker: Checker | undefined,
  io: Io,
): Promise<TracedRun> {
  const { command } = run;
  const [program = ""] = command;
  const walker = new Walker(root);
  const file = findProgram(program, io.env["PATH"], cwd, walker);
  // chroot(1) would say less of it
  if (root !== "" && !isProgram(file, walker)) throw notExecuted(program, file, walker);
  const seccomp = !setuid && !isPrivileged(walker.fs(file));
  const whole = root === "" ? command : commandInRoot(root, command);
  const say = (line: string) => io.err(`vz trace: ${line}\n`);
  const capture = checker?.capture();
  const { result: traced, failure } = await exercising(run, (stop) =>
    runTraced(whole, fromFs(process.cwd()), seccomp, stop, say, capture),
  );
  if (traced.log.main === undefined) throw notExecuted(program, file, walker);
  if (failure !== undefined) throw new VzError(Status.failed, failure);
  if (capture !== undefined) checker?.add(run, traced, capture);
  return traced;
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

/** What the runs touched, what earlier specs list and the includes name, closed; without what the excludes cover. */
function selectAll(
  plan: TracePlan,
  runs: readonly TracedRun[],
  { cwd, included }: { readonly cwd: string; readonly included: readonly string[] },
  io: Io,
): { selection: Selection; excluded: readonly string[] } {
  const walker = new Walker(plan.root);
  const files = new HostFiles(walker);
  const touched = touchedBy(runs, plan.root);
  const selection = selectRuns(touched, runs, walker, plan.root);
  for (const { file, lines } of plan.earlier) tellGone(file, mergeSpec(lines, selection, walker), io);
  const early = dropExcluded(plan.excludes, selection);
  const executed = new Set(selection.executed);
  includeNames(included, selection, files, walker);
  addBinfmtInterpreters(selection, files, (line) => io.err(`vz trace: ${line}\n`));
  complete(selection, files, { env: io.env, cwd, touched, wanted: new Set(included) });
  const late = dropExcluded(plan.excludes, selection);
  const notes = new Set(runs.flatMap(({ log }) => [...log.notes]));
  // another root is entered by chroot(2), and its names are known
  if (plan.root !== "") notes.delete("chroot");
  warn(selection, { executed, notes, seccomp: runs.some((run) => run.seccomp) }, io);
  return { selection, excluded: [...new Set([...early, ...late])] };
}

function writeReport({ file, json }: ReportPlan, report: TraceReport, io: Io): void {
  const text = json
    ? `${JSON.stringify(report)}\n`
    : reportText(report, file === "-" ? io.outColumns : undefined);
  if (file === "-") io.out(text);
  else replaceFile(file, Buffer.from(text));
}

function tellGone(file: string, gone: readonly string[], io: Io): void {
  const [first] = gone;
  if (first === undefined) return;
  const more = gone.length > 1 ? ` and ${gone.length - 1} more` : "";
  io.err(`vz trace: ${file}: no longer there: ${shown(toFs(first))}${more}\n`);
}

/** The command's own exit status, 128 + n where signal n ended it; what was stopped as planned has done well. */
function statusOf({ code, signal, outcome }: TracedRun): number {
  if (outcome === "stopped") return Status.ok;
  if (outcome === "late") return Status.timedOut;
  if (signal === null) return code ?? Status.failed;
  const numbers: Readonly<Record<string, number>> = osConstants.signals;
  return 128 + (numbers[signal] ?? 0);
}
