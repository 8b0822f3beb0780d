/** Does what a plan of `vz trace` says: runs the commands, completes what they touched, writes what is made of it. */

import { fromFs } from "../common/byte-strings.ts";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { printable } from "../common/printable.ts";
import defer * as after from "./after.ts";
import defer * as checks from "./check/check.ts";
import defer * as products from "./make/products.ts";
import { Walker } from "./names/walk.ts";
import type { TracePlan } from "./plan.ts";
import type { RecipeRun } from "./recipe/recipe.ts";
import defer * as owners from "./report/packages.ts";
import defer * as reports from "./report/report.ts";
import defer * as looks from "./select/ahead.ts";
import defer * as specs from "./select/spec.ts";
import defer * as exercises from "./watch/exercise.ts";
import type { TraceLog } from "./watch/log.ts";
import { findProgram } from "./watch/program.ts";
import defer * as roots from "./watch/root.ts";
import { runTraced, type TracedRun } from "./watch/run.ts";
import { type StopPlan, signalStatus, wasStopped } from "./watch/stop.ts";
import { isPrivileged } from "./watch/warnings.ts";

/** @returns the exit status: that of the run that failed, 2 where a check found differences, else 0 */
export async function traceAndMake(plan: TracePlan, io: Io): Promise<number> {
  if (plan.check === undefined) return work(plan, undefined, io);
  return checks.checking(plan.check, io, (checker) => work(plan, checker, io));
}

async function work(plan: TracePlan, checker: checks.Checker | undefined, io: Io): Promise<number> {
  if (plan.root !== "") roots.prepareRoot(plan.root);
  const cwd = plan.root === "" ? fromFs(process.cwd()) : "/";
  const included = plan.includes.length === 0 ? [] : after.findIncluded(plan, io);
  const runs: TracedRun[] = [];
  let seen: looks.Ahead | undefined;
  const ahead = (log: TraceLog) => {
    // what runs untraced beside the command may change files after they were looked at
    if (plan.root !== "" || plan.runs.length > 1 || plan.runs[0]?.until !== undefined) return;
    seen ??= new looks.Ahead();
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
  const { selection, excluded } = after.selectAll(plan, runs, { cwd, included, ahead: seen }, io);
  const { product, command, overrides, report, root } = plan;
  const packages =
    product === undefined && report === undefined ? undefined : owners.readPackages(root || "/");
  const older = report === undefined ? undefined : specs.readOlderSpec(plan.specFile);
  specs.writeSpec(plan.specFile, selection.paths());
  if (report !== undefined)
    after.writeReport(report, reports.reportOf(command, selection, packages, excluded, older), io);
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
  readonly checker: checks.Checker | undefined;
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
  if (root !== "" && !after.isProgram(file, walker)) throw after.notExecuted(program, file, walker);
  const seccomp = !setuid && !isPrivileged(walker.fs(file));
  const whole = root === "" ? command : roots.commandInRoot(root, command);
  const say = (line: string) => io.err(`vz trace: ${line}\n`);
  const capture = checker?.capture();
  const start = (stop: StopPlan) => {
    const running = runTraced(whole, fromFs(process.cwd()), seccomp, stop, say, capture, ahead);
    setTimeout(() => after.readAhead(), 0);
    return running;
  };
  const trace = async () =>
    run.exercise.length === 0
      ? { result: await start(run), failure: undefined }
      : await exercises.exercising(run, start);
  const { result: traced, failure } = await (checker === undefined ? trace() : checker.during(trace));
  if (traced.log.main === undefined) throw after.notExecuted(program, file, walker);
  if (failure !== undefined) throw new VzError(Status.failed, failure);
  if (capture !== undefined) checker?.add(run, traced, capture);
  return traced;
}

/** The command's own exit status, 128 + n where signal n ended it; 0 where it was stopped as planned. */
function statusOf({ code, signal, outcome }: TracedRun): number {
  if (outcome === "stopped") return Status.ok;
  if (outcome === "late") return Status.timedOut;
  return signal === null ? (code ?? Status.failed) : signalStatus(signal);
}
