/**
 * `vz trace --check`: runs the same command once more, by vz's own runner in a bundle made of what was traced, and tells what
 * differs. Names the first file that was looked for in vain there, though this system has it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { toFs } from "../../common/byte-strings.ts";
import { Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { printable } from "../../common/printable.ts";
import { quoteWord, quoteWords } from "../../common/shell-words.ts";
import type { BundleSource } from "../make/products.ts";
import defer * as products from "../make/products.ts";
import { withTemporary } from "../make/stage.ts";
import type { Selection } from "../names/selection.ts";
import type { RecipeRun } from "../recipe/recipe.ts";
import { Capture } from "../watch/capture.ts";
import { exercising } from "../watch/exercise.ts";
import { type TracedRun, underStrace } from "../watch/run.ts";
import { signalStatus } from "../watch/stop.ts";
import { checkArgv } from "./argv.ts";
import { compareEnds, compareOutput } from "./compare-runs.ts";
import { LookupLog } from "./lookup-log.ts";
import { missingFiles } from "./missing-files.ts";

export interface CheckPlan {
  /** Compares no output, which may hold the time, say. */
  readonly statusOnly: boolean;
  /** File that is the standard input of both runs; undefined for none. */
  readonly input: string | undefined;
}

/** A run that did well, and its output. */
interface Known {
  readonly run: RecipeRun;
  readonly traced: TracedRun;
  readonly capture: Capture;
}

/** A run in the root that nothing else stops may take `SLACK_TIMES` as long as the traced one, and `SLACK_MS` more. */
const SLACK_MS = 20_000;
const SLACK_TIMES = 10;

export class Checker {
  /** Whether a command runs that gets the signals of this process. */
  isRunning = false;
  readonly #plan: CheckPlan;
  readonly #io: Io;
  readonly #directory: string;
  readonly #known: Known[] = [];

  /** @param directory an empty one for the bundles and the runs' output; the caller removes it */
  constructor(plan: CheckPlan, directory: string, io: Io) {
    this.#plan = plan;
    this.#directory = directory;
    this.#io = io;
  }

  /** Runs a command that gets the signals of this process meanwhile. */
  async during<T>(run: () => Promise<T>): Promise<T> {
    this.isRunning = true;
    try {
      return await run();
    } finally {
      this.isRunning = false;
    }
  }

