/**
 * Reads ELF files without running them: what a kernel and a dynamic loader would look at first.
 * Sources: elf(5), the System V ABI ("Object files", "Dynamic linking"), the LSB's .note.ABI-tag.
 */
import { closeSync, openSync } from "node:fs";
import { type Part, type ReadAt, Reader, readFully, text, viewOf } from "./elf-reader.ts";

/** Values of e_machine that vz knows by name. */
export const machines: Readonly<Record<number, string>> = {
  3: "i386",
  8: "mips",
  20: "powerpc",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "amd64",
  183: "arm64",
  243: "riscv",
};

export interface Elf {
  readonly class: 32 | 64;
  /** Name from `machines`, or "machine N". An x32 program is machine amd64 with class 32. */
  readonly machine: string;
  /** Executable or shared object (which a position-independent executable is too), or anything else. */
  readonly type: "executable" | "shared" | "other";
  /** PT_INTERP: absolute path of the dynamic loader; null for a static program or a library. */
  readonly interpreter: string | null;
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  readonly soname: string | null;
  /** DT_RPATH and DT_RUNPATH: directories with colons between them, $ORIGIN not expanded. */
  readonly rpath: string | null;
  readonly runpath: string | null;
  /** DF_1_NODEFLIB: neither the cache nor the default directories are searched. */
  readonly noDefaultDirs: boolean;
  /** Oldest kernel by NT_GNU_ABI_TAG ("3.2.0"); null where there is no such note: any kernel. */
  readonly abiFloor: string | null;
  /** Where the dynamic string table lies in the file, in bytes; size 0 where there is none. */
  readonly strings: Part;
  readonly littleEndian: boolean;
  /** Where notes lie in the file (PT_NOTE). */
  readonly notes: readonly Part[];
}

const HEADER = 64;
const MAX_PROGRAM_HEADERS = 1024;
const MAX_PROGRAM_HEADER = 256;
const MAX_SEGMENT = 1 << 20;
const MAX_STRING = 4096;
/** Bytes that are read at once: the header, the program headers, and mostly the notes and the interpreter's name. */
const START = 2048;
/** More than real files have, so that a forged one costs neither seconds nor megabytes. */
const MAX_NOTES = 16;
const MAX_NEEDED = 1024;
const PT = { load: 1, dynamic: 2, interp: 3, note: 4 } as const;
const DT = {
  needed: 1,
  strtab: 5,
  strsz: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  flags1: 0x6ffffffb,
} as const;
const DF_1_NODEFLIB = 0x800;
const NT_GNU_ABI_TAG = 1;

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

/**
 * @param source a path, an open descriptor (its position is left alone), the file's bytes, or a function that reads them
 * @returns null for what is no ELF file, or is too broken for a kernel to look further
 */
export function readElf(source: string | number | Uint8Array | ReadAt): Elf | null {
  if (typeof source === "function") return parse(source);
  if (source instanceof Uint8Array) {
    return parse((offset, length) => source.subarray(offset, Math.min(source.length, offset + length)));
  }
  const fd = typeof source === "number" ? source : openSync(source, "r");
  try {
    // Nearly all that is asked for lies near the start.
    const start = readFully(fd, 0, START);
    return parse((offset, length) =>
      offset + length <= start.length
        ? start.subarray(offset, offset + length)
        : readFully(fd, offset, length),
    );
  } finally {
    if (typeof source !== "number") closeSync(fd);
  }
}

function parse(readAt: ReadAt): Elf | null {
  const head = readAt(0, HEADER);
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return null;
  const wide = head[4] === 2;
  if ((!wide && head[4] !== 1) || (head[5] !== 1 && head[5] !== 2) || (wide && head.length < HEADER))
    return null;
  const reader = new Reader(wide, head[5] === 1);
  const view = viewOf(head);
  const machine = reader.u16(view, 18);
  const type = reader.u16(view, 16);
  const segments = programHeaders(readAt, reader, view);
  const notes = segments
    .filter((one) => one.type === PT.note)
    .slice(0, MAX_NOTES)
    .map(({ offset, size }) => ({ offset, size: Math.min(size, MAX_SEGMENT) }));
  return {
    class: wide ? 64 : 32,
    machine: machines[machine] ?? `machine ${machine}`,
    type: type === 2 ? "executable" : type === 3 ? "shared" : "other",
    interpreter: interpreterOf(readAt, segments),
    abiFloor: abiFloorOf(readAt, reader, notes),
    littleEndian: head[5] === 1,
    notes,
    ...dynamicOf(readAt, reader, segments),
  };
}

