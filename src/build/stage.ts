/** Directories that appear whole or not at all: filled under a temporary name beside their own, then renamed. */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hasCode, Status, VzError } from "../common/errors.ts";
import { cleaningUp } from "./cleaning-up.ts";

/** @throws VzError 64 where `directory` is not to be written: it holds something, or is none */
export function checkTarget(directory: string, force: boolean): void {
  const held = holds(directory);
  if (held === "nothing" || held === "empty" || (force && held === "files")) return;
  if (held === "files") {
    const hint = "--force replaces it";
    throw new VzError(Status.usage, `${directory}: not empty`, { hint });
  }
  throw new VzError(Status.usage, `${directory}: exists and is no directory`);
}

function holds(path: string): "nothing" | "empty" | "files" | "other" {
  try {
    if (!lstatSync(path).isDirectory()) return "other";
    return readdirSync(path).length === 0 ? "empty" : "files";
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "nothing";
    throw error;
  }
}

/**
 * A temporary directory beside `target`, for as long as `fill` runs; gone afterwards, whatever happens, also when a
 * signal ends this process. What a killed one left is swept by the next.
 */
export async function withTemporary<T>(target: string, fill: (directory: string) => Promise<T>): Promise<T> {
  const whole = resolve(target);
  const parent = dirname(whole);
  const prefix = `.${basename(whole)}.vz-`;
  mkdirSync(parent, { recursive: true });
  sweep(parent, prefix);
  const directory = join(parent, `${prefix}${process.pid}`);
  mkdirSync(directory, 0o755);
  const clean = () => rmSync(directory, { recursive: true, force: true });
  try {
    return await cleaningUp(clean, () => fill(directory));
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
