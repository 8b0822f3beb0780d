/**
 * Takes an image into the store. The file is read as a stream and is left alone: its uploader may still hold it open.
 * Contents go to staging/ while they are checked; only when the last byte was right do they become objects, and only when
 * all objects are on disk does the image appear. So a load that is killed or fails leaves nothing that anybody sees.
 */
import { constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ImageRow, LoadAnswer } from "../../common/contract/protocol.ts";
import { isVzError } from "../../common/errors.ts";
import { syncPath } from "../../common/files.ts";
import type { OpenImage } from "../../common/image/archive.ts";
import { CONFIG_NAME, MANIFEST_NAME } from "../../common/image/manifest.ts";
import { withImage } from "../../common/image/open.ts";
import { type ImageHead, readManifest } from "../../common/image/read.ts";
import { verifyImage } from "../../common/image/verify.ts";
import { explainFullDisk } from "./full-disk.ts";
import { Intake, missingObjects } from "./intake.ts";
import { imageDirectory, objectFile, PRIVATE, ROW_NAME } from "./layout.ts";
import type { StoreLock } from "./lock.ts";
import { makeStaging, replaceLink, writeNew } from "./staging.ts";
import type { Store } from "./store.ts";

/**
 * @param file the upload; a symbolic link is refused, since whoever may upload may make one
 * @throws VzError 65 for anything but a whole, right image; 71 when the disk is full; then the store is as it was
 */
export function loadImage(store: Store, file: string): Promise<LoadAnswer> {
  return withImage(file, (image) => loadOpen(store, image), constants.O_NOFOLLOW);
}

function loadOpen(store: Store, image: OpenImage): Promise<LoadAnswer> {
  return store.locked("shared", async (lock) => {
    sweepIfAlone(store, lock);
    // A failed tryTake has let go of the shared lock: flock(2), "Converting a lock".
    await lock.take("shared");
    const { name, row } = await lookUp(store, image);
    const staging = makeStaging(store.paths, "load");
    const intake = new Intake(store, staging);
    try {
      // An image that is pushed again is the one that its name means from now on.
      if (row !== undefined) return { image: show(store, staging, row), added: false };
      const head = await verifyImage(image, intake);
      commit(store, staging, intake, head);
      return { image: show(store, staging, rowOf(head)), added: true };
    } catch (error) {
      intake.abort();
      // The empty directory tells the next load that holds the lock alone that there may be objects without an image.
      rmSync(staging, { recursive: true, force: true });
      if (intake.committing) mkdirSync(staging, { mode: PRIVATE });
      sweepIfAlone(store, lock);
      throw explainFullDisk(error, `image ${name}`, store);
    } finally {
      if (!intake.committing || intake.committed) rmSync(staging, { recursive: true, force: true });
    }
  });
}

/** The image's name, and its row where the store has all of it. Keeps nothing else: a manifest takes megabytes. */
async function lookUp(store: Store, image: OpenImage): Promise<{ name: string; row: ImageRow | undefined }> {
  const head = await readManifest(image);
  return { name: head.manifest.name, row: isWhole(store, head) ? rowOf(head) : undefined };
}

function rowOf({ id, manifest: { name, created, architecture, totals } }: ImageHead): ImageRow {
  return { id, name, created, architecture, files: totals.files, bytes: totals.bytes };
}

/** Removes what a killed or failed load left, and its objects: only where no other load can own it. */
function sweepIfAlone(store: Store, lock: StoreLock): void {
  if (!lock.tryTake("exclusive") || !store.sweep()) return;
  try {
    store.collect();
  } catch (error) {
    // Another image cannot be read, so nobody knows which objects it uses; gc says so. This load can go on.
    if (!isVzError(error)) throw error;
  }
}

function isWhole(store: Store, { id, manifest, bytes }: ImageHead): boolean {
  const row = store.find(id);
  if (row === undefined || missingObjects(store.paths, manifest).size > 0) return false;
  return Buffer.compare(bytes, readFileSync(store.manifestFile(id))) === 0;
}

/** Makes a verified image's objects and directory. */
function commit(store: Store, staging: string, intake: Intake, head: ImageHead): void {
  const { paths, system } = store;
  const directory = join(staging, "image");
  mkdirSync(directory, { mode: PRIVATE });
  writeNew(join(directory, MANIFEST_NAME), head.bytes);
  writeNew(join(directory, ROW_NAME), `${JSON.stringify(rowOf(head))}\n`);
  renameSync(join(staging, CONFIG_NAME), join(directory, CONFIG_NAME));
  // One sync for all: an fsync for each of a thousand files takes seconds. Bytes reach the disk before names, both before the image.
  system.sync();
  intake.committing = true;
  for (const [key, file] of intake.staged) {
    const object = objectFile(paths, key);
    mkdirSync(dirname(object), { recursive: true, mode: PRIVATE });
    renameSync(file, object);
  }
  system.sync();
  const place = imageDirectory(paths, head.id);
  // It may be there but damaged, or another load was faster; the same id is the same image.
  if (existsSync(place)) renameSync(place, join(staging, "replaced"));
  renameSync(directory, place);
  intake.committed = true;
}

/** Makes the image the one that its name means. */
function show(store: Store, staging: string, row: ImageRow): ImageRow {
  const now = Date.now() / 1000;
  utimesSync(imageDirectory(store.paths, row.id), now, now);
  replaceLink(store.paths, staging, row);
  syncPath(store.paths.images);
  return row;
}