function programHeaders(readAt: ReadAt, reader: Reader, head: DataView): Segment[] {
  const { wide } = reader;
  const offset = reader.word(head, wide ? 32 : 28);
  const entry = reader.u16(head, wide ? 54 : 42);
  const count = reader.u16(head, wide ? 56 : 44);
  if (entry < (wide ? 56 : 32) || entry > MAX_PROGRAM_HEADER || count > MAX_PROGRAM_HEADERS) return [];
  const table = viewOf(readAt(offset, entry * count));
  const segments: Segment[] = [];
  for (let at = 0; at + entry <= table.byteLength; at += entry) {
    segments.push({
      type: reader.u32(table, at),
      offset: reader.word(table, at + (wide ? 8 : 4)),
      address: reader.word(table, at + (wide ? 16 : 8)),
      size: reader.word(table, at + (wide ? 32 : 16)),
    });
  }
  return segments;
}

function interpreterOf(readAt: ReadAt, segments: readonly Segment[]): string | null {
  const segment = segments.find((one) => one.type === PT.interp);
  if (segment === undefined) return null;
  return text(readAt(segment.offset, Math.min(segment.size, MAX_STRING))) || null;
}

function abiFloorOf(readAt: ReadAt, reader: Reader, parts: readonly Part[]): string | null {
  for (const part of parts) {
    const notes = viewOf(readAt(part.offset, part.size));
    for (let at = 0; at + 12 <= notes.byteLength; ) {
      const nameSize = reader.u32(notes, at);
      const size = reader.u32(notes, at + 4);
      const body = at + 12 + padded(nameSize);
      if (body + size > notes.byteLength) break;
      const isTag = reader.u32(notes, at + 8) === NT_GNU_ABI_TAG && nameSize === 4 && size >= 16;
      // 0x474e5500 is "GNU" in the order of bytes; the first word says which system, 0 being Linux.
      if (isTag && notes.getUint32(at + 12) === 0x474e5500 && reader.u32(notes, body) === 0) {
        return [4, 8, 12].map((word) => reader.u32(notes, body + word)).join(".");
      }
      at = body + padded(size);
    }
  }
  return null;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

type Dynamic = Pick<Elf, "needed" | "soname" | "rpath" | "runpath" | "noDefaultDirs" | "strings">;

function dynamicOf(readAt: ReadAt, reader: Reader, segments: readonly Segment[]): Dynamic {
  const segment = segments.find((one) => one.type === PT.dynamic);
  const entries = segment === undefined ? [] : dynamicEntries(readAt, reader, segment);
  const last = (tag: number) => entries.findLast((entry) => entry.tag === tag)?.value;
  const address = last(DT.strtab);
  const base = address === undefined ? undefined : fileOffset(segments, address);
  const string = (offset: number | undefined) =>
    base === undefined || offset === undefined ? null : text(readAt(base + offset, MAX_STRING));
  return {
    needed: entries
      .filter((entry) => entry.tag === DT.needed)
      .slice(0, MAX_NEEDED)
      .flatMap((entry) => string(entry.value) ?? []),
    soname: string(last(DT.soname)),
    rpath: string(last(DT.rpath)),
    runpath: string(last(DT.runpath)),
    noDefaultDirs: Math.floor((last(DT.flags1) ?? 0) / DF_1_NODEFLIB) % 2 === 1,
    strings: { offset: base ?? 0, size: base === undefined ? 0 : (last(DT.strsz) ?? 0) },
  };
}

function dynamicEntries(readAt: ReadAt, reader: Reader, segment: Segment): { tag: number; value: number }[] {
  const step = reader.wide ? 16 : 8;
  const table = viewOf(readAt(segment.offset, Math.min(segment.size, MAX_SEGMENT)));
  const entries: { tag: number; value: number }[] = [];
  for (let at = 0; at + step <= table.byteLength; at += step) {
    const tag = reader.word(table, at);
    if (tag === 0) break;
    entries.push({ tag, value: reader.word(table, at + step / 2) });
  }
  return entries;
}

/** Where a virtual address lies in the file. */
function fileOffset(segments: readonly Segment[], address: number): number | undefined {
  const home = segments.find(
    (one) => one.type === PT.load && address >= one.address && address < one.address + one.size,
  );
  return home === undefined ? undefined : home.offset + (address - home.address);
}