  /** Streams for the next run that is traced; its output is shown as it comes. */
  capture(): Capture {
    return new Capture(this.#directory, `here-${this.#known.length}`, this.#plan.input, true);
  }

  /** Adds a run that did well, with the capture that was made for it. */
  add(run: RecipeRun, traced: TracedRun, capture: Capture): void {
    this.#known.push({ run, traced, capture });
  }

  /** Runs each of them again in a writable bundle of its own. @returns whether all was the same */
  async check(selection: Selection, source: BundleSource): Promise<boolean> {
    const quiet: Io = { ...this.#io, err() {}, errColumns: undefined };
    let same = true;
    for (const [i, known] of this.#known.entries()) {
      const bundle = join(this.#directory, `check-${process.pid}-${i}`);
      const overrides = { ...source.overrides, args: known.run.command };
      mkdirSync(bundle);
      await products.fillBundle(bundle, selection, { ...source, overrides }, quiet);
      same = (await this.#checkOne(known, bundle, selection, source, i)) && same;
      rmSync(bundle, { recursive: true, force: true });
    }
    return same;
  }

  async #checkOne(
    { run, traced, capture }: Known,
    bundle: string,
    selection: Selection,
    source: BundleSource,
    number: number,
  ): Promise<boolean> {
    if (traced.outcome === "none" && traced.forwarded.size > 0) {
      const hint = "--for or --until says when to stop it, here and there";
      throw new VzError(Status.failed, "vz trace: --check: a run that was stopped by hand", { hint });
    }
    const there = new Capture(this.#directory, `there-${number}`, this.#plan.input, false);
    const log = new LookupLog();
    const limited = this.#limited(run, traced);
    const again = () =>
      exercising(limited, (plan) =>
        underStrace({
          argv: (file) => checkArgv(bundle, file, traced.seccomp),
          take: (lines) => log.take(lines),
          main: () => log.main,
          plan,
          say: (line) => this.#say(run, `in the root, ${line}`),
          streams: there,
        }),
      );
    const { result: end, failure } = await this.during(again);
    forget(bundle);
    const [signal] = end.forwarded;
    if (signal !== undefined)
      throw new VzError(signalStatus(signal), `vz trace: --check: ended by ${signal}`);
    const differences = [
      ...(failure === undefined ? [] : [`${failure} there`]),
      ...compareEnds(traced, end, limited === run),
      ...(this.#plan.statusOnly || traced.outcome === "stopped"
        ? []
        : [
            ...compareOutput("stdout", capture.stdout, there.stdout),
            ...compareOutput("stderr", capture.stderr, there.stderr),
          ]),
    ];
    if (differences.length === 0) return true;
    for (const line of differences) this.#say(run, line);
    this.#sayMissing(run, bundle, log, selection, source);
    return false;
  }

  /** A run that ended by itself must end by itself again; only time limits it. */
  #limited(run: RecipeRun, { outcome, started, ended }: TracedRun): RecipeRun {
    if (outcome === "stopped") return run;
    const seconds = (SLACK_MS + SLACK_TIMES * (ended - started)) / 1000;
    return { command: run.command, until: undefined, seconds: Math.ceil(seconds), exercise: [] };
  }

  #sayMissing(
    run: RecipeRun,
    bundle: string,
    log: LookupLog,
    selection: Selection,
    source: BundleSource,
  ): void {
    const missing = missingFiles(bundle, log, selection, source.root);
    const [first, ...others] = missing.map((name) => printable(toFs(name)));
    if (first === undefined) {
      this.#say(run, "no file was missed there, but for what was left out on purpose: --report tells");
      const fill = selection.notes.leftOut.flatMap(({ what, include }) =>
        include?.endsWith("/**") && selection.directories.has(what) ? include : [],
      );
      const globs = fill.slice(0, 3).map((glob) => quoteWord(printable(toFs(glob))));
      if (globs.length > 0)
        this.#say(run, `directories hold less there: --include ${globs.join(" --include ")}`);
    } else {
      const shown = others.slice(0, 5).join(", ");
      const more = others.length > 5 ? ` and ${others.length - 5} more` : "";
      this.#say(run, `the first file missed there: ${first}`);
      if (others.length > 0) this.#say(run, `then: ${shown}${more}`);
    }
  }

  #say(run: RecipeRun, line: string): void {
    const name = this.#known.length > 1 ? `${printable(quoteWords(run.command)).slice(0, 60)}: ` : "";
    this.#io.err(`vz trace: check: ${name}${line}\n`);
  }
}

/** Gives `act` a checker, and removes what it leaves, also when a signal ends this process. */
export async function checking<T>(
  plan: CheckPlan,
  io: Io,
  act: (checker: Checker) => Promise<T>,
): Promise<T> {
  let checker: Checker | undefined;
  const begin = (directory: string) => {
    checker = new Checker(plan, directory, io);
    return act(checker);
  };
  return withTemporary(join(tmpdir(), "vz-check"), begin, () => checker?.isRunning === true);
}

/** Removes the runner's record of a bundle; there is none where the run did not get so far. */
function forget(bundle: string): void {
  spawnSync("/proc/self/exe", ["runch", "delete", "--force", basename(bundle)], { stdio: "ignore" });
}

/** @throws VzError 77 unless root runs this: nobody else may run bundles */
export function mayCheck(): void {
  if (process.getuid?.() === 0) return;
  throw new VzError(Status.refused, "vz trace: --check: needs root, to run a bundle", {
    hint: "sudo vz trace --check …, or run the bundle where you may",
  });
}
