/** Runs a program of the master's to its end, with a bound on its time and on what it may say. */
import { spawn } from "node:child_process";
import { hasCode, Status, VzError } from "../../common/errors.ts";

export interface Outcome {
  /** Exit status; 128 + n after signal n. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The limit that ended it. */
  readonly stopped: "time" | "output" | undefined;
}

export interface Limits {
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes of standard output and error each. */
  readonly maxBytes: number;
}

const SIGNAL_STATUS: Readonly<Record<string, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGKILL: 137,
  SIGTERM: 143,
};

/** @throws VzError 78 when the program is not installed */
export function runProgram(argv: readonly string[], limits: Limits): Promise<Outcome> {
  const [file = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    let stopped: Outcome["stopped"];
    const stop = (why: "time" | "output") => {
      stopped ??= why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => stop("time"), limits.timeout);
    const collect = (stream: NodeJS.ReadableStream) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > limits.maxBytes) stop("output");
        else chunks.push(chunk);
      });
      return () => Buffer.concat(chunks).toString("utf8");
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on("error", (cause) => {
      clearTimeout(timer);
      reject(missingProgram(file, cause));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const status = code ?? SIGNAL_STATUS[signal ?? ""] ?? 128;
      resolve({ status, stdout: stdout(), stderr: stderr(), stopped });
    });
  });
}

/** The error of a spawn that failed; a hint where the program is not installed. */
export function missingProgram(file: string, cause: unknown): unknown {
  if (!hasCode(cause, "ENOENT")) return cause;
  const packages: Readonly<Record<string, string>> = {
    ssh: "openssh-client",
    "ssh-keygen": "openssh-client",
    "ansible-playbook": "ansible-core",
  };
  return new VzError(Status.badConfig, `${file}: not installed`, {
    cause,
    hint: `apt-get install ${packages[file] ?? file}`,
  });
}

/** Runs `work` for each item, at most `limit` at a time; results in the order of the items. */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) {
      const item = items[i];
      if (item !== undefined) results[i] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
