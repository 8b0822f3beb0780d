/** Makes a root filesystem out of a selection of the host's files. */
import { chmodSync, linkSync, lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";
import { setTimeout } from "node:timers/promises";
import * as sys from "vz:sys";
import { toFs } from "../../common/byte-strings.ts";
import type { Progress } from "../../common/command/progress.ts";
import { hasCode } from "../../common/errors.ts";
import { COMMON_DEVICES, type Selection } from "../names/selection.ts";
import { parentOf } from "../names/walk.ts";
import { copyFile, copyLink, dressDirectory, giveAway } from "./copy.ts";

/**
 * Directories that programs expect, made empty where the selection lacks them. The kernel's trees get these modes; the others
 * get mode and owner that they have in the traced root, else these modes.
 */
const EXPECTED: readonly (readonly [path: string, mode: number])[] = [
  ["/dev", 0o755],
  ["/proc", 0o555],
  ["/run", 0o755],
  ["/sys", 0o555],
  ["/tmp", 0o1777],
  ["/var/tmp", 0o1777],
];
const KERNEL_TREES = ["/dev", "/proc", "/sys"];
/** On most systems a link to /run, which old programs know by this name. */
const OLD_RUN = "/var/run";

/** Files to copy between two turns of the event loop, in which signals arrive. */
const TURN = 32;

export interface Copied {
  readonly files: number;
  readonly bytes: number;
}

/**
 * @param root an empty directory, a string of the file functions
 * @param total bytes of all files, for the progress bar
 */
export async function makeRootfs(
  root: string,
  selection: Selection,
  progress: Progress,
  total: number,
): Promise<Copied> {
  const directories = new Set<string>(["/"]);
  /** Makes a directory with all above it. */
  const make = (path: string): void => {
    if (directories.has(path)) return;
    make(parentOf(path));
    directories.add(path);
    mkdirSync(root + toFs(path), 0o700);
  };
  /** First copy of each file that has more than one name, by device and inode. */
  const shared = new Map<string, string>();
  let bytes = 0;
  let count = 0;
  for (const path of selection.paths()) {
    make(selection.directories.has(path) ? path : parentOf(path));
    if (selection.directories.has(path) || selection.devices.has(path)) continue;
    const from = selection.fs(path);
    const to = root + toFs(path);
    if (selection.links.has(path)) copyLink(from, to);
    else bytes += copyOrLink(from, to, shared);
    progress.update(bytes, total);
    if (++count % TURN === 0) await setTimeout(0);
  }
  for (const [path] of EXPECTED) {
    if (!selection.links.has(path) && !selection.links.has(parentOf(path))) make(path);
  }
  copyOldRun(root, selection, directories);
  makeDevices(root, selection, directories);
  for (const path of [...directories].sort().reverse()) dress(root, path, selection);
  return { files: count, bytes };
}

function copyOrLink(from: string, to: string, shared: Map<string, string>): number {
  const stat = lstatSync(from, { bigint: true });
  const key = `${stat.dev}:${stat.ino}`;
  const first = stat.nlink > 1n ? shared.get(key) : undefined;
  if (first !== undefined) {
    linkSync(first, to);
    return 0;
  }
  if (stat.nlink > 1n) shared.set(key, to);
  return copyFile(from, to).size;
}

function copyOldRun(root: string, selection: Selection, directories: ReadonlySet<string>): void {
  if (selection.links.has(OLD_RUN) || directories.has(OLD_RUN) || !directories.has("/var")) return;
  const from = selection.fs(OLD_RUN);
  try {
    if (/^(\/|\.\.\/)run\/?$/.test(readlinkSync(from))) copyLink(from, root + OLD_RUN);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "EINVAL")) throw error;
  }
}

/** Makes /dev/null always, since hardly a program does without, and what else was used; as far as this user may. */
function makeDevices(root: string, selection: Selection, directories: ReadonlySet<string>): void {
  const { S_IFCHR } = sys.constants;
  for (const [path, [major, minor]] of Object.entries(COMMON_DEVICES)) {
    if (!directories.has("/dev")) return;
    if (path !== "/dev/null" && !selection.devices.has(path)) continue;
    try {
      sys.mknod(root + path, S_IFCHR | 0o666, major, minor);
      chmodSync(root + path, 0o666);
    } catch (error) {
      if (!hasCode(error, "EPERM")) throw error;
    }
  }
  for (const tree of selection.notes.deviceTrees) {
    mkdirSync(root + tree);
    chmodSync(root + tree, tree === "/dev/shm" ? 0o1777 : 0o755);
  }
}

function dress(root: string, path: string, selection: Selection): void {
  const from = selection.fs(path);
  const to = root + toFs(path);
  const expected = EXPECTED.find(([name]) => name === path)?.[1];
  const model = KERNEL_TREES.includes(path) ? undefined : directoryOrNone(from);
  if (path === "/" || model === undefined) chmodSync(to, expected ?? 0o755);
  else if (expected === undefined) dressDirectory(from, to);
  else {
    giveAway(to, model);
    chmodSync(to, model.mode & 0o7777);
  }
}

function directoryOrNone(path: string): Stats | undefined {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() ? stat : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
