/** Where UTF-8 may be cut: for decoders that get a text in pieces. */

/** How many bytes of a sequence that byte `first` begins are still good before byte `second`; see Unicode 15, table 3-7. */
function lengthOf(first: number, second: number | undefined): number {
  if (first < 0xc2 || first > 0xf4) return 1;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second !== undefined && (second < low || second > high)) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Length of the sequence at the end of `bytes` that more bytes could still complete; 0 if there is none. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const second = back > 1 ? bytes[bytes.length - back + 1] : undefined;
    return lengthOf(byte, second) > back ? back : 0;
  }
  return 0;
}

export function joinBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
