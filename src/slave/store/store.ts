/**
 * A slave's images and the objects that they share. `vzexec` and the loader are its users; objects are only ever added
 * by load.ts. See layout.ts for what lies where, lock.ts for who may do what at once.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { isName } from "../../common/contract/names.ts";
import type { ImageRow } from "../../common/contract/protocol.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { syncPath } from "../../common/files.ts";
import { CONFIG_NAME, MANIFEST_NAME, type Manifest } from "../../common/image/manifest.ts";
import { parseManifest } from "../../common/image/parse-manifest.ts";
import { type CheckoutOptions, checkout } from "./checkout.ts";
import {
  imageDirectory,
  isImageDirectory,
  isObjectKey,
  objectKey,
  ROW_NAME,
  type StorePaths,
  storePaths,
} from "./layout.ts";
import { StoreLock } from "./lock.ts";
import { makeStaging, replaceLink } from "./staging.ts";
import type { StoreSystem } from "./system.ts";

export interface Freed {
  readonly objects: number;
  readonly bytes: number;
}

/** Shortest beginning of an id that may stand for it. */
const MIN_PREFIX = 8;

export class Store {
  readonly paths: StorePaths;
  readonly system: StoreSystem;

  /** @param root the data directory */
  constructor(root: string, system: StoreSystem) {
    this.paths = storePaths(root);
    this.system = system;
  }

  /** All images, by name, the one loaded last first. */
  list(): ImageRow[] {
    const rows = readdirOrNone(this.paths.images)
      .filter(isImageDirectory)
      .flatMap((hex) => {
        const row = this.#row(hex);
        return row === undefined ? [] : [{ row, loaded: lstatSync(join(this.paths.images, hex)).mtimeMs }];
      });
    rows.sort((a, b) => (a.row.name === b.row.name ? b.loaded - a.loaded : a.row.name < b.row.name ? -1 : 1));
    return rows.map(({ row }) => row);
  }

  /** The image with this id ("sha256:…", or eight or more of its digits), or the last one loaded under this name. */
  find(idOrName: string): ImageRow | undefined {
    const digits = idOrName.replace(/^sha256:/, "");
    if (isImageDirectory(digits)) return this.#row(digits);
    const named = isName(idOrName) ? readlinkOrNone(join(this.paths.images, idOrName)) : undefined;
    const row = named !== undefined && isImageDirectory(named) ? this.#row(named) : undefined;
    if (row !== undefined) return row;
    if (!/^[0-9a-f]+$/.test(digits) || digits.length < MIN_PREFIX) return undefined;
    const found = readdirOrNone(this.paths.images).filter(
      (name) => isImageDirectory(name) && name.startsWith(digits),
    );
    return found[0] !== undefined && found.length === 1 ? this.#row(found[0]) : undefined;
  }

  /** As find. @throws VzError 65 where there is no such image */
  get(idOrName: string): ImageRow {
    const row = this.find(idOrName);
    if (row !== undefined) return row;
    throw new VzError(Status.badData, `image ${JSON.stringify(idOrName.slice(0, 80))}: not on this slave`, {
      hint: "vz master push sends it",
    });
  }

  /** @param id whole, as rows have it */
  manifest(id: string): Manifest {
    return parseManifest(readFileSync(this.manifestFile(id), "utf8"), `image ${id}`);
  }

  manifestFile(id: string): string {
    return join(imageDirectory(this.paths, id), MANIFEST_NAME);
  }

  /** The image's config.json. @param id whole, as rows have it */
  configFile(id: string): string {
    return join(imageDirectory(this.paths, id), CONFIG_NAME);
  }

  /**
   * Makes the image's root filesystem at `directory`, which must not exist, and appears only when it is whole.
   * @param id whole, as rows have it
   * @returns what this kernel did not allow, each a line for people
   */
  checkout(id: string, directory: string, options: CheckoutOptions): Promise<string[]> {
    return this.locked("shared", () => checkout(this, this.manifest(id), directory, options));
  }

  /** Takes an image away; its objects stay until gc. Containers made from it are not touched. */
  remove(idOrName: string): Promise<ImageRow> {
    return this.locked("exclusive", () => {
      const row = this.get(idOrName);
      const staging = makeStaging(this.paths, "remove");
      renameSync(imageDirectory(this.paths, row.id), join(staging, "image"));
      const next = this.list().find((other) => other.name === row.name);
      if (next === undefined) rmSync(join(this.paths.images, row.name), { force: true });
      else replaceLink(this.paths, staging, next);
      syncPath(this.paths.images);
      rmSync(staging, { recursive: true, force: true });
      return row;
    });
  }

  /** Deletes what killed commands left, and objects that no image lists and no container links to. */
  gc(): Promise<Freed> {
    return this.locked("exclusive", () => {
      this.sweep();
      return this.collect();
    });
  }

  /** Empties staging/. The caller holds the lock alone. @returns whether there was anything */
  sweep(): boolean {
    const left = readdirOrNone(this.paths.staging);
    for (const name of left) rmSync(join(this.paths.staging, name), { recursive: true, force: true });
    return left.length > 0;
  }

  /** Deletes objects that no image lists and no container links to. The caller holds the lock alone. */
  collect(): Freed {
    const used = new Set<string>();
    for (const { id } of this.list()) {
      for (const entry of this.manifest(id).files) if (entry.type === "file") used.add(objectKey(entry));
    }
    const freed = { objects: 0, bytes: 0 };
    for (const part of readdirOrNone(this.paths.objects)) {
      const directory = join(this.paths.objects, part);
      for (const key of readdirOrNone(directory)) {
        const file = join(directory, key);
        if (!isObjectKey(key) || used.has(key)) continue;
        const { nlink, size } = lstatSync(file);
        if (nlink > 1) continue;
        unlinkSync(file);
        freed.objects++;
        freed.bytes += Number(size);
      }
    }
    return freed;
  }

  /** Runs `work` under the lock. */
  async locked<T>(kind: "shared" | "exclusive", work: (lock: StoreLock) => T | Promise<T>): Promise<T> {
    const lock = new StoreLock(this.paths, this.system);
    try {
      await lock.take(kind);
      return await work(lock);
    } finally {
      lock.release();
    }
  }

  /** An image whose row cannot be read counts as absent, so that it does not hide the others, and can be pushed again. */
  #row(hex: string): ImageRow | undefined {
    try {
      const text = readFileSync(join(this.paths.images, hex, ROW_NAME), "utf8");
      const row = readRow(JSON.parse(text));
      return row?.id === `sha256:${hex}` ? row : undefined;
    } catch (error) {
      if (error instanceof SyntaxError || hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    }
  }
}

function readRow(value: unknown): ImageRow | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const row: Record<string, unknown> = { ...value };
  const { id, name, created, architecture, files, bytes } = row;
  if (typeof id !== "string" || typeof name !== "string" || typeof created !== "string") return undefined;
  if (typeof files !== "number" || typeof bytes !== "number") return undefined;
  return { id, name, created, architecture: textOrNull(architecture), files, bytes };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function readdirOrNone(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

function readlinkOrNone(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch (error) {
    if (hasCode(error, "ENOENT", "EINVAL")) return undefined;
    throw error;
  }
}
