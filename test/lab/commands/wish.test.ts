import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../../../src/common/command/command.ts";
import { parseArgs } from "../../../src/common/command/parse-args.ts";
import { readWish, wishOptions } from "../../../src/lab/commands/wish.ts";
import type { Arch } from "../../../src/lab/host/arch.ts";

const up: Command = {
  name: "vz lab up",
  summary: "",
  usage: [],
  options: wishOptions,
  examples: [],
  run: async () => 0,
};
const BOTH: readonly Arch[] = ["i386", "amd64"];
const on = (native: readonly Arch[], ...words: string[]) => readWish(parseArgs(up, words), native);
const wish = (...words: string[]) => on(BOTH, ...words);
const none = { openvz: false, kernel: null, only32: false, only64: false };

test("up asks for namespaces of two vendors unless there is one VPS, and for busybox", () => {
  assert.deepEqual(wish("3"), {
    kind: "namespace",
    arch: "i386",
    count: 3,
    vendors: 2,
    init: "busybox",
    memory: 256,
    limits: none,
  });
  assert.equal(wish("1").vendors, 1);
});

test("up takes every flag of a poor VPS", () => {
  const words = "2 --init sysv --mem 64 --openvz --kernel 2.6.32 --only32 --vendors 1".split(" ");
  assert.deepEqual(wish(...words), {
    kind: "namespace",
    arch: "i386",
    count: 2,
    vendors: 1,
    init: "sysv",
    memory: 64,
    limits: { openvz: true, kernel: "2.6.32", only32: true, only64: false },
  });
});

test("up --vm asks for i386 machines whatever this kernel runs, with Debian's kernel", () => {
  const machine = { kind: "vm", arch: "i386", count: 2, vendors: 2, init: "busybox", kernel: "6.1" };
  assert.deepEqual(on(["amd64"], "2", "--vm", "--mem", "64"), { ...machine, memory: 64 });
  const other = on(["arm64"], "1", "--vm", "--arch", "arm64", "--kernel", "5.10");
  assert.deepEqual([other.arch, other.kind === "vm" && other.kernel], ["arm64", "5.10"]);
});

test("namespaces are of the first architecture that this kernel runs; --only64 takes amd64", () => {
  const wide = on(["amd64"], "1");
  assert.deepEqual([wide.arch, wide.kind === "namespace" && wide.limits.only64], ["amd64", true]);
  assert.equal(on(["arm64"], "1").arch, "arm64");
  assert.equal(wish("1", "--arch", "amd64").arch, "amd64");
  assert.equal(wish("1", "--only64").arch, "amd64");
});

/** The error of `call`. */
function refusal(call: () => unknown): { status: number; message: string; hint: string } {
  try {
    call();
  } catch (error) {
    return error as { status: number; message: string; hint: string };
  }
  return assert.fail("nothing was refused");
}

test("namespaces that this kernel cannot run are refused, and --vm is named", () => {
  const no32 = refusal(() => on(["amd64"], "2", "--arch", "i386"));
  assert.deepEqual([no32.status, no32.hint], [77, "vz lab up 2 --vm --arch i386 makes machines that do"]);
  const only32 = refusal(() => on(["amd64"], "1", "--only32", "--arch", "amd64"));
  assert.equal(only32.status, 64);
});

test("up refuses what it cannot mean, with status 64 and the word", () => {
  const cases: [string, RegExp][] = [
    ["", /how many VPSes\?/],
    ["0", /"0"/],
    ["-3", /-3/],
    ["3x", /"3x"/],
    ["1000", /"1000"/],
    ["1 2", /unexpected "2"/],
    ["1 --init systemd", /--init systemd/],
    ["1 --kernel 2.4", /--kernel 2\.4/],
    ["1 --kernel 5.10", /--kernel 5\.10.*--vm/],
    ["1 --vm --kernel 2.6.32", /--kernel 2\.6\.32/],
    ["1 --mem 1", /--mem "1"/],
    ["1 --vm --mem 32", /--mem "32"/],
    ["1 --vm --openvz", /--openvz/],
    ["1 --vm --only64", /--only64/],
    ["1 --arch sparc", /--arch sparc/],
    ["1 --only32 --only64", /--only32 and --only64/],
    ["1 --only64 --arch i386", /--only64/],
    ["1 --vendors 99", /--vendors "99"/],
  ];
  for (const [words, why] of cases) {
    const { status, message } = refusal(() => wish(...words.split(" ").filter((word) => word !== "")));
    assert.equal(status, 64, words);
    assert.match(message, why, words);
  }
});

test("an arm64 VPS has no filter of x86's calls", () => {
  assert.equal(refusal(() => on(["arm64"], "1", "--openvz")).status, 64);
});
