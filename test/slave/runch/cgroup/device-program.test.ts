import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceProgram } from "../../../../src/slave/runch/cgroup/device-program.ts";
import { type DeviceRules, deviceRules } from "../../../../src/slave/runch/cgroup/device-rules.ts";
import type { DeviceRule } from "../../../../src/slave/runch/cgroup/resources.ts";

/** A machine for the few instructions of the programs; numbers and meaning are those of the kernel's instruction-set.rst. */
function run(
  program: Uint8Array,
  request: { access: number; type: number; major: number; minor: number },
): number {
  const view = new DataView(program.buffer);
  const context = new Map([
    [0, request.access * 65536 + request.type],
    [4, request.major],
    [8, request.minor],
  ]);
  const registers = new Map<number, bigint>();
  for (let at = 0, steps = 0; steps < 10000; steps++) {
    const code = view.getUint8(at * 8);
    const [to, from] = [view.getUint8(at * 8 + 1) & 15, view.getUint8(at * 8 + 1) >> 4];
    const offset = view.getInt16(at * 8 + 2, true);
    const value = BigInt.asUintN(64, BigInt(view.getInt32(at * 8 + 4, true)));
    const before = registers.get(to) ?? 0n;
    at++;
    switch (code) {
      case 0x61: // r = *(u32 *)(context + offset)
        assert.equal(from, 1);
        registers.set(to, BigInt(context.get(offset) ?? Number.NaN));
        break;
      case 0xb7:
        registers.set(to, value);
        break;
      case 0xbf:
        registers.set(to, registers.get(from) ?? 0n);
        break;
      case 0x57:
        registers.set(to, before & value);
        break;
      case 0x77:
        registers.set(to, before >> value);
        break;
      case 0x05:
        at += offset;
        break;
      case 0x15:
        if (before === value) at += offset;
        break;
      case 0x55:
        if (before !== value) at += offset;
        break;
      case 0x45:
        if ((before & value) !== 0n) at += offset;
        break;
      case 0x95:
        return Number(registers.get(0));
      default:
        assert.fail(`instruction ${code}`);
    }
  }
  return assert.fail("no end");
}

/** What the list means, said without the program: each kind of access is decided by the last rule that speaks of it. */
function decide(
  { base, rules }: DeviceRules,
  type: string,
  major: number,
  minor: number,
  access: number,
): boolean {
  return [1, 2, 4].every((bit) => {
    if ((access & bit) === 0) return true;
    const last = rules.findLast(
      (rule) =>
        rule.type === type &&
        [-1, major].includes(rule.major) &&
        [-1, minor].includes(rule.minor) &&
        (rule.access & bit) !== 0,
    );
    return last?.allow ?? base === "allow";
  });
}

test("the program decides as the list does: every access of some devices under many lists", () => {
  let seed = 7;
  // Park and Miller's generator: the same lists in each run
  const pick = <T>(items: readonly T[]): T => {
    seed = (seed * 48271) % 0x7fffffff;
    return items[seed % items.length] as T;
  };
  for (let i = 0; i < 300; i++) {
    const list = Array.from({ length: 1 + (i % 6) }, (): DeviceRule => {
      const rule = { allow: pick([true, false]), access: pick(["r", "w", "m", "rw", "rwm", "wm"]) };
      const type = pick(["a", "b", "c", undefined]);
      const [major, minor] = [pick([-1, 1, 8, 4294967295]), pick([-1, 3, 1048575])];
      return { ...rule, ...(type === undefined ? {} : { type }), major, minor };
    });
    const rules = deviceRules(list);
    if (rules === null) continue;
    const program = deviceProgram(rules);
    for (const type of ["b", "c"])
      for (const major of [1, 8, 9])
        for (const minor of [3, 4, 1048575])
          for (let access = 1; access < 8; access++) {
            const request = { access, type: type === "b" ? 1 : 2, major, minor };
            assert.equal(
              run(program, request),
              Number(decide(rules, type, major, minor, access)),
              JSON.stringify({ list, request }),
            );
          }
  }
});
