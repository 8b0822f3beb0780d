/**
 * Makes an image of an OCI bundle. The bytes depend on nothing but the bundle's content, owners and modes, its provenance, the
 * name and SOURCE_DATE_EPOCH: files are sorted, times fixed, owners numeric.
 */
import { lstatSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { Progress } from "../../common/command/progress.ts";
import { checkName } from "../../common/contract/names.ts";
import { sha256 } from "../../common/digest.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { parseBundleConfig } from "../../common/image/bundle-config.ts";
import {
  CONFIG_NAME,
  type FileEntry,
  formatManifest,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type Provenance,
  ROOTFS_NAME,
  totalsOf,
} from "../../common/image/manifest.ts";
import { compressionByName, writeImageFile } from "./pack.ts";
import { readProvenance } from "./provenance.ts";
import { type Scan, scanRootfs } from "./scan.ts";
import { checkOutput } from "./write-file.ts";

export interface BuildOptions {
  readonly name: string;
  /** The image's date in seconds since the epoch; default: 0. */
  readonly created?: number;
  readonly progress?: Progress;
}

export interface BuiltImage {
  /** sha256:… of the manifest. */
  readonly id: string;
  readonly manifest: Manifest;
  /** Length of the file that was written. */
  readonly bytes: number;
  /** What was left out or emptied, each a line for people. */
  readonly notes: readonly string[];
}

/**
 * Writes the image of the bundle in `bundleDir` to `outFile` (`.tar`, `.tar.gz` or `.tar.zst`), which appears only when it is whole.
 * @throws VzError 64 for a bad name, 65 for a bad bundle, 1 when a file changes meanwhile
 */
export async function buildImage(
  bundleDir: string,
  outFile: string,
  options: BuildOptions,
): Promise<BuiltImage> {
  checkName("image", options.name);
  const compression = compressionByName(outFile);
  checkOutput(outFile);
  const bundle = readBundle(bundleDir);
  const { configBytes, rootfs } = bundle;
  if (`${resolve(outFile)}${sep}`.startsWith(`${resolve(rootfs)}${sep}`)) {
    throw new VzError(Status.usage, `${outFile}: lies in the root filesystem that goes into it`, {
      hint: "-o takes a name outside of it",
    });
  }
  const scan = scanRootfs(rootfs, (done, total) => options.progress?.update(done, total));
  const created = options.created ?? 0;
  const manifest = describe(options.name, created, bundle, scan);
  const manifestBytes = Buffer.from(formatManifest(manifest));
  if (manifestBytes.length > MAX_MANIFEST_BYTES) {
    throw new VzError(Status.badData, `${rootfs}: too many files for one image`);
  }
  const bytes = await writeImageFile(outFile, compression, {
    manifest,
    manifestBytes,
    configBytes,
    fileOf: (entry) => join(rootfs, entry.path.slice(ROOTFS_NAME.length)),
    created,
    progress: options.progress,
  });
  return { id: `sha256:${sha256(manifestBytes)}`, manifest, bytes, notes: scan.notes };
}

function describe(
  name: string,
  created: number,
  { command, configBytes, provenance }: Bundle,
  { entries, requirements }: Scan,
): Manifest {
  const config: FileEntry = {
    path: CONFIG_NAME,
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: configBytes.length,
    sha256: sha256(configBytes),
  };
  const files = [config, ...entries];
  return {
    name,
    created: new Date(created * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
    architecture: requirements.architecture,
    command,
    kernelFloor: requirements.kernelFloor,
    totals: totalsOf(files),
    ...(provenance === undefined ? {} : { provenance }),
    files,
  };
}

interface Bundle {
  /** As it goes into the image. */
  readonly configBytes: Uint8Array;
  readonly rootfs: string;
  readonly command: readonly string[];
  readonly provenance: Provenance | undefined;
}

function readBundle(bundleDir: string): Bundle {
  const configFile = join(bundleDir, CONFIG_NAME);
  const bytes = readConfig(configFile, bundleDir);
  const config = parseBundleConfig(bytes.toString("utf8"), configFile);
  const rootfs = resolve(bundleDir, config.rootPath);
  try {
    lstatSync(rootfs);
  } catch (cause) {
    if (!hasCode(cause, "ENOENT", "ENOTDIR")) throw cause;
    throw new VzError(Status.badData, `${configFile}: root.path: ${rootfs} does not exist`, { cause });
  }
  // In an image the root filesystem is always called rootfs; a config.json that says so goes in byte for byte.
  const configBytes = rootfs === resolve(bundleDir, ROOTFS_NAME) ? bytes : withRootPath(bytes);
  return { configBytes, rootfs, command: config.command, provenance: readProvenance(bundleDir) };
}

function readConfig(file: string, bundleDir: string): Buffer {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= MAX_CONFIG_BYTES) return bytes;
  } catch (cause) {
    if (!hasCode(cause, "ENOENT", "ENOTDIR")) throw cause;
    throw new VzError(Status.badData, `${bundleDir}: not an OCI bundle: has no ${CONFIG_NAME}`, { cause });
  }
  throw new VzError(Status.badData, `${file}: larger than ${MAX_CONFIG_BYTES} bytes`);
}

function withRootPath(bytes: Buffer): Uint8Array {
  const document: Record<string, unknown> = JSON.parse(bytes.toString("utf8"));
  const root: unknown = document["root"];
  const changed = { ...document, root: { ...(typeof root === "object" ? root : {}), path: ROOTFS_NAME } };
  return Buffer.from(`${JSON.stringify(changed, null, 2)}\n`);
}
