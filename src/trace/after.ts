/** What `vz trace` does once a run has ended: from what was touched to what is kept. */

import { firstShown, shown } from "../common/byte-strings.ts";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { addBinfmtInterpreters } from "./closure/binfmt.ts";
import { complete } from "./closure/closure.ts";
import { interpreterOf, missingInterpreter, SCRIPT_LINE } from "./closure/interpreter.ts";
import { HostFiles } from "./elf/host-files.ts";
import type { Selection } from "./names/selection.ts";
import { Walker } from "./names/walk.ts";
import type { ReportPlan, TracePlan } from "./plan.ts";
import type { TraceReport } from "./report/report.ts";
import { reportText } from "./report/text.ts";
import type { Ahead, Seen } from "./select/ahead.ts";
import { dropExcluded, expandGlob, includeNames, mayInclude, mergeSpec } from "./select/include.ts";
import { selectRuns, touchedBy } from "./select/runs.ts";
import { writeOutput } from "./select/spec.ts";
import type { TracedRun } from "./watch/run.ts";
import { warn } from "./watch/warnings.ts";

/** Does nothing; a call loads this bundle early, while a run takes its time. */
export function readAhead(): void {}

/** Names that the includes match now: a glob that matches nothing is found out before anything runs. */
export function findIncluded({ includes, root }: TracePlan, io: Io): string[] {
  const walker = new Walker(root);
  const files = new HostFiles(walker);
  return includes.flatMap((glob) => {
    const option = `--include ${shown(glob.text)}`;
    const closed: string[] = [];
    const names = expandGlob(glob, walker, files, (directory) => closed.push(directory));
    if (closed.length > 0)
      io.err(`vz trace: ${option}: not looked into, permission denied: ${firstShown(closed)}\n`);
    const bad = (why: string) => new VzError(Status.usage, `${option}: ${why}`);
    if (names.length === 0) throw bad("there is no such file");
    if (!mayInclude(names, walker)) throw bad("is the kernel's, or the container's own");
    return names;
  });
}

/** The error for a program that was not executed; strace has printed its reason by now. */
export function notExecuted(program: string, file: string, walker: Walker): VzError {
  if (!isProgram(file, walker)) {
    const hint = "a script without a #! line needs its interpreter's name before it";
    return new VzError(Status.notExecutable, `${program}: neither an ELF program nor a script`, { hint });
  }
  const missing = missingInterpreter(file, new HostFiles(walker));
  if (missing !== undefined)
    return new VzError(Status.notFound, `${program}: its interpreter ${shown(missing)} is not there`);
  const hint = "strace says why above; it needs ptrace(2), which a traced or confined process lacks";
  return new VzError(Status.runnerFailed, `${program}: cannot be traced`, { hint });
}

export function isProgram(file: string, walker: Walker): boolean {
  const files = new HostFiles(walker);
  return files.elf(file) !== null || interpreterOf(files.part(file, 0, SCRIPT_LINE)) !== undefined;
}

/** What the runs touched, earlier specs list and the includes name, with all that these need; without the excluded. */
export function selectAll(
  plan: TracePlan,
  runs: readonly TracedRun[],
  {
    cwd,
    included,
    ahead,
  }: { readonly cwd: string; readonly included: readonly string[]; readonly ahead: Ahead | undefined },
  io: Io,
): { selection: Selection; excluded: readonly string[] } {
  const touched = touchedBy(runs, plan.root);
  const { walker, files, draft } = ahead?.end(runs) ?? looking(plan.root);
  const selection = selectRuns(touched, runs, walker, plan.root, draft);
  for (const { file, lines } of plan.earlier) tellGone(file, mergeSpec(lines, selection, walker), io);
  const early = dropExcluded(plan.excludes, selection);
  const executed = new Set(selection.executed);
  includeNames(included, selection, files, walker);
  addBinfmtInterpreters(selection, files, (line) => io.err(`vz trace: ${line}\n`));
  complete(selection, files, { env: io.env, cwd, touched, wanted: new Set(included) });
  const late = dropExcluded(plan.excludes, selection);
  const notes = new Set(runs.flatMap(({ log }) => [...log.notes]));
  // vz itself enters another root by chroot(2), and knows the names in it
  if (plan.root !== "") notes.delete("chroot");
  warn(selection, { executed, notes, seccomp: runs.some((run) => run.seccomp) }, io);
  return { selection, excluded: [...new Set([...early, ...late])] };
}

function looking(root: string): Seen {
  const walker = new Walker(root);
  return { walker, files: new HostFiles(walker), draft: undefined };
}

export function writeReport({ file, json }: ReportPlan, report: TraceReport, io: Io): void {
  const text = json
    ? `${JSON.stringify(report)}\n`
    : reportText(report, file === "-" ? io.outColumns : undefined);
  if (file === "-") io.out(text);
  else writeOutput(file, Buffer.from(text));
}

function tellGone(file: string, gone: readonly string[], io: Io): void {
  if (gone.length > 0) io.err(`vz trace: ${file}: no longer there: ${firstShown(gone)}\n`);
}
