/** Writes the files of an image that the store does not have to staging/, while the reader checks them. */
import { chmodSync, closeSync, lchownSync, lstatSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../common/errors.ts";
import { CONFIG_NAME, type Entry, type FileEntry, type Manifest } from "../../common/image/manifest.ts";
import type { ImageHead, ImageVisitor } from "../../common/image/read.ts";
import { noRoom } from "./full-disk.ts";
import { objectFile, objectKey, PRIVATE, type StorePaths } from "./layout.ts";
import type { Store } from "./store.ts";

/** The usual filesystems give files room in blocks of this many bytes. */
const BLOCK = 4096;

export class Intake implements ImageVisitor {
  /** Where the bytes of a new object are, by its key. */
  readonly staged = new Map<string, string>();
  /** load.ts sets the first before staged files become objects, the second once the image is in place. */
  committing = false;
  committed = false;
  readonly #store: Store;
  readonly #staging: string;
  #missing: ReadonlyMap<string, number> = new Map();
  #fd = -1;

  constructor(store: Store, staging: string) {
    this.#store = store;
    this.#staging = staging;
  }

  head({ manifest }: ImageHead): void {
    this.#missing = missingObjects(this.#store.paths, manifest);
    let needed = 0;
    for (const size of this.#missing.values()) needed += Math.ceil(size / BLOCK) * BLOCK;
    if (needed > this.#store.system.freeBytes(this.#store.paths.root)) {
      throw noRoom(`image ${manifest.name}`, this.#store);
    }
    mkdirSync(join(this.#staging, "objects"), { mode: PRIVATE });
  }

  begin(entry: Entry): void {
    if (entry.type !== "file") return;
    const file = this.#placeOf(entry);
    if (file !== undefined) this.#fd = openSync(file, "wx", 0o600);
  }

  data(_entry: FileEntry, chunk: Uint8Array): void {
    if (this.#fd < 0) return;
    for (let at = 0; at < chunk.length; ) at += writeSync(this.#fd, chunk, at, chunk.length - at);
  }

  end(entry: Entry): void {
    if (this.#fd < 0 || entry.type !== "file") return;
    this.abort();
    const file = this.#placeOf(entry);
    if (file === undefined || entry.path === CONFIG_NAME) return;
    // In this order: a change of owner clears set-id bits.
    lchownSync(file, entry.uid, entry.gid);
    chmodSync(file, entry.mode);
    this.staged.set(objectKey(entry), file);
  }

  /** Closes what is open. */
  abort(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Where the bytes of `entry` go, or undefined where the store or staging/ has them already. */
  #placeOf(entry: FileEntry): string | undefined {
    if (entry.path === CONFIG_NAME) return join(this.#staging, CONFIG_NAME);
    const key = objectKey(entry);
    if (!this.#missing.has(key) || this.staged.has(key)) return undefined;
    return join(this.#staging, "objects", key);
  }
}

/** Keys and sizes of the objects of an image that the store lacks, or has in a state that cannot be right. */
export function missingObjects(paths: StorePaths, manifest: Manifest): Map<string, number> {
  const missing = new Map<string, number>();
  for (const entry of manifest.files) {
    if (entry.type !== "file" || entry.path === CONFIG_NAME) continue;
    const key = objectKey(entry);
    if (!missing.has(key) && !isObject(paths, key, entry)) missing.set(key, entry.size);
  }
  return missing;
}

function isObject(paths: StorePaths, key: string, entry: FileEntry): boolean {
  try {
    const stat = lstatSync(objectFile(paths, key));
    const sameOwner = stat.uid === entry.uid && stat.gid === entry.gid;
    return (
      stat.isFile() && sameOwner && (stat.mode & 0o7777) === entry.mode && Number(stat.size) === entry.size
    );
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
