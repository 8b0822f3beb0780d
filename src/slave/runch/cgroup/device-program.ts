/**
 * The rules for devices as a program for the kernel's eBPF machine, of the type BPF_PROG_TYPE_CGROUP_DEVICE (Linux 4.15): it is
 * asked at each mknod and open of a device and answers 1 or 0. Instructions: Documentation/bpf/standardization/instruction-set.rst.
 */
import type { DeviceRules, Rule } from "./device-rules.ts";

/** Opcodes: operation | kind of operand | class. */
const LOAD_WORD = 0x61;
const MOVE = 0xb7;
const MOVE_REGISTER = 0xbf;
const AND = 0x57;
const SHIFT_RIGHT = 0x77;
const JUMP_IF_NOT = 0x55;
const JUMP = 0x05;
const JUMP_IF_ANY_BIT = 0x45;
const EXIT = 0x95;

/** Registers: result, argument, and what the program keeps in the others. */
const RESULT = 0;
const CONTEXT = 1;
const TYPE = 2;
const MAJOR = 3;
const MINOR = 4;
/** The kinds of access that no rule has spoken of yet. */
const ASKED = 5;

/** struct bpf_cgroup_dev_ctx: access_type (access << 16 | type), major, minor. */
const FIELD = { type: 0, major: 4, minor: 8 } as const;
const DEVICE_TYPES = { b: 1, c: 2 } as const;

interface Instruction {
  readonly code: number;
  readonly to: number;
  readonly from: number;
  readonly offset: number;
  readonly value: number;
}

const instruction = (code: number, to: number, value = 0, from = 0, offset = 0): Instruction => {
  return { code, to, from, offset, value };
};

const answer = (allow: boolean) => [instruction(MOVE, RESULT, allow ? 1 : 0), instruction(EXIT, 0)];

/** What a rule does with a request for its device; a request for another one jumps over it. */
function ruleCode(rule: Rule): Instruction[] {
  const decision = rule.allow
    ? [
        instruction(AND, ASKED, 0xffff & ~rule.access),
        instruction(JUMP_IF_NOT, ASKED, 0, 0, 2),
        ...answer(true),
      ]
    : [
        instruction(JUMP_IF_ANY_BIT, ASKED, rule.access, 0, 1),
        instruction(JUMP, 0, 0, 0, 2),
        ...answer(false),
      ];
  const checks: [register: number, value: number][] = [[TYPE, DEVICE_TYPES[rule.type]]];
  if (rule.major !== -1) checks.push([MAJOR, rule.major]);
  if (rule.minor !== -1) checks.push([MINOR, rule.minor]);
  return [
    ...checks.map(([register, value], i) =>
      instruction(JUMP_IF_NOT, register, value, 0, checks.length - 1 - i + decision.length),
    ),
    ...decision,
  ];
}

/** struct bpf_insn: code, two registers in one byte, offset, value; little endian. */
function assemble(code: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(code.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, { code: operation, to, from, offset, value }] of code.entries()) {
    view.setUint8(i * 8, operation);
    view.setUint8(i * 8 + 1, to + from * 16);
    view.setInt16(i * 8 + 2, offset, true);
    view.setInt32(i * 8 + 4, value, true);
  }
  return bytes;
}

/** A later rule overrides an earlier one, so the program asks from the last to the first. */
export function deviceProgram({ base, rules }: DeviceRules): Uint8Array {
  return assemble([
    instruction(LOAD_WORD, TYPE, 0, CONTEXT, FIELD.type),
    instruction(MOVE_REGISTER, ASKED, 0, TYPE),
    instruction(AND, TYPE, 0xffff),
    instruction(SHIFT_RIGHT, ASKED, 16),
    instruction(LOAD_WORD, MAJOR, 0, CONTEXT, FIELD.major),
    instruction(LOAD_WORD, MINOR, 0, CONTEXT, FIELD.minor),
    ...[...rules].reverse().flatMap(ruleCode),
    ...answer(base === "allow"),
  ]);
}
