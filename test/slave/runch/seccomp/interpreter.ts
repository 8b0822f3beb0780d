/**
 * Runs a filter as the kernel does (Documentation/networking/filter.rst), on one struct seccomp_data, and is as strict with
 * it as the kernel's check before loading: known instructions, jumps inside of the program, a return at its end.
 */
import assert from "node:assert/strict";

export const I386 = 0x40000003;
export const AMD64 = 0xc000003e;
export const ARM64 = 0xc00000b7;
export const ARM = 0x40000028;
export const X32_BIT = 0x40000000;

export interface Call {
  readonly arch: number;
  readonly nr: number;
  readonly args?: readonly bigint[];
}

export interface Filter {
  /** What it answers: SECCOMP_RET_*. */
  answer(call: Call): number;
  readonly length: number;
  /** Instructions that the last call took. */
  steps: number;
}

export function filterOf(program: Uint8Array): Filter {
  assert.equal(program.length % 8, 0);
  const length = program.length / 8;
  assert.ok(length > 0 && length <= 4096, `${length} instructions`);
  const code = new DataView(program.buffer, program.byteOffset, program.length);
  for (let i = 0; i < length; i++) {
    const op = code.getUint16(8 * i, true);
    const k = code.getUint32(8 * i + 4, true);
    if (op === 0x20) assert.ok(k % 4 === 0 && k < 64, `loads at ${k}`);
    else if (op === 0x05) assert.ok(i + 1 + k < length, "jumps out of the program");
    else if ([0x15, 0x25, 0x35, 0x45].includes(op))
      assert.ok(
        i + 1 + Math.max(code.getUint8(8 * i + 2), code.getUint8(8 * i + 3)) < length,
        "branches out of it",
      );
    else assert.ok(op === 0x06 || op === 0x54, `unknown instruction ${op}`);
  }
  assert.equal(code.getUint16(8 * (length - 1), true), 0x06, "ends in a return");

  const data = new DataView(new ArrayBuffer(64));
  return {
    length,
    steps: 0,
    answer({ arch, nr, args = [] }) {
      data.setUint32(0, nr, true);
      data.setUint32(4, arch, true);
      for (let i = 0; i < 6; i++) data.setBigUint64(16 + 8 * i, args[i] ?? 0n, true);
      let accumulator = 0;
      this.steps = 0;
      for (let at = 0; ; at++) {
        this.steps++;
        const op = code.getUint16(8 * at, true);
        const k = code.getUint32(8 * at + 4, true);
        const branch = (is: boolean) => {
          at += code.getUint8(8 * at + (is ? 2 : 3));
        };
        if (op === 0x06) return k;
        if (op === 0x20) accumulator = data.getUint32(k, true);
        else if (op === 0x54) accumulator = (accumulator & k) >>> 0;
        else if (op === 0x05) at += k;
        else if (op === 0x15) branch(accumulator === k);
        else if (op === 0x25) branch(accumulator > k);
        else if (op === 0x35) branch(accumulator >= k);
        else branch((accumulator & k) !== 0);
      }
    },
  };
}
