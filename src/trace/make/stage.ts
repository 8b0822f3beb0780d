/** Directories that appear whole or not at all: filled under a temporary name beside their own, then renamed. */
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";
import { cleaningUp } from "../../image/build/cleaning-up.ts";

/** @throws VzError 64 where `directory` cannot be made, or may not be replaced: it holds files, or is no directory */
export function checkTarget(directory: string, force: boolean): void {
  const held = holds(directory);
  if (held === "other") throw new VzError(Status.usage, `${directory}: exists and is no directory`);
  if (held === "files" && !force)
    throw new VzError(Status.usage, `${directory}: not empty`, { hint: "--force replaces it" });
  // Neither the current directory nor a mount can be renamed, and nobody means to replace the directory that they are in.
  if (held !== "nothing" && `${process.cwd()}/`.startsWith(`${resolve(directory)}/`.replace("//", "/")))
    throw new VzError(Status.usage, `${directory}: is, or holds, the current directory`);
  if (held !== "nothing" && statSync(directory).dev !== statSync(dirname(resolve(directory))).dev)
    throw new VzError(Status.usage, `${directory}: something is mounted there: name a directory in it`);
  checkPlace(directory);
}

/** @throws VzError 64 where `directory`, which may hold other files too, is no directory or cannot be made */
export function checkDirectory(directory: string): void {
  if (holds(directory) === "nothing") checkPlace(directory);
  else if (!statSync(directory).isDirectory())
    throw new VzError(Status.usage, `${directory}: exists and is no directory`);
}

/** @throws VzError 64 where no image can be written under this name */
export function checkFile(file: string): void {
  const held = holds(file);
  if (held === "empty" || held === "files") throw new VzError(Status.usage, `${file}: is a directory`);
  checkPlace(file);
}

/** Missing directories above will be made: checks that the lowest existing one allows it. */
function checkPlace(target: string): void {
  let above = dirname(resolve(target));
  while (holds(above) === "nothing") above = dirname(above);
  const bad = (why: string, cause?: unknown) =>
    new VzError(Status.usage, `${target}: cannot be made in ${above}: ${why}`, { cause });
  try {
    if (!statSync(above).isDirectory()) throw bad("not a directory");
    accessSync(above, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw cause instanceof VzError ? cause : bad(reason(cause), cause);
  }
}

function holds(path: string): "nothing" | "empty" | "files" | "other" {
  try {
    if (!lstatSync(path).isDirectory()) return "other";
  } catch (error) {
    // also below what is no directory, or cannot be entered: `checkPlace` says why nothing can be made there
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return "nothing";
    throw error;
  }
  return readdirSync(path).length === 0 ? "empty" : "files";
}

/**
 * A temporary directory beside `target`, for as long as `fill` runs; gone afterwards, whatever happens, also when a
 * signal ends this process. The next one removes what a killed one left.
 * @param isBusy whether a signal now is meant for a command that runs, and not for this process
 */
export async function withTemporary<T>(
  target: string,
  fill: (directory: string) => Promise<T>,
  isBusy: () => boolean = () => false,
): Promise<T> {
  const whole = resolve(target);
  const parent = dirname(whole);
  const prefix = `.${basename(whole)}.vz-`;
  mkdirSync(parent, { recursive: true });
  sweep(parent, prefix);
  const directory = join(parent, `${prefix}${process.pid}`);
  mkdirSync(directory, 0o755);
  const clean = () => rmSync(directory, { recursive: true, force: true });
  try {
    return await cleaningUp(clean, () => fill(directory), isBusy);
  } finally {
    clean();
  }
}

/** Fills a temporary directory and gives it the name `target`, in place of what stood there. */
export async function stageDirectory<T>(
  target: string,
  force: boolean,
  fill: (directory: string) => Promise<T>,
): Promise<T> {
  return withTemporary(target, async (directory) => {
    const result = await fill(directory);
    checkTarget(target, force);
    const held = holds(target);
    const old = `${directory}-old`;
    if (held === "empty") rmdirSync(target);
    if (held === "files") renameSync(target, old);
    renameSync(directory, target);
    if (held === "files") rmSync(old, { recursive: true, force: true });
    return result;
  });
}

function sweep(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)(-old)?$/.exec(name.slice(prefix.length))?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}
