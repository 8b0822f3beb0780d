import assert from "node:assert/strict";
import { test } from "node:test";
import { applyLimits } from "../../../../src/slave/runch/cgroup/apply-limits.ts";
import { type Limit, lacking, limit } from "../../../../src/slave/runch/cgroup/limits.ts";
import { memoryV1 } from "../../../../src/slave/runch/cgroup/limits-v1.ts";

function refused(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: reason of ${code}, open '${path}'`), {
    code,
    syscall: "open",
    path,
  });
}

/** Writes limits to files of which only `values` exist; `check` is the kernel's word on a write. */
function apply(
  limits: readonly Limit[],
  values: Record<string, string>,
  check = (_file: string, _text: string) => "",
) {
  const told: string[] = [];
  const writes: string[] = [];
  applyLimits(
    limits.map((one) => ({ ...one, controller: "memory", directory: "/c" })),
    { add: (what, why) => told.push(`${what}: ${why}`) },
    new Map(
      [["/c memory", "not handed down"]].slice(values["none"] === undefined ? 1 : 0) as [string, string][],
    ),
    (path, text) => {
      const file = path.slice(3);
      if (values[file] === undefined) throw refused("ENOENT", path);
      const code = check(file, text);
      if (code !== "") throw refused(code, path);
      values[file] = text;
      writes.push(`${file}=${text}`);
    },
  );
  return { told, writes };
}

test("memory and memory + swap are set in either direction", () => {
  const [plain, both] = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"] as const;
  const set = (values: Record<string, string>, memory: { limit: number; swap: number }) =>
    apply(memoryV1({ memory }), values, (file, text) => {
      const next = { ...values, [file]: text };
      // the kernel's rule: never more memory than memory and swap
      return Number(next[plain]) > Number(next[both]) ? "EINVAL" : "";
    });
  const values = { [plain]: "100", [both]: "100" };
  assert.deepEqual(set(values, { limit: 200, swap: 300 }).told, []);
  assert.deepEqual(values, { [plain]: "200", [both]: "300" });
  assert.deepEqual(set(values, { limit: 50, swap: 60 }).told, []);
  assert.deepEqual(values, { [plain]: "50", [both]: "60" });
  assert.deepEqual(set(values, { limit: 90, swap: 80 }).told, [
    "linux.resources.memory.limit: the kernel does not take this value",
  ]);
});

test("the first file that exists takes the value", () => {
  const weight: Limit = {
    field: "f",
    tries: [
      { file: "old", text: "1" },
      { file: "new", text: "2" },
    ],
  };
  assert.deepEqual(apply([weight], { new: "" }).writes, ["new=2"]);
  assert.deepEqual(apply([weight], { old: "", new: "" }).writes, ["old=1"]);
  assert.deepEqual(apply([weight], {}).told, ["f: this kernel has no old or new"]);
});

test("a field is told once, with the first reason; what asks for nothing is not told", () => {
  const limits = [
    limit("a", "x", 1),
    limit("a", "y", 1),
    limit("b", "x", "max", true),
    { ...limit("c", "x", 1), extra: true },
    lacking("d", "no such thing"),
    lacking("e", "no such thing", true),
  ];
  assert.deepEqual(apply(limits, {}).told, [
    "linux.resources.a: this kernel has no x",
    "linux.resources.d: no such thing",
  ]);
  assert.deepEqual(apply([limit("a", "x", 1)], { none: "" }).told, ["linux.resources.a: not handed down"]);
});

test("reasons are in words, and what must not come later is tried once", () => {
  const told = (code: string) => apply([limit("a", "x", 1)], { x: "" }, () => code).told[0];
  assert.equal(told("E524"), "linux.resources.a: this kernel no longer supports it");
  assert.equal(told("EBUSY"), "linux.resources.a: reason of EBUSY");
  let tries = 0;
  const check = () => {
    tries++;
    return "EPERM";
  };
  apply([{ ...limit("a", "x", 1), once: true }], { x: "" }, check);
  assert.equal(tries, 1);
});
