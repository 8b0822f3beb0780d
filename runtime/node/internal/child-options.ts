/** What spawn and spawnSync have in common: arguments, options, descriptors. */
import * as sys from "vz:sys";
import { checkOptions, codedError, invalidType, invalidValue, notOffered } from "./errors.ts";
import { pathText } from "./fs-args.ts";

type StdioItem = "pipe" | "inherit" | "ignore" | number | null | undefined | { fd: number };
export type Stdio = StdioItem | readonly StdioItem[];

export interface CommonOptions {
  cwd?: string | Uint8Array | undefined;
  env?: Readonly<Record<string, unknown>> | undefined;
  argv0?: string | undefined;
  stdio?: Stdio;
  detached?: boolean;
  uid?: number | undefined;
  gid?: number | undefined;
  /** Milliseconds after which the child gets `killSignal`. */
  timeout?: number | undefined;
  killSignal?: string | number | undefined;
  shell?: false;
  windowsHide?: boolean;
}

const COMMON = [
  "cwd",
  "env",
  "argv0",
  "stdio",
  "detached",
  "uid",
  "gid",
  "timeout",
  "killSignal",
  "shell",
  "windowsHide",
];

export interface Request<T> {
  file: string;
  args: string[];
  options: T;
}

/** (file[, args][, options]), each checked. */
export function readRequest<T extends CommonOptions>(
  name: string,
  file: unknown,
  second: unknown,
  third: unknown,
  more: readonly string[],
): Request<T> {
  if (typeof file !== "string") throw invalidType("file", "of type string", file);
  if (file === "") throw invalidValue("file", file, "cannot be empty");
  if (second !== undefined && second !== null && typeof second !== "object") {
    throw invalidType("args", "of type object", second);
  }
  const given = Array.isArray(second) ? third : (third ?? second);
  if (given !== undefined && given !== null && typeof given !== "object") {
    throw invalidType("options", "of type object", given);
  }
  const options = (given ?? {}) as T;
  checkOptions(`child_process.${name}`, options, [...COMMON, ...more]);
  if (options.shell) throw notOffered("child_process: option shell");
  const args: string[] = Array.isArray(second) ? second.map(String) : [];
  for (const [i, word] of [file, ...args].entries()) {
    if (word.includes("\0"))
      throw invalidValue(i === 0 ? "file" : `args[${i - 1}]`, word, "must be a string without null bytes");
  }
  return { file, args, options };
}

function environment(env: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${String(value)}`],
  );
}

/** Descriptors of the child, the ends of its pipes that stay with us (-1 for none), and those that it gets. */
export interface Plumbing {
  child: number[];
  ours: number[];
  theirs: number[];
}

export function plumb(stdio: Stdio | undefined): Plumbing {
  const list: StdioItem[] = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  while (list.length < 3) list.push(undefined);
  const plumbing: Plumbing = { child: [], ours: [], theirs: [] };
  try {
    for (const [i, item] of list.entries()) connect(plumbing, item, i);
  } catch (error) {
    closeAll(plumbing);
    throw error;
  }
  return plumbing;
}

function connect(plumbing: Plumbing, item: StdioItem, i: number): void {
  const kind = item ?? (i < 3 ? "pipe" : "ignore");
  let child = -1;
  let ours = -1;
  if (kind === "pipe") {
    const [readEnd, writeEnd] = sys.pipe();
    [child, ours] = i === 0 ? [readEnd, writeEnd] : [writeEnd, readEnd];
    plumbing.theirs.push(child);
  } else if (kind === "inherit") child = i;
  else if (typeof kind === "number") child = kind;
  else if (typeof kind === "object" && typeof kind.fd === "number") child = kind.fd;
  else if (kind !== "ignore") throw invalidValue("stdio", kind);
  plumbing.child.push(child);
  plumbing.ours.push(ours);
}

export function closeTheirs(plumbing: Plumbing): void {
  for (const fd of plumbing.theirs) sys.close(fd);
}

export function closeAll(plumbing: Plumbing): void {
  closeTheirs(plumbing);
  for (const fd of plumbing.ours) if (fd >= 0) sys.close(fd);
}

/** Starts the program; gives its pid. */
export function launch({ file, args, options }: Request<CommonOptions>, stdio: readonly number[]): number {
  const { cwd, uid, gid } = options;
  return sys.spawn(file, [options.argv0 ?? file, ...args], {
    env: environment(options.env ?? globalThis.process.env),
    stdio,
    detached: options.detached === true,
    ...(cwd === undefined ? {} : { cwd: pathText(cwd) }),
    // who becomes somebody else does not keep root's groups
    ...(uid === undefined && gid === undefined ? {} : { groups: [] }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}

/** Node names the program, whatever step of starting it failed. */
export function spawnFailure(error: unknown, call: "spawn" | "spawnSync", request: Request<object>): Error {
  const { code, errno } = error as { code?: string; errno?: number };
  if (code === undefined) throw error;
  const syscall = `${call} ${request.file}`;
  const failure = codedError(Error, code, `${syscall} ${code}`);
  return Object.assign(failure, { errno, syscall, path: request.file, spawnargs: request.args });
}
