/** What is made of a trace beyond the spec: a root filesystem, a bundle, an image. */
import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { firstShown } from "../../common/byte-strings.ts";
import { progressBar } from "../../common/command/progress.ts";
import { formatBytes } from "../../common/command/table.ts";
import { Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { readConfig } from "../../common/oci/oci.ts";
import { buildImage } from "../../image/build/build.ts";
import { compressionByName } from "../../image/build/pack.ts";
import { PROVENANCE_NAME } from "../../image/build/provenance.ts";
import type { Selection } from "../names/selection.ts";
import type { PackageDatabase } from "../report/packages.ts";
import { type Access, type BundleConfig, bundleConfig, type Seen, writtenOutside } from "./bundle.ts";
import type { Overrides } from "./bundle-overrides.ts";
import { makeMountPoints } from "./mount-points.ts";
import { formatProvenance, provenanceOf } from "./provenance.ts";
import { type Copied, makeRootfs } from "./rootfs.ts";
import { checkFile, checkTarget, stageDirectory, withTemporary } from "./stage.ts";
import { findUser } from "./user-database.ts";

export interface Product {
  readonly kind: "rootfs" | "bundle" | "image";
  /** The directory, or the image's file. */
  readonly target: string;
  readonly force: boolean;
  /** Name of an image. */
  readonly name: string;
}

/** Checks, before the run, for what would fail after it. */
export function checkProduct(product: Product): void {
  if (product.kind === "image") {
    compressionByName(product.target);
    checkFile(product.target);
  } else checkTarget(product.target, product.force);
}

/** What a bundle says of its command, beside the files. */
export interface BundleSource {
  readonly command: readonly string[];
  /** Directory and environment of the run. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly overrides: Overrides;
  /** Root of the system that the files come from, "" for this one's. */
  readonly root: string;
  /** That system's package database, where it has one. */
  readonly packages: PackageDatabase | undefined;
}

/** Makes the product under a temporary name, and renames it when it is whole. @throws VzError 64, 71 */
export async function makeProduct(
  product: Product,
  selection: Selection,
  source: BundleSource,
  io: Io,
): Promise<void> {
  const { kind, target, force } = product;
  if (kind === "image") {
    await withTemporary(target, async (directory) => {
      await fillBundle(directory, selection, source, io);
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
  const copied = await stageDirectory(target, force, (directory) =>
    kind === "rootfs" ? fillRoot(directory, selection, io) : fillBundle(directory, selection, source, io),
  );
  done(io, `${kind} ${target}: ${copied.files} files and links, ${formatBytes(copied.bytes)}`);
}

async function fillRoot(root: string, selection: Selection, io: Io): Promise<Copied> {
  const total = [...selection.files].reduce((sum, path) => sum + sizeOf(selection.fs(path)), 0);
  const progress = progressBar(io, "root filesystem");
  try {
    return await makeRootfs(root, selection, progress, total);
  } finally {
    progress.end();
  }
}

/** Fills an empty directory: config.json, rootfs, and the provenance of both. */
export async function fillBundle(
  directory: string,
  selection: Selection,
  source: BundleSource,
  io: Io,
): Promise<Copied> {
  const config = configOf(selection, source, io);
  const root = join(directory, "rootfs");
  mkdirSync(root);
  const copied = await fillRoot(root, selection, io);
  makeMountPoints(root, source.overrides);
  writeNew(join(directory, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  const from = provenanceOf(config.process.args, source.root || "/", selection.files, source.packages);
  writeNew(join(directory, PROVENANCE_NAME), formatProvenance(from));
  return copied;
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

function configOf(selection: Selection, source: BundleSource, io: Io): BundleConfig {
  const { files, directories, links, written, notes } = selection;
  const { command, cwd, env, overrides } = source;
  const seen: Seen = {
    command,
    cwd,
    env,
    ...identityOf(overrides, source.root),
    files,
    directories,
    links,
    runDirectories: runDirectories(selection),
    written,
    deviceTrees: notes.deviceTrees,
  };
  const config = bundleConfig(seen, overrides);
  readConfig(JSON.stringify(config));
  const outside = writtenOutside(seen, config.mounts);
  if (outside.length > 0 && !config.root.readonly) {
    io.err(`vz trace: the root is left writable: the run wrote to ${firstShown(outside)}\n`);
  }
  return config;
}

/** Mode and owner, on the host, of the selection's directories below /run; outer ones first. */
function runDirectories(selection: Selection): Map<string, Access> {
  const paths = [...selection.directories].filter((path) => path.startsWith("/run/")).sort();
  return new Map(
    paths.map((path) => {
      const { mode, uid, gid } = lstatSync(selection.fs(path));
      return [path, { mode: mode & 0o7777, uid, gid }];
    }),
  );
}

/** Who runs the command: as the operator says, else as it ran now. */
function identityOf({ user }: Overrides, root: string): Pick<Seen, "user" | "umask"> {
  const umask = process.umask();
  if (typeof user === "string") return { user: findUser(user, root), umask };
  const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = user ?? {};
  const groups = user?.additionalGids ?? (user === undefined ? (process.getgroups?.() ?? []) : []);
  const additionalGids = [...new Set(groups)].filter((one) => one !== gid).sort((a, b) => a - b);
  return { user: { uid, gid, additionalGids }, umask: user?.umask ?? umask };
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
