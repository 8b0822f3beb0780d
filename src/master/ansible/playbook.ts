/** Runs a playbook of `ansible/` and passes its events on as they come. */
import { spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { VzError } from "../../common/errors.ts";
import { replaceFile } from "../../common/files.ts";
import type { Io } from "../../common/io.ts";
import { missingProgram } from "../wire/program.ts";
import type { SshSettings } from "../wire/ssh.ts";
import { playbookEnvironment } from "./environment.ts";
import { type PlaybookEvent, readEvent } from "./events.ts";
import { removeStrangers, unpack } from "./unpack.ts";

/** Beginning of the names of directories of one run. */
const SCRATCH = "vz-ansible-";
/** Milliseconds after which no run can still need its directory. */
const STALE = 24 * 3_600_000;
const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export interface PlaybookRun {
  /** "deploy.yml" */
  readonly playbook: string;
  readonly inventory: unknown;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly knownHosts: string;
  readonly ssh?: SshSettings;
  /** Only tells what it would change. */
  readonly check?: boolean;
  /** Shows all that Ansible says. */
  readonly verbose?: boolean;
}

export interface PlaybookEnd {
  readonly status: number;
  /** What Ansible said beside the events: warnings, errors in a playbook. */
  readonly said: string;
}

/** Runs the playbook to its end. Failures of hosts come as events; the status is Ansible's. */
export async function runPlaybook(
  run: PlaybookRun,
  io: Io,
  onEvent: (event: PlaybookEvent) => void,
): Promise<PlaybookEnd> {
  const unpacked = unpack("ansible", io.env);
  removeStrangers(unpacked);
  const files = unpacked.directory;
  sweep(tmpdir());
  const scratch = mkdtempSync(join(tmpdir(), SCRATCH));
  try {
    const inventory = join(scratch, "inventory.json");
    const variables = join(scratch, "variables.json");
    replaceFile(inventory, JSON.stringify(run.inventory), 0o600);
    replaceFile(variables, JSON.stringify(run.variables ?? {}), 0o600);
    const args = ["-i", inventory, "-e", `@${variables}`, ...(run.check ? ["--check"] : [])];
    const env = playbookEnvironment(io.env, {
      files,
      scratch,
      knownHosts: run.knownHosts,
      ssh: run.ssh ?? {},
    });
    return await follow([...args, join(files, run.playbook)], files, env, (line) => {
      const event = readEvent(line);
      if (event !== undefined) onEvent(event);
      else if (run.verbose) io.err(`${line}\n`);
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Removes what killed runs left behind. */
function sweep(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(SCRATCH)) continue;
    const path = join(directory, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) continue;
    if (Date.now() - found.mtimeMs > STALE) rmSync(path, { recursive: true, force: true });
  }
}

function follow(
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  onLine: (line: string) => void,
): Promise<PlaybookEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn("ansible-playbook", [...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const said: string[] = [];
    const out = eachLine(child.stdout, (line) => {
      if (!line.startsWith("{")) said.push(line);
      onLine(line);
    });
    const err = eachLine(child.stderr, (line) => {
      said.push(line);
      onLine(line);
    });
    // Ansible ends its own children; then the run's files are taken away, and only then this process ends.
    let interrupted: NodeJS.Signals | undefined;
    const interrupt = (signal: NodeJS.Signals) => {
      interrupted ??= signal;
      child.kill("SIGTERM");
    };
    for (const signal of SIGNALS) process.on(signal, interrupt);
    const finish = () => {
      for (const signal of SIGNALS) process.removeListener(signal, interrupt);
    };
    child.on("error", (cause) => {
      finish();
      reject(missingProgram("ansible-playbook", cause));
    });
    child.on("close", (code) => {
      finish();
      out();
      err();
      if (interrupted === undefined) resolve({ status: code ?? 1, said: said.join("\n").trim() });
      else reject(interruption(interrupted));
    });
  });
}

function interruption(signal: NodeJS.Signals): VzError {
  return new VzError(
    128 + constants.signals[signal],
    "interrupted: what was under way on slaves may be done or not",
    {
      hint: "run it again: it ends right",
    },
  );
}

/** Calls `onLine` for each whole line. @returns a function that hands over what is left at the end */
function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => void {
  const decoder = new TextDecoder();
  let rest = "";
  const feed = (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
  stream.on("data", (chunk: Buffer) => feed(decoder.decode(chunk, { stream: true })));
  return () => {
    feed(decoder.decode());
    if (rest !== "") onLine(rest);
  };
}
