/** Tar archives and OCI layouts for tests, written by the code that exports images. */
import { createHash } from "node:crypto";
import type { Entry } from "../../src/common/image/manifest.ts";
import { END, memberHeader, padding } from "../../src/image/layers/layer-write.ts";

export const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const node = { mode: 0o644, uid: 0, gid: 0 };
export const file = (path: string, body = "x", more: Partial<Entry> = {}): Uint8Array =>
  member({ path, ...node, ...more, type: "file", size: Buffer.byteLength(body), sha256: "" }, body);
export const directory = (path: string, more: Partial<Entry> = {}): Uint8Array =>
  member({ path, ...node, mode: 0o755, ...more, type: "directory" });
export const symlink = (path: string, target: string): Uint8Array =>
  member({ path, ...node, mode: 0o777, type: "symlink", target });

export function member(entry: Entry, body = ""): Uint8Array {
  const content = Buffer.from(body);
  return Buffer.concat([memberHeader(entry, entry.path, 0), content, padding(content.length)]);
}

/** A hard link: a symbolic link's header with another flag. */
export function hardlink(path: string, target: string): Uint8Array {
  const header = Buffer.from(symlink(path, target));
  header.write("1", 156, "latin1");
  header.fill(0x20, 148, 156);
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

export const tar = (...members: readonly Uint8Array[]): Buffer => Buffer.concat([...members, END]);
