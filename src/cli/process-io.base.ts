/**
 * src/cli/process-io.ts for the base, without the global `process`: the start of a container has no use for it, and to make
 * it would take a twentieth of that start. Nothing is looked up before it is asked for.
 */
import * as sys from "vz:sys";
import { hasCode } from "../common/errors.ts";
import type { Io } from "../common/io.ts";

/** Status of a program whose reader went away: 128 + SIGPIPE. */
const BROKEN_PIPE = 141;
/** Width of a terminal that does not tell its own (a serial console says 0). */
const ASSUMED_COLUMNS = 80;

/** argv[0] and the arguments. */
export function commandLine(): readonly string[] {
  return sys.argv;
}

/** The global `process` if something has used it already; to read it here would make it. */
function nodeProcess(): NodeJS.Process | undefined {
  return Object.getOwnPropertyDescriptor(globalThis, "process")?.value;
}

/** @param report called with an error or rejection that nobody caught; gives the status to end with */
export function onUncaught(report: (error: unknown) => number): void {
  sys.onUncaught((error) => exit(report(error)));
}

/** Ends the process with this status once it has nothing more to wait for. */
export function endWith(status: number): void {
  const process = nodeProcess();
  if (process !== undefined) process.exitCode = status;
  else sys.onIdle(() => sys.exit(status));
}

export function exit(status: number): never {
  nodeProcess()?.exit(status);
  sys.exit(status);
}

function write(fd: number, text: string): void {
  try {
    sys.writeAll(fd, text);
  } catch (error) {
    if (hasCode(error, "EPIPE")) exit(BROKEN_PIPE);
    throw error;
  }
}

function environment(): Record<string, string> {
  const pairs = sys.environ.map((line): [string, string] => {
    const at = line.indexOf("=", 1);
    return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
  });
  // of two lines with one name, getenv(3) sees the first
  return Object.fromEntries(pairs.reverse());
}

function columns(fd: number): number | undefined {
  return sys.isatty(fd) ? sys.windowSize(fd)?.columns || ASSUMED_COLUMNS : undefined;
}

export function processIo(): Io {
  return {
    get env() {
      return nodeProcess()?.env ?? environment();
    },
    out: (text) => write(1, text),
    err(text) {
      try {
        write(2, text);
      } catch {
        // there is no one to tell; the status still says how it went
      }
    },
    get outColumns() {
      return columns(1);
    },
    get errColumns() {
      return columns(2);
    },
  };
}
