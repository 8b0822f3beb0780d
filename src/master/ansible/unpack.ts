/**
 * Files that the executable carries, laid out in a cache for programs that want them as files. They are compared with the
 * executable's every time: nothing that somebody else put there is run or sent.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as sys from "vz:sys";
import { version } from "../../common/command/version.ts";
import { sha256 } from "../../common/digest.ts";
import { replaceFile } from "../../common/files.ts";
import type { Io } from "../../common/io.ts";

export interface Unpacked {
  readonly directory: string;
  /** Names of the files below it. */
  readonly names: readonly string[];
}

/** Lays out a folder that the executable carries, such as "ansible". */
export function unpack(folder: string, env: Io["env"]): Unpacked {
  const prefix = `${folder}/`;
  const carried = sys.assets().filter((name) => name.startsWith(prefix));
  return layOut(
    folder,
    carried.flatMap((name): File[] => {
      const bytes = sys.asset(name);
      return bytes === null ? [] : [{ name: name.slice(prefix.length), bytes }];
    }),
    env,
  );
}

export interface File {
  /** Relative to the directory. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Lays the files out in the cache's directory for `folder`. */
export function layOut(folder: string, files: readonly File[], env: Io["env"]): Unpacked {
  const cache = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
  const { version: number, commit } = version();
  const root = join(cache, "vz", `${number}-${commit}`);
  const directory = join(root, folder);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(root, 0o700);
  for (const { name, bytes } of files) settle(join(directory, name), bytes);
  return { directory, names: files.map(({ name }) => name) };
}

/** Writes the file unless it is there with these very bytes. */
function settle(file: string, bytes: Uint8Array): void {
  if (isThere(file, bytes)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, bytes, 0o644);
}

/** By size and hash, which C makes: to compare megabytes byte by byte in the engine takes a third of a second. */
function isThere(file: string, bytes: Uint8Array): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.size === bytes.length && sha256(readFileSync(file)) === sha256(bytes);
}

/** Removes files below the directory that `unpack` did not put there, except dot files: Ansible runs every plugin it finds. */
export function removeStrangers({ directory, names }: Unpacked): void {
  const known = new Set(names.map((name) => join(directory, name)));
  const remove = (place: string) => {
    for (const entry of readdirSync(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      if (entry.isDirectory()) remove(path);
      else if (!known.has(path) && !entry.name.startsWith(".")) rmSync(path, { force: true });
    }
  };
  remove(directory);
}
