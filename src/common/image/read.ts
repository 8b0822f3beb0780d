/**
 * Reads an image as a stream, and holds all rules for refusing one. The tarball must hold `vz.json` and then exactly the
 * manifest's files in their order, each as the manifest has it. So no name escapes, comes twice, leads through a symbolic
 * link, or is missing from the manifest, whatever the archive says.
 */
import { extract as createExtract, type Extract, type Header } from "tar-stream";
import type { Progress } from "../command/progress.ts";
import { sha256, startSha256 } from "../digest.ts";
import { isVzError, Status, VzError } from "../errors.ts";
import { type Archive, type OpenImage, openArchive, pump, refuseHugeClaim } from "./archive.ts";
import { archiveName, whyBadPath } from "./file-names.ts";
import {
  type Entry,
  type FileEntry,
  MANIFEST_NAME,
  MAX_MANIFEST_BYTES,
  type Manifest,
  shown,
} from "./manifest.ts";
import { parseManifest } from "./parse-manifest.ts";
import { headerFields, kindNames } from "./tar-header.ts";

export interface ImageHead {
  readonly manifest: Manifest;
  /** The bytes of `vz.json`. */
  readonly bytes: Uint8Array;
  /** "sha256:" and the hash of those bytes. */
  readonly id: string;
}

/** What to do with the parts of an image as they come by. `end` comes only for a file whose every byte was right. */
export interface ImageVisitor {
  head?(head: ImageHead): void;
  begin?(entry: Entry): void;
  data?(entry: FileEntry, chunk: Uint8Array): void;
  end?(entry: Entry): void;
}

/** One file of the archive, as tar-stream gives it. */
type Member = Extract extends AsyncIterable<infer Source> ? Source : never;

/** Room in the archive, beside the contents, for its headers: long names come in a header of their own. */
const HEADROOM = 64 * 1024 + MAX_MANIFEST_BYTES;
const HEADERS_OF_ENTRY = 12 * 1024;

/**
 * Reads and checks the whole of an image.
 * @throws VzError 65 with one line that names what is wrong; whatever `visitor` throws
 */
export async function readImage(
  image: OpenImage,
  visitor: ImageVisitor = {},
  progress?: Progress,
): Promise<ImageHead> {
  const archive = openArchive(image);
  const reader = new Reader(image.label, archive, visitor);
  await eachEntry(image.label, archive, reader, progress);
  return reader.finish();
}

/** Reads no further than the manifest: tells what an image claims, not that it is whole. */
export async function readManifest(image: OpenImage): Promise<ImageHead> {
  let found: ImageHead | undefined;
  const archive = openArchive(image);
  const reader = new Reader(image.label, archive, {
    head(head) {
      found = head;
    },
  });
  await eachEntry(image.label, archive, reader, undefined, () => found !== undefined);
  return found ?? reader.finish();
}

async function eachEntry(
  label: string,
  archive: Archive,
  reader: Reader,
  progress: Progress | undefined,
  enough: () => boolean = () => false,
): Promise<void> {
  const extract = createExtract();
  const chunks = archive.chunks((done) => progress?.update(done, archive.size));
  const feeding = pump(reader.bounded(chunks), extract);
  try {
    for await (const entry of extract) {
      await reader.entry(entry);
      if (enough()) break;
    }
  } catch (cause) {
    if (isVzError(cause) || !(cause instanceof Error) || "syscall" in cause) throw cause;
    throw damaged(label, reader, cause);
  } finally {
    extract.destroy();
    await feeding;
    progress?.end();
  }
}

/** Puts tar-stream's error about an unreadable archive into our words. */
function damaged(label: string, reader: Reader, cause: Error): unknown {
  if (!/^(Unexpected end|Invalid|Header exceeds|Writable stream closed)/.test(cause.message)) return cause;
  const why = cause.message.startsWith("Unexpected end") ? "ends too early" : "is damaged";
  const place = reader.complete ? "has something behind its last file" : `${why} after ${reader.last}`;
  const what = reader.begun ? `the archive ${place}` : "not an image of vz";
  return new VzError(Status.badData, `${label}: ${what}`, { cause });
}

class Reader {
  readonly #label: string;
  readonly #archive: Archive;
  readonly #visitor: ImageVisitor;
  #head: ImageHead | undefined;
  /** Bytes of the tarball that may still come. */
  #room = HEADROOM;
  #index = 0;

  constructor(label: string, archive: Archive, visitor: ImageVisitor) {
    this.#label = label;
    this.#archive = archive;
    this.#visitor = visitor;
  }

  get begun(): boolean {
    return this.#head !== undefined;
  }

  /** Whether every file of the manifest has been read. */
  get complete(): boolean {
    return this.#index === this.#head?.manifest.files.length;
  }

