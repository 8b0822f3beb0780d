/** Does what a plan of `vz trace` says: runs, closes over what was touched, writes what is made of it. */

import { fromFs } from "../common/byte-strings.ts";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { printable } from "../common/printable.ts";
import defer * as close from "./after.ts";
import defer * as products from "./make/products.ts";
import { Walker } from "./names/walk.ts";
import type { TracePlan } from "./plan.ts";
import type { RecipeRun } from "./recipe/recipe.ts";
import type { TraceLog } from "./watch/log.ts";
import { findProgram } from "./watch/program.ts";
import { runTraced, type TracedRun } from "./watch/run.ts";
import { type StopPlan, signalStatus, wasStopped } from "./watch/stop.ts";
import { isPrivileged } from "./watch/warnings.ts";

/** @returns the exit status: that of the run that failed, 2 where a check found differences, else 0 */
export async function traceAndMake(plan: TracePlan, io: Io): Promise<number> {
  if (plan.check === undefined) return work(plan, undefined, io);
  return close.checking(plan.check, io, (checker) => work(plan, checker, io));
}

async function work(plan: TracePlan, checker: close.Checker | undefined, io: Io): Promise<number> {
  if (plan.root !== "") close.prepareRoot(plan.root);
  const cwd = plan.root === "" ? fromFs(process.cwd()) : "/";
  const included = plan.includes.length === 0 ? [] : close.findIncluded(plan, io);
  const runs: TracedRun[] = [];
  let seen: close.Ahead | undefined;
  const ahead = (log: TraceLog) => {
    // what runs beside the trace unseen may change what was looked at
    if (plan.root !== "" || plan.runs.length > 1 || plan.runs[0]?.until !== undefined) return;
    seen ??= new close.Ahead();
    seen.take(log);
  };
  let status: number = Status.ok;
  let failed: readonly string[] | undefined;
  for (const run of plan.runs) {
    const traced = await traceOne(run, plan, cwd, { checker, ahead }, io);
    runs.push(traced);
    status = statusOf(traced);
    if (status === Status.ok || wasStopped(traced, status)) continue;
    failed = run.command;
    break;
  }
  const { selection, excluded } = close.selectAll(plan, runs, { cwd, included, ahead: seen }, io);
  const { product, command, overrides, report, root } = plan;
  const packages =
    product === undefined && report === undefined ? undefined : close.readPackages(root || "/");
  const older = report === undefined ? undefined : close.readOlderSpec(plan.specFile);
  close.writeSpec(plan.specFile, selection.paths());
  if (report !== undefined)
    close.writeReport(report, close.reportOf(command, selection, packages, excluded, older), io);
  if (failed !== undefined && (product !== undefined || checker !== undefined))
    io.err(`vz trace: ${printable(failed[0] ?? "")} failed (${status}): only ${plan.specFile} was written\n`);
  if (failed !== undefined || (product === undefined && checker === undefined)) return status;
  const source = { command, cwd, env: io.env, overrides, root, packages };
  if (product !== undefined) await products.makeProduct(product, selection, source, io);
  if (checker === undefined || (await checker.check(selection, source))) return Status.ok;
  return Status.differs;
}

/** What goes on beside a run. */
interface Beside {
  readonly checker: close.Checker | undefined;
  /** Called in the pauses of its log. */
  ahead(log: TraceLog): void;
}

async function traceOne(
  run: RecipeRun,
  { root, setuid }: TracePlan,
  cwd: string,
  { checker, ahead }: Beside,
  io: Io,
): Promise<TracedRun> {
  const { command } = run;
  const [program = ""] = command;
  const walker = new Walker(root);
  const file = findProgram(program, io.env["PATH"], cwd, walker);
  // chroot(1) would say less of it
  if (root !== "" && !close.isProgram(file, walker)) throw close.notExecuted(program, file, walker);
  const seccomp = !setuid && !isPrivileged(walker.fs(file));
  const whole = root === "" ? command : close.commandInRoot(root, command);
  const say = (line: string) => io.err(`vz trace: ${line}\n`);
  const capture = checker?.capture();
  const start = (stop: StopPlan) => {
    const running = runTraced(whole, fromFs(process.cwd()), seccomp, stop, say, capture, ahead);
    // What comes after the run is read while it lasts.
    setTimeout(() => void close.selectAll, 0);
    return running;
  };
  const trace = async () =>
    run.exercise.length === 0
      ? { result: await start(run), failure: undefined }
      : await close.exercising(run, start);
  const { result: traced, failure } = await (checker === undefined ? trace() : checker.during(trace));
  if (traced.log.main === undefined) throw close.notExecuted(program, file, walker);
  if (failure !== undefined) throw new VzError(Status.failed, failure);
  if (capture !== undefined) checker?.add(run, traced, capture);
  return traced;
}

/** The command's own exit status, 128 + n where signal n ended it; what was stopped as planned has done well. */
function statusOf({ code, signal, outcome }: TracedRun): number {
  if (outcome === "stopped") return Status.ok;
  if (outcome === "late") return Status.timedOut;
  return signal === null ? (code ?? Status.failed) : signalStatus(signal);
}
