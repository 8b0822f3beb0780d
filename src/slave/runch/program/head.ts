/**
 * What the first bytes of a program tell before it is executed: what interprets it, and the oldest kernel that it is made
 * for. Sources: elf(5), execve(2), the LSB's .note.ABI-tag.
 */

/** How many bytes are looked at: program headers and notes stand at the front of every linker's files. */
export const HEAD = 2048;

const PT_INTERP = 3;
const PT_NOTE = 4;
const NT_GNU_ABI_TAG = 1;
/** "GNU\0" */
const GNU = 0x474e5500;

export interface Head {
  /** What the kernel starts in the program's place: after "#!", or the dynamic loader. */
  readonly interpreter: string | null;
  /** Oldest kernel by the program's ABI note: "3.2.0". */
  readonly kernelFloor: string | null;
}

const NOTHING: Head = { interpreter: null, kernelFloor: null };

/** "GNU" notes: name size, data size, type, name, data. */
function floorIn(view: DataView, at: number, end: number): string | null {
  while (at + 32 <= end) {
    const size = view.getUint32(at + 4, true);
    const isGnu = view.getUint32(at, true) === 4 && view.getUint32(at + 12) === GNU;
    const words = [at + 20, at + 24, at + 28].map((place) => view.getUint32(place, true));
    // the first word says which system: 0 is Linux
    if (isGnu && view.getUint32(at + 8, true) === NT_GNU_ABI_TAG && view.getUint32(at + 16, true) === 0)
      return words.join(".");
    at += 12 + Math.ceil(view.getUint32(at, true) / 4) * 4 + Math.ceil(size / 4) * 4;
  }
  return null;
}

function textAt(bytes: Uint8Array, at: number, end: number): string {
  let text = "";
  for (let i = at; i < end && i < bytes.length && bytes[i] !== 0; i++)
    text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

/** @param bytes up to HEAD of them; what lies behind is not seen */
export function readHead(bytes: Uint8Array): Head {
  if (bytes[0] === 0x23 && bytes[1] === 0x21) {
    const line = textAt(bytes, 2, 256).split("\n")[0] ?? "";
    const interpreter = /^[ \t]*([^ \t]+)/.exec(line)?.[1];
    return interpreter === undefined ? NOTHING : { interpreter, kernelFloor: null };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // little-endian ELF: the kernels that vz is built for run no other
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[5] !== 1) return NOTHING;
  const wide = bytes[4] === 2;
  const start = view.getUint32(wide ? 32 : 28, true);
  const step = view.getUint16(wide ? 54 : 42, true);
  const count = view.getUint16(wide ? 56 : 44, true);
  let interpreter: string | null = null;
  let kernelFloor: string | null = null;
  for (let i = 0, at = start; i < count && step >= 32 && at + step <= bytes.length; i++, at += step) {
    const type = view.getUint32(at, true);
    if (type !== PT_INTERP && type !== PT_NOTE) continue;
    const offset = view.getUint32(at + (wide ? 8 : 4), true);
    const end = Math.min(bytes.length, offset + view.getUint32(at + (wide ? 32 : 16), true));
    if (type === PT_INTERP) interpreter = textAt(bytes, offset, end) || null;
    else kernelFloor ??= floorIn(view, offset, end);
  }
  return { interpreter, kernelFloor };
}

/** Whether a kernel ("2.6.32-042stab145.3") is older than `floor` ("3.2.0"). */
export function isOlder(release: string, floor: string): boolean {
  const have = release.split(/[^0-9]+/).map(Number);
  const wanted = floor.split(".").map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (have[i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
