/** A small right image, taken apart so that a test can spoil one part of it. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import {
  type Entry,
  formatManifest,
  type Manifest,
  type Provenance,
  totalsOf,
} from "../../../src/common/image/manifest.ts";
import { withImage } from "../../../src/common/image/open.ts";
import type { ImageHead, ImageVisitor } from "../../../src/common/image/read.ts";
import { verifyImage } from "../../../src/common/image/verify.ts";

export const CONFIG = JSON.stringify({
  ociVersion: "1.0.2",
  root: { path: "rootfs" },
  process: { args: ["/bin/hello"], cwd: "/" },
});

type PackHeader = Parameters<ReturnType<typeof pack>["entry"]>[0];
/** A member of the tarball; `pax` are records of an extended header. */
export interface Member {
  header: PackHeader & { pax?: Record<string, string> };
  body?: string | Uint8Array;
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

export function file(path: string, body: string, extra: Partial<Entry> = {}): Entry {
  const size = Buffer.byteLength(body);
  return { path, mode: 0o644, uid: 0, gid: 0, ...extra, type: "file", size, sha256: sha256(body) };
}

export function directory(path: string, extra: Partial<Entry> = {}): Entry {
  return { path, mode: 0o755, uid: 0, gid: 0, ...extra, type: "directory" };
}

export function symlink(path: string, target: string): Entry {
  return { path, mode: 0o777, uid: 0, gid: 0, type: "symlink", target };
}

export function manifestOf(
  rootfs: readonly Entry[],
  config = CONFIG,
  extra: Partial<Manifest> = {},
): Manifest {
  const files = [file("config.json", config), ...rootfs];
  return {
    name: "sample",
    created: "1970-01-01T00:00:00Z",
    architecture: "i386",
    command: ["/bin/hello"],
    kernelFloor: null,
    totals: totalsOf(files),
    files,
    ...extra,
  };
}

export const BODIES: Readonly<Record<string, string>> = {
  "config.json": CONFIG,
  "rootfs/bin/hello": "hello\n",
  "rootfs/etc/motd": "welcome\n",
};

export const ENTRIES: readonly Entry[] = [
  directory("rootfs"),
  directory("rootfs/bin"),
  file("rootfs/bin/hello", "hello\n", { mode: 0o755 }),
  symlink("rootfs/bin/hi", "hello"),
  directory("rootfs/etc"),
  file("rootfs/etc/motd", "welcome\n"),
];

export const PROVENANCE: Provenance = {
  command: ["/bin/hello", "a b"],
  host: { id: "debian", version: "12", name: "Debian GNU/Linux 12 (bookworm)" },
  packages: [
    { name: "hello", version: "1:2.10-3+b1~x", architecture: "i386" },
    { name: "libc6", version: "2.36-9", architecture: "amd64" },
    { name: "libc6", version: "2.36-9", architecture: "i386" },
  ],
};

/** Members of the sample, or of another manifest. A path without a body in `bodies` gets the sample's. */
export function membersOf(
  manifest: Manifest = manifestOf(ENTRIES),
  bodies: Readonly<Record<string, string>> = BODIES,
): Member[] {
  const text = formatManifest(manifest);
  return [
    { header: { name: "vz.json", type: "file", mode: 0o644 }, body: text },
    ...manifest.files.map((entry) => memberOf(entry, bodies[entry.path])),
  ];
}

function memberOf(entry: Entry, body: string | undefined): Member {
  const { path: name, uid, gid } = entry;
  const header = { name, mode: entry.mode | 0o100000, uid, gid, mtime: new Date(0) };
  switch (entry.type) {
    case "file":
      return { header: { ...header, type: "file" }, body: body ?? "" };
    case "symlink":
      return { header: { ...header, type: "symlink", linkname: entry.target } };
    case "directory":
    case "fifo":
      return { header: { ...header, type: entry.type } };
    default:
      return {
        header: { ...header, type: "character-device", devmajor: entry.major, devminor: entry.minor },
      };
  }
}

export async function tarball(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const { header, body } of members) {
    if (body === undefined) archive.entry(header);
    else archive.entry(header, Buffer.from(body));
  }
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive) if (part instanceof Uint8Array) parts.push(part);
  return Buffer.concat(parts);
}

export async function gzipped(members: readonly Member[]): Promise<Buffer> {
  return gzipSync(await tarball(members));
}

/** Runs `use` with a file called image.tar that holds `bytes`. */
export async function withFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), "vz-image-test-"));
  try {
    const path = join(scratch, "image.tar");
    writeFileSync(path, bytes);
    return await use(path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export function verifyBytes(bytes: Uint8Array, visitor?: ImageVisitor): Promise<ImageHead> {
  return withFile(bytes, (path) =>
    withImage(path, (image) => verifyImage({ ...image, label: "IMG" }, visitor)),
  );
}