  /** The last entry that was read, for an error line. */
  get last(): string {
    return shown(this.#head?.manifest.files[this.#index - 1]?.path ?? MANIFEST_NAME);
  }

  /** Passes `chunks` on until there are more than any image with this manifest has: a bomb ends here. */
  async *bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#room -= chunk.length;
      if (this.#room < 0) {
        throw this.#bad(this.begun ? "holds more data than its manifest lists" : "not an image of vz");
      }
      yield chunk;
    }
  }

  async entry(entry: Member): Promise<void> {
    if (this.#head === undefined) {
      await this.#readHead(entry);
      return;
    }
    const { files } = this.#head.manifest;
    const expected = files[this.#index];
    if (expected === undefined || entry.header.name !== archiveName(expected.path)) {
      throw this.#bad(this.#whyWrong(entry.header, files));
    }
    this.#checkHeader(entry.header, expected);
    this.#visitor.begin?.(expected);
    if (expected.type === "file") await this.#readFile(entry, expected);
    this.#index++;
    this.#visitor.end?.(expected);
  }

  finish(): ImageHead {
    if (this.#head === undefined) throw this.#bad("not an image of vz");
    const missing = this.#head.manifest.files[this.#index];
    if (missing !== undefined) throw this.#bad(`${shown(missing.path)}: missing`);
    return this.#head;
  }

  async #readHead(entry: Member): Promise<void> {
    const { name, type, size = 0 } = entry.header;
    if (name !== MANIFEST_NAME || type !== "file") {
      throw this.#bad(`not an image of vz: begins with ${shown(name)}, not with ${MANIFEST_NAME}`);
    }
    if (size > MAX_MANIFEST_BYTES) throw this.#bad(`${MANIFEST_NAME}: too large`);
    const parts: Uint8Array[] = [];
    for await (const chunk of entry) parts.push(asBytes(chunk));
    const bytes = Buffer.concat(parts);
    const manifest = parseManifest(bytes.toString("utf8"), this.#label);
    refuseHugeClaim(this.#archive, manifest.totals.bytes, this.#label);
    for (const file of manifest.files) {
      this.#room += HEADERS_OF_ENTRY + (file.type === "file" ? Math.ceil(file.size / 512) * 512 : 0);
    }
    this.#head = { manifest, bytes, id: `sha256:${sha256(bytes)}` };
    this.#visitor.head?.(this.#head);
  }

  #whyWrong({ name }: Header, files: readonly Entry[]): string {
    const unsafe = whyBadPath(name.replace(/\/$/, ""));
    if (unsafe !== undefined) return `${shown(name)}: ${unsafe}`;
    const place = name === MANIFEST_NAME ? -1 : files.findIndex((file) => archiveName(file.path) === name);
    if (place < 0 && name !== MANIFEST_NAME) return `${shown(name)}: not in the manifest`;
    if (place < this.#index) return `${shown(name)}: comes twice`;
    return `${shown(files[this.#index]?.path ?? name)}: missing or out of order, ${shown(name)} is in its place`;
  }

  #checkHeader(header: Header, expected: Entry): void {
    const claimed = headerFields(expected);
    const path = shown(expected.path);
    if (header.type !== claimed.type) {
      const kinds = `is a ${kindNames[header.type ?? ""] ?? "file of unknown kind"} in the archive`;
      throw this.#bad(`${path}: ${kinds}, a ${kindNames[claimed.type]} in the manifest`);
    }
    const pax = paxOf(header);
    const found: Record<string, unknown> = { ...header, linkname: header.linkname ?? "" };
    if (pax["uid"] !== undefined) found["uid"] = Number(pax["uid"]);
    if (pax["gid"] !== undefined) found["gid"] = Number(pax["gid"]);
    for (const [key, value] of Object.entries(claimed.compared)) {
      if (found[key] === value) continue;
      throw this.#bad(`${path}: its ${key} in the archive is not that of the manifest`);
    }
  }

  async #readFile(entry: Member, expected: FileEntry): Promise<void> {
    const hash = startSha256();
    for await (const chunk of entry) {
      const bytes = asBytes(chunk);
      hash.update(bytes);
      this.#visitor.data?.(expected, bytes);
    }
    if (hash.digest("hex") !== expected.sha256) throw this.#bad(`${shown(expected.path)}: wrong SHA-256`);
  }

  #bad(why: string): VzError {
    return new VzError(Status.badData, `${this.#label}: ${why}`);
  }
}

/** tar-stream's types do not say what a stream yields. */
function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError("the archive's stream gave no bytes");
}

/** The records of a PAX extended header, which tar-stream gives beside the fields that it knows. */
function paxOf(header: object): Record<string, unknown> {
  const pax = "pax" in header ? header.pax : undefined;
  return typeof pax === "object" && pax !== null ? { ...pax } : {};
}
