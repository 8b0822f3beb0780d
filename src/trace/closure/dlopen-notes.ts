/**
 * Reads what an ELF file says of the libraries that it may load at run time.
 * Source: "ELF dlopen metadata", a specification of the Linux userspace API group (the section .note.dlopen).
 */
import type { Elf } from "../../common/elf/elf.ts";
import type { LibraryFiles } from "../elf/loader-path.ts";

export interface OptionalLibrary {
  /** Any of these does, the first that is there is taken; byte strings without a slash. */
  readonly names: readonly string[];
  /** "" where it is not said. */
  readonly feature: string;
  readonly priority: "required" | "recommended" | "suggested";
}

const TYPE = 0x407c0c0a;
const OWNER = "FDO\0";
/** Libraries that one file may name, and alternatives for each. */
const MAX_LIBRARIES = 256;

/** What a file's notes name; passes over other notes and broken ones. */
export function optionalLibraries(path: string, elf: Elf, files: LibraryFiles): OptionalLibrary[] {
  const libraries: OptionalLibrary[] = [];
  for (const { offset, size } of elf.notes) {
    for (const text of notesOf(files.part(path, offset, size), elf.littleEndian)) {
      libraries.push(...parseNote(text));
      if (libraries.length >= MAX_LIBRARIES) return libraries.slice(0, MAX_LIBRARIES);
    }
  }
  return libraries;
}

/** The texts of the notes of that type; see elf(5), "Notes". */
function* notesOf(bytes: string, littleEndian: boolean): Generator<string> {
  const word = (at: number): number => {
    const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((i) => bytes.charCodeAt(at + i));
    return (littleEndian ? a | (b << 8) | (c << 16) | (d << 24) : d | (c << 8) | (b << 16) | (a << 24)) >>> 0;
  };
  const padded = (size: number) => Math.ceil(size / 4) * 4;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = word(at);
    const size = word(at + 4);
    const body = at + 12 + padded(nameSize);
    if (body + size > bytes.length) return;
    if (word(at + 8) === TYPE && bytes.slice(at + 12, at + 12 + nameSize) === OWNER)
      yield bytes.slice(body, body + size);
    at = body + padded(size);
  }
}

function parseNote(text: string): OptionalLibrary[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/\0.*$/s, ""));
  } catch {
    return [];
  }
  return (Array.isArray(value) ? value : [value]).slice(0, MAX_LIBRARIES).flatMap((one) => {
    if (typeof one !== "object" || one === null) return [];
    const { soname, feature, priority } = one as Record<string, unknown>;
    const names = (Array.isArray(soname) ? soname : [soname])
      .slice(0, MAX_LIBRARIES)
      .filter((name): name is string => typeof name === "string" && /^[^/\0]{1,255}$/.test(name));
    if (names.length === 0) return [];
    const isKnown = priority === "required" || priority === "suggested";
    return [
      {
        names,
        feature: typeof feature === "string" ? feature : "",
        priority: isKnown ? priority : ("recommended" as const),
      },
    ];
  });
}
