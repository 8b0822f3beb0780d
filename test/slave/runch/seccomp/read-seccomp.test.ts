import assert from "node:assert/strict";
import { test } from "node:test";
import { type OciSeccomp, readSeccomp } from "../../../../src/slave/runch/seccomp/read-seccomp.ts";

function read(value: unknown): { seccomp: OciSeccomp; unknown: string[] } {
  const unknown: string[] = [];
  return { seccomp: readSeccomp(value, "linux.seccomp", unknown), unknown };
}

test("all fields of the specification are read", () => {
  const whole = {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_RISCV64"],
    flags: ["SECCOMP_FILTER_FLAG_LOG"],
    listenerPath: "/run/agent.sock",
    listenerMetadata: "all of it",
    syscalls: [
      {
        names: ["read", "write"],
        action: "SCMP_ACT_TRACE",
        errnoRet: 9,
        args: [{ index: 5, value: 1, valueTwo: 2, op: "SCMP_CMP_MASKED_EQ" }],
      },
    ],
  };
  assert.deepEqual(read(whole), { seccomp: whole, unknown: [] });
});

test("a field that the specification does not have is named, null is an absent one", () => {
  const { seccomp, unknown } = read({
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: null,
    archMap: [],
    syscalls: [{ names: ["read"], action: "SCMP_ACT_ERRNO", errno: "EPERM", args: null }],
  });
  assert.deepEqual(unknown, ["linux.seccomp.archMap", "linux.seccomp.syscalls[0].errno"]);
  assert.deepEqual(seccomp, {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["read"], action: "SCMP_ACT_ERRNO" }],
  });
});

const ALLOW = { defaultAction: "SCMP_ACT_ALLOW" };
const withRule = (rule: object) => ({
  ...ALLOW,
  syscalls: [{ names: ["read"], action: "SCMP_ACT_ERRNO", ...rule }],
});
const withArg = (arg: object) => withRule({ args: [{ index: 0, value: 1, op: "SCMP_CMP_EQ", ...arg }] });
const WRONG: readonly [why: string, value: unknown, at: RegExp][] = [
  ["no default", {}, /linux\.seccomp\.defaultAction: missing/],
  ["an unknown action", { defaultAction: "SCMP_ACT_FORGIVE" }, /defaultAction: SCMP_ACT_FORGIVE is none of/],
  ["an action that Object has", { defaultAction: "constructor" }, /defaultAction/],
  [
    "a number for an action without one",
    { ...ALLOW, defaultErrnoRet: 1 },
    /defaultErrnoRet: SCMP_ACT_ALLOW takes no/,
  ],
  ["the same in a rule", withRule({ action: "SCMP_ACT_KILL", errnoRet: 1 }), /syscalls\[0\]\.errnoRet/],
  ["a number above 16 bits", withRule({ errnoRet: 65536 }), /errnoRet: above 65535/],
  ["an unknown architecture", { ...ALLOW, architectures: ["SCMP_ARCH_VAX"] }, /architectures\[0\]/],
  ["an unknown flag", { ...ALLOW, flags: ["SECCOMP_FILTER_FLAG_NEW_LISTENER"] }, /flags\[0\]/],
  ["no names", withRule({ names: [] }), /names: empty/],
  ["an empty name", withRule({ names: [""] }), /names/],
  ["a seventh argument", withArg({ index: 6 }), /args\[0\]\.index: above 5/],
  ["an unknown operator", withArg({ op: "SCMP_CMP_ALMOST" }), /args\[0\]\.op/],
  ["a negative value", withArg({ value: -1 }), /args\[0\]\.value/],
  ["a value above 64 bits", withArg({ value: 2 ** 65 }), /args\[0\]\.value/],
  ["metadata for nobody", { ...ALLOW, listenerMetadata: "x" }, /listenerMetadata: set without listenerPath/],
  ["a listener without a path", withRule({ action: "SCMP_ACT_NOTIFY" }), /listenerPath: missing/],
];
for (const [why, value, at] of WRONG) {
  test(`is refused: ${why}`, () => {
    assert.throws(() => read(value), { name: "VzError", status: 78, message: at });
  });
}
