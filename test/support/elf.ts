/** Small ELF files made by hand, for tests: a header, the segments asked for, and a string table. */
export interface ElfParts {
  class: 32 | 64;
  /** e_machine; 3 is i386, 62 amd64. */
  machine: number;
  bigEndian?: boolean;
  interpreter?: string;
  needed?: readonly string[];
  soname?: string;
  rpath?: string;
  runpath?: string;
  /** The four words of NT_GNU_ABI_TAG: system, then the version. */
  abi?: readonly [number, number, number, number];
  /** Text of a note of dlopen metadata. */
  dlopen?: string;
}

/** Virtual address of the file's first byte; not 0, so that a reader that takes addresses for offsets fails. */
const BASE = 0x10000;

export function makeElf(parts: ElfParts): Uint8Array {
  const wide = parts.class === 64;
  const bytes = new Uint8Array(8192);
  const view = new DataView(bytes.buffer);
  const little = !parts.bigEndian;
  const u16 = (at: number, value: number) => view.setUint16(at, value, little);
  const u32 = (at: number, value: number) => view.setUint32(at, value, little);
  const word = (at: number, value: number) => {
    if (wide) view.setBigUint64(at, BigInt(value), little);
    else u32(at, value);
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  u16(16, 3);
  u16(18, parts.machine);

  let end = 1024;
  const put = (content: Uint8Array): number => {
    const at = end;
    bytes.set(content, at);
    end = Math.ceil((at + content.length) / 8) * 8;
    return at;
  };
  const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

  const segments: { type: number; offset: number; size: number }[] = [{ type: 1, offset: 0, size: 8192 }];
  if (parts.interpreter !== undefined) {
    const content = latin1(`${parts.interpreter}\0`);
    segments.push({ type: 3, offset: put(content), size: content.length });
  }
  if (parts.abi !== undefined) {
    const at = put(new Uint8Array(32));
    [4, 16, 1].forEach((value, i) => {
      u32(at + 4 * i, value);
    });
    bytes.set(latin1("GNU\0"), at + 12);
    parts.abi.forEach((value, i) => {
      u32(at + 16 + 4 * i, value);
    });
    segments.push({ type: 4, offset: at, size: 32 });
  }
  if (parts.dlopen !== undefined) {
    const content = latin1(`${parts.dlopen}\0`);
    const size = 16 + Math.ceil(content.length / 4) * 4;
    const at = put(new Uint8Array(size));
    [4, content.length, 0x407c0c0a].forEach((value, i) => {
      u32(at + 4 * i, value);
    });
    bytes.set(latin1("FDO\0"), at + 12);
    bytes.set(content, at + 16);
    segments.push({ type: 4, offset: at, size });
  }
  const strings = ["", ...(parts.needed ?? []), parts.soname ?? "", parts.rpath ?? "", parts.runpath ?? ""];
  const entries: [number, number][] = [];
  let table = "";
  const string = (text: string) => {
    const at = table.length;
    table += `${text}\0`;
    return at;
  };
  string("");
  for (const name of parts.needed ?? []) entries.push([1, string(name)]);
  if (parts.soname !== undefined) entries.push([14, string(parts.soname)]);
  if (parts.rpath !== undefined) entries.push([15, string(parts.rpath)]);
  if (parts.runpath !== undefined) entries.push([29, string(parts.runpath)]);
  if (strings.some((text) => text !== "")) {
    entries.push([5, BASE + put(latin1(table))], [10, table.length], [0, 0]);
    const half = wide ? 8 : 4;
    const at = put(new Uint8Array(entries.length * 2 * half));
    entries.forEach(([tag, value], i) => {
      word(at + 2 * half * i, tag);
      word(at + 2 * half * i + half, value);
    });
    segments.push({ type: 2, offset: at, size: entries.length * 2 * half });
  }

  const size = wide ? 56 : 32;
  word(wide ? 32 : 28, 64);
  u16(wide ? 54 : 42, size);
  u16(wide ? 56 : 44, segments.length);
  segments.forEach((segment, i) => {
    const at = 64 + size * i;
    u32(at, segment.type);
    word(at + (wide ? 8 : 4), segment.offset);
    word(at + (wide ? 16 : 8), BASE + segment.offset);
    word(at + (wide ? 32 : 16), segment.size);
  });
  return bytes.subarray(0, end);
}
