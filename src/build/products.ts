/** What is made of a trace beyond the spec: a root filesystem, a bundle, an image. */
import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { progressBar } from "../common/progress.ts";
import { formatBytes } from "../common/table.ts";
import { bundleConfig, type Seen, writtenOutside } from "./bundle.ts";
import { buildImage } from "./image/build.ts";
import { compressionByName } from "./image/pack.ts";
import { toFs } from "./names.ts";
import { formatProvenance, PROVENANCE_NAME, provenanceOf } from "./provenance.ts";
import { makeRootfs } from "./rootfs.ts";
import type { Selection } from "./selection.ts";
import { checkTarget, stageDirectory, withTemporary } from "./stage.ts";

export interface Product {
  readonly kind: "rootfs" | "bundle" | "image";
  /** The directory, or the image's file. */
  readonly target: string;
  readonly force: boolean;
  /** Name of an image. */
  readonly name: string;
}

/** Raises what would fail after the run, before it. */
export function checkProduct(product: Product): void {
  if (product.kind === "image") compressionByName(product.target);
  else checkTarget(product.target, product.force);
}

export async function makeProduct(
  product: Product,
  selection: Selection,
  run: Pick<Seen, "command" | "cwd" | "env">,
  io: Io,
): Promise<void> {
  const total = [...selection.files].reduce((sum, path) => sum + sizeOf(selection.fs(path)), 0);
  const fillRoot = async (root: string) => {
    const progress = progressBar(io, "root filesystem");
    try {
      return await makeRootfs(root, selection, progress, total);
    } finally {
      progress.end();
    }
  };
  const fillBundle = async (directory: string) => {
    const root = join(directory, "rootfs");
    mkdirSync(root);
    const copied = await fillRoot(root);
    writeConfig(join(directory, "config.json"), selection, run, io);
    const provenance = provenanceOf(run.command, "/", selection.files);
    writeNew(join(directory, PROVENANCE_NAME), formatProvenance(provenance));
    return copied;
  };
  const { kind, target, force } = product;
  if (kind === "image") {
    await withTemporary(target, async (directory) => {
      await fillBundle(directory);
      const progress = progressBar(io, "image");
      try {
        const { bytes, id } = await buildImage(directory, target, { name: product.name, progress });
        progress.end();
        done(io, `image ${target}: ${product.name}, ${formatBytes(bytes)}, ${id}`);
      } finally {
        progress.end();
      }
    });
    return;
  }
  const copied = await stageDirectory(target, force, kind === "rootfs" ? fillRoot : fillBundle);
  done(io, `${kind} ${target}: ${copied.files} files and links, ${formatBytes(copied.bytes)}`);
}

function done(io: Io, line: string): void {
  if (io.errColumns !== undefined) io.err(`${line}\n`);
}

function sizeOf(file: string): number {
  try {
    return lstatSync(file).size;
  } catch (cause) {
    throw new VzError(Status.osError, `${file}: gone since the run`, { cause });
  }
}

function writeConfig(
  file: string,
  selection: Selection,
  run: Pick<Seen, "command" | "cwd" | "env">,
  io: Io,
): void {
  const { files, directories, links, written } = selection;
  const ids = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const seen: Seen = { ...run, ...ids, files, directories, links, written };
  const config = bundleConfig(seen);
  const outside = writtenOutside(seen, config.mounts);
  if (outside.length > 0) {
    const more = outside.length > 1 ? ` and ${outside.length - 1} more` : "";
    io.err(`vz trace: the root is left writable: the run wrote to ${toFs(outside[0] ?? "")}${more}\n`);
  }
  writeNew(file, `${JSON.stringify(config, null, 2)}\n`);
}

function writeNew(file: string, text: string): void {
  const fd = openSync(file, "wx", 0o644);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
