/** The archive or directory that an image of another tool comes in: its files by name. */
import { closeSync, constants, fstatSync, openSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatBytes } from "../../common/command/table.ts";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";
import { LARGE_WINDOW, openArchive } from "../../common/image/archive.ts";
import { shown } from "../../common/image/manifest.ts";
import type { Reader } from "../../common/oci/oci-read.ts";
import { partsOf } from "../layers/flatten-tree.ts";
import { readStretch, type Stretch, tarMembers } from "../layers/layer-member.ts";
import type { Quota, Spool } from "../layers/layer-spool.ts";

/** Bytes of the longest OCI manifest by the image specification 1.1; other documents are shorter. */
const MAX_DOCUMENT = 4 * 1024 * 1024;
/** Most files of an archive: docker's old form has three for each layer, and a few more. */
const MAX_FILES = 20_000;
const MAX_LINKS = 8;

export interface Exchange {
  readonly label: string;
  /** @returns undefined where there is no such file */
  find(name: string): Stretch | undefined;
  close(): void;
}

/**
 * @param spool takes the archive, unpacked, when it is compressed
 * @throws VzError 1 for what cannot be opened, 65 for what is neither a directory nor an archive
 */
export async function openExchange(path: string, spool: Spool, quota: Quota): Promise<Exchange> {
  const open: number[] = [];
  const close = () => {
    for (const fd of open.splice(0)) closeSync(fd);
  };
  const openFile = (file: string, flags = 0) => {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    open.push(fd);
    const stat = fstatSync(fd);
    if (stat.isFile()) return { fd, offset: 0, size: Number(stat.size) };
    throw new VzError(Status.badData, `${file}: not a regular file`);
  };
  try {
    if (statSync(path).isDirectory())
      return { label: path, find: (name) => inDirectory(path, name, openFile), close };
    const archive = await unpacked(openFile(path), path, spool, quota);
    const files = filesOf(archive, path);
    return { label: path, find: (name) => followed(files, name), close };
  } catch (cause) {
    close();
    if (!hasCode(cause, "ENOENT", "ENOTDIR", "EACCES", "ENXIO", "ELOOP")) throw cause;
    throw new VzError(Status.failed, `${path}: ${reason(cause)}`, { cause });
  }
}

/**
 * A file of the directory, whatever the image says: a name in docker's manifest.json may hold "..", and what was unpacked may hold
 * links.
 * @throws VzError 65 for one that lies elsewhere
 */
function inDirectory(
  path: string,
  name: string,
  openFile: (file: string, flags: number) => Stretch,
): Stretch | undefined {
  const file = join(path, name);
  try {
    const [top, folder] = [realpathSync(path), realpathSync(dirname(file))];
    if (`${folder}/`.startsWith(`${top === "/" ? "" : top}/`)) return openFile(file, constants.O_NOFOLLOW);
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return undefined;
    if (!hasCode(cause, "ELOOP", "EACCES")) throw cause;
    throw new VzError(Status.badData, `${file}: ${reason(cause)}`, { cause });
  }
  throw new VzError(Status.badData, `${path}: ${shown(name)}: leads out of the directory`);
}

/** The tar archive in `file`; unpacked into `spool` when it is compressed, as by `docker save IMAGE | gzip`. */
async function unpacked(file: Stretch, label: string, spool: Spool, quota: Quota): Promise<Stretch> {
  const archive = openArchive({ fd: file.fd, label }, LARGE_WINDOW);
  if (archive.compression === "none") return file;
  const start = spool.size;
  for await (const chunk of archive.chunks(() => {})) {
    quota.take(chunk.length);
    spool.append(chunk);
  }
  return spool.since(start);
}

type Files = ReadonlyMap<string, Stretch | string>;

/** Contents by name, links by the name that they point to; the last of equal names counts, as with tar. */
function filesOf(archive: Stretch, label: string): Files {
  const files = new Map<string, Stretch | string>();
  for (const { name, type, linkname, content } of tarMembers(archive, label)) {
    const path = partsOf(name).join("/");
    if (type === "file") files.set(path, content);
    else if (type === "link") files.set(path, partsOf(linkname).join("/"));
    else if (type === "symlink") files.set(path, beside(path, linkname));
    if (files.size > MAX_FILES)
      throw new VzError(Status.badData, `${label}: too many files for an image's archive`);
  }
  return files;
}

/** Where a relative link from `path` leads, by its text. */
function beside(path: string, target: string): string {
  const parts = path.split("/").slice(0, -1);
  for (const part of partsOf(target)) {
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

function followed(files: Files, name: string): Stretch | undefined {
  let found = files.get(partsOf(name).join("/"));
  for (let links = 0; typeof found === "string" && links < MAX_LINKS; links++) found = files.get(found);
  return typeof found === "string" ? undefined : found;
}

/** A JSON document, checked by `reader`. @throws VzError 65 */
export function readDocument<T>(stretch: Stretch, label: string, reader: Reader<T>): T {
  if (stretch.size > MAX_DOCUMENT)
    throw new VzError(Status.badData, `${label}: ${formatBytes(stretch.size)} is too long`);
  const bytes = readStretch(stretch);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, 0, bytes.length).toString("utf8"));
  } catch (cause) {
    throw new VzError(Status.badData, `${label}: not JSON`, { cause });
  }
  return checked(value, label, reader);
}

/** Applies a reader of config.json to another document: its errors name `label` instead. */
export function checked<T>(value: unknown, label: string, reader: Reader<T>): T {
  try {
    return reader(value, "", []);
  } catch (cause) {
    if (!(cause instanceof VzError)) throw cause;
    const [, at = "", why = ""] = /^config\.json: (.*): ([^:]*)$/s.exec(cause.message) ?? [];
    throw new VzError(
      Status.badData,
      `${label}: ${at === "" ? "" : `${shown(at)}: `}${why || cause.message}`,
      { cause },
    );
  }
}
