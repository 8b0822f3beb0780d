/**
 * Puts a classic BPF program together from its end to its start: every instruction's targets exist before it does, since BPF
 * only jumps forward. Equal instructions become one. Layout: linux/filter.h, struct sock_filter.
 */

/** BPF_LD|BPF_W|BPF_ABS, BPF_ALU|BPF_AND, BPF_JMP|BPF_JA, BPF_RET */
const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
export const RETURN = 0x06;

/** What a test compares the accumulator with: BPF_JMP|BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET, all unsigned. */
export const Test = { equal: 0x15, above: 0x25, atLeast: 0x35, anyBit: 0x45 } as const;
export type Test = (typeof Test)[keyof typeof Test];

/** linux/bpf_common.h, BPF_MAXINSNS */
export const MAX_INSTRUCTIONS = 4096;
/** The two jumps of a test have eight bits each. */
const FARTHEST = 255;

/** A place in the program that can be jumped to. */
export type Label = number;

interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly yes: number;
  readonly no: number;
}

export class Assembler {
  /** Last instruction first: the position of an instruction is its distance from the end. */
  readonly #reversed: Instruction[] = [];
  readonly #known = new Map<string, Label>();
  /** By label: where it stands, and where the nearest instruction stands that does the same. */
  readonly #first: number[] = [];
  readonly #nearest: number[] = [];

  get length(): number {
    return this.#reversed.length;
  }

  /** Ends the program with an action. */
  ret(action: number): Label {
    return this.#once(`r${action}`, () => this.#emit(RETURN, action));
  }

  /** Loads 32 bits of struct seccomp_data, masks them, and goes on at `next`. */
  load(offset: number, next: Label, mask = 0xffffffff): Label {
    return this.#once(`l${offset} ${mask} ${next}`, () => {
      // a load goes on at the instruction behind it, so that has to be `next`
      if (this.#nearest[next] !== this.length - 1) this.#jump(next);
      if (mask !== 0xffffffff) this.#emit(AND, mask);
      return this.#emit(LOAD, offset);
    });
  }

  /** Goes on at `yes` where the test of the accumulator against `value` holds, else at `no`. */
  test(code: Test, value: number, yes: Label, no: Label): Label {
    if (yes === no) return yes;
    return this.#once(`t${code} ${value} ${yes} ${no}`, () => {
      // bringing one near moves the other away by one
      while (this.#distance(yes) > FARTHEST || this.#distance(no) > FARTHEST) {
        if (this.#distance(yes) > FARTHEST) this.#bringNear(yes);
        if (this.#distance(no) > FARTHEST) this.#bringNear(no);
      }
      return this.#emit(code, value, this.#distance(yes), this.#distance(no));
    });
  }

  /** The program that begins at `start`, 8 bytes an instruction. */
  finish(start: Label): Uint8Array {
    if (this.#nearest[start] !== this.length - 1) this.#jump(start);
    const bytes = new Uint8Array(8 * this.length);
    const view = new DataView(bytes.buffer);
    this.#reversed.toReversed().forEach(({ code, k, yes, no }, i) => {
      view.setUint16(8 * i, code, true);
      view.setUint8(8 * i + 2, yes);
      view.setUint8(8 * i + 3, no);
      view.setUint32(8 * i + 4, k, true);
    });
    return bytes;
  }

  #once(key: string, emit: () => number): Label {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const position = emit();
    const label = this.#first.push(position) - 1;
    this.#nearest.push(position);
    this.#known.set(key, label);
    return label;
  }

  #emit(code: number, k: number, yes = 0, no = 0): number {
    return this.#reversed.push({ code, k, yes, no }) - 1;
  }

  /** How many instructions the one that comes next would skip to reach the label. */
  #distance(label: Label): number {
    return this.length - 1 - (this.#nearest[label] ?? 0);
  }

  #jump(label: Label): number {
    return this.#emit(JUMP, this.length - 1 - (this.#first[label] ?? 0));
  }

  /** Repeats an action close by; to anything else it adds a jump. */
  #bringNear(label: Label): void {
    const there = this.#reversed[this.#first[label] ?? 0];
    this.#nearest[label] = there?.code === RETURN ? this.#emit(RETURN, there.k) : this.#jump(label);
  }
}
