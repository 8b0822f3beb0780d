/** Lays out the root filesystem of a container from the store's objects. */
import {
  chmodSync,
  copyFileSync,
  lchownSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";
import { syncPath } from "../../common/files.ts";
import {
  type Entry,
  type FileEntry,
  type Manifest,
  ROOTFS_NAME,
  shown,
} from "../../common/image/manifest.ts";
import { exists } from "../system/exists.ts";
import { explainFullDisk } from "./full-disk.ts";
import { objectFile, objectKey, type StorePaths } from "./layout.ts";
import { makeStaging } from "./staging.ts";
import type { StoreSystem } from "./system.ts";

export interface CheckoutOptions {
  /**
   * Whether the container gets a link to the shared object, for a file that it cannot or will not write; else it gets its
   * own copy. A write through a link would change every image and container on the slave that has the file.
   */
  share(entry: FileEntry): boolean;
}

interface Place {
  readonly paths: StorePaths;
  readonly system: StoreSystem;
}

/**
 * Makes `directory`, which must not exist, in one step. The caller holds the store's lock shared.
 * @returns what this kernel did not allow, each a line for people
 */
export function checkout(
  place: Place,
  manifest: Manifest,
  directory: string,
  options: CheckoutOptions,
): string[] {
  if (exists(directory)) throw new VzError(Status.failed, `${directory}: exists already`);
  const staging = makeStaging(place.paths, "checkout");
  const builder = new TreeBuilder(place, staging, options);
  try {
    for (const entry of manifest.files) if (entry.path.startsWith(ROOTFS_NAME)) builder.make(entry);
    // A link is there or not after a crash, but a copy's bytes must be on disk before its name counts.
    if (builder.copies > 0) place.system.sync();
    mkdirSync(dirname(directory), { recursive: true });
    renameSync(join(staging, ROOTFS_NAME), directory);
    syncPath(dirname(directory));
    return builder.notes;
  } catch (error) {
    throw explainFullDisk(error, `container of image ${manifest.name}`, place);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

class TreeBuilder {
  copies = 0;
  readonly notes: string[] = [];
  readonly #place: Place;
  readonly #top: string;
  readonly #options: CheckoutOptions;

  constructor(place: Place, top: string, options: CheckoutOptions) {
    this.#place = place;
    this.#top = top;
    this.#options = options;
  }

  make(entry: Entry): void {
    const file = join(this.#top, entry.path);
    switch (entry.type) {
      case "file":
        if (this.#options.share(entry) && this.#link(entry, file)) return;
        this.#copy(entry, file);
        break;
      case "directory":
        mkdirSync(file, { mode: 0o700 });
        break;
      case "symlink":
        symlinkSync(entry.target, file);
        break;
      default:
        if (!this.#node(entry, file)) return;
    }
    lchownSync(file, entry.uid, entry.gid);
    // After the change of owner, which clears set-id bits; a link's mode means nothing.
    if (entry.type !== "symlink") chmodSync(file, entry.mode);
  }

  /** False where a link cannot be made: a filesystem allows only so many to one file, and none from another filesystem. */
  #link(entry: FileEntry, file: string): boolean {
    try {
      linkSync(this.#object(entry), file);
      return true;
    } catch (error) {
      if (hasCode(error, "EMLINK", "EXDEV", "EPERM")) return false;
      throw this.#explainMissing(error, entry);
    }
  }

  #copy(entry: FileEntry, file: string): void {
    try {
      copyFileSync(this.#object(entry), file);
    } catch (error) {
      throw this.#explainMissing(error, entry);
    }
    this.copies++;
  }

  #object(entry: FileEntry): string {
    return objectFile(this.#place.paths, objectKey(entry));
  }

  #explainMissing(error: unknown, entry: FileEntry): unknown {
    if (!hasCode(error, "ENOENT")) return error;
    return new VzError(Status.badData, `image store: the object of ${shown(entry.path)} is missing`, {
      hint: "load the image again",
      cause: error,
    });
  }

  /** False where the kernel forbids it, as OpenVZ does for most devices. */
  #node(entry: Exclude<Entry, { type: "file" | "directory" | "symlink" }>, file: string): boolean {
    const { major, minor } = entry.type === "fifo" ? { major: 0, minor: 0 } : entry;
    try {
      this.#place.system.makeNode(file, entry.type, major, minor);
      return true;
    } catch (error) {
      if (!hasCode(error, "EPERM")) throw error;
      this.notes.push(`${shown(entry.path)}: device left out: ${reason(error)}`);
      return false;
    }
  }
}
