import assert from "node:assert/strict";
import { test } from "node:test";
import { MACHINES } from "../../../../src/slave/runch/seccomp/abis.ts";
import { replaceAction } from "../../../../src/slave/runch/seccomp/load-seccomp.ts";
import { planSeccomp } from "../../../../src/slave/runch/seccomp/plan-seccomp.ts";
import type { OciSeccomp, OciSeccompRule } from "../../../../src/slave/runch/seccomp/read-seccomp.ts";
import { Shortfalls } from "../../../../src/slave/runch/shortfalls.ts";
import { AMD64, filterOf } from "./interpreter.ts";

function plan(seccomp: OciSeccomp) {
  const short = new Shortfalls("auto");
  return { ...planSeccomp(seccomp, MACHINES.ia32, short), told: short.list };
}

const rule = (action: OciSeccompRule["action"], ...names: string[]): OciSeccompRule => ({ names, action });

test("an unknown call is told where leaving it out weakens the filter, once, and else is not", () => {
  const { told } = plan({
    defaultAction: "SCMP_ACT_LOG",
    syscalls: [
      rule("SCMP_ACT_ERRNO", "call_of_tomorrow", "read", "cacheflush"),
      rule("SCMP_ACT_KILL_PROCESS", "call_of_tomorrow"),
      rule("SCMP_ACT_ALLOW", "another_one"),
    ],
  });
  assert.deepEqual(told, ["linux.seccomp: call_of_tomorrow (no system call of that name is known)"]);
  const strictest = plan({
    defaultAction: "SCMP_ACT_KILL_PROCESS",
    syscalls: [rule("SCMP_ACT_KILL", "call_of_tomorrow"), rule("SCMP_ACT_ERRNO", "call_of_tomorrow")],
  });
  assert.deepEqual(strictest.told, []);
});

test("in strict such a call is an error", () => {
  const seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule("SCMP_ACT_TRAP", "raed")] } as const;
  assert.throws(() => planSeccomp(seccomp, MACHINES.ia32, new Shortfalls("strict")), {
    status: 125,
    message: /seccomp: raed/,
  });
});

test("a profile that is for other machines only is refused", () => {
  const profile = (name: string): OciSeccomp => ({ defaultAction: "SCMP_ACT_ALLOW", architectures: [name] });
  const short = new Shortfalls("auto");
  const refusal = { name: "VzError", status: 78, message: /linux\.seccomp\.architectures: none of them/ };
  for (const machine of [MACHINES.ia32, MACHINES.x64])
    assert.throws(() => planSeccomp(profile("SCMP_ARCH_AARCH64"), machine, short), refusal);
  for (const name of ["SCMP_ARCH_X86_64", "SCMP_ARCH_ARM"])
    assert.throws(() => planSeccomp(profile(name), MACHINES.arm64, short), refusal);
  assert.ok(planSeccomp(profile("SCMP_ARCH_AARCH64"), MACHINES.arm64, short).program.length > 0);
});

test("flags are linux/seccomp.h's bits; TSYNC has nothing to do", () => {
  const flags = [
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  ] as const;
  assert.equal(plan({ defaultAction: "SCMP_ACT_ALLOW", flags }).flags, 0b110);
  assert.equal(plan({ defaultAction: "SCMP_ACT_ALLOW" }).flags, 0);
});

test("a listener is asked for only where a rule puts calls to it", () => {
  const flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] as const;
  const without = plan({ defaultAction: "SCMP_ACT_ALLOW", flags, listenerPath: "/run/agent" });
  assert.deepEqual([without.flags, without.listener], [0, null]);
  const syscalls = [rule("SCMP_ACT_NOTIFY", "mknod")];
  const one = plan({ defaultAction: "SCMP_ACT_ALLOW", flags, listenerPath: "/run/agent", syscalls });
  assert.deepEqual([one.flags, one.listener], [0b101000, { path: "/run/agent", metadata: "" }]);
});

test("a filter that is longer than a kernel takes is an error in the configuration", () => {
  const syscalls = Array.from({ length: 1500 }, (_, value): OciSeccompRule => {
    const args = [{ index: 0, value, op: "SCMP_CMP_EQ" as const }];
    return { names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: value + 2, args };
  });
  assert.throws(() => plan({ defaultAction: "SCMP_ACT_ALLOW", syscalls }), {
    status: 78,
    message: /linux\.seccomp: makes a filter of \d+ instructions, a kernel takes 4096/,
  });
});

test("an action that a kernel lacks can be put right in the finished filter", () => {
  const { program } = plan({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule("SCMP_ACT_LOG", "read")] });
  const [LOG, TRAP, ALLOW] = [0x7ffc0000, 0x30000, 0x7fff0000];
  const filter = filterOf(replaceAction(program, LOG, TRAP));
  assert.deepEqual(
    [filter.answer({ arch: AMD64, nr: 0 }), filter.answer({ arch: AMD64, nr: 1 })],
    [TRAP, ALLOW],
  );
  assert.equal(replaceAction(program, TRAP, LOG), program);
});
