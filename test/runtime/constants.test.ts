import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const c = readFileSync("runtime/native/constants.c", "utf8");
const types = readFileSync("runtime/vz-constants.d.ts", "utf8");

const inC = (list: string) => {
  const [text = ""] = new RegExp(`${list}\\[\\] = \\{[^}]*\\}`).exec(c) ?? [];
  return Array.from(text.matchAll(/C\((\w+)\)/g), (match) => match[1]);
};
const inTypes = (type: string) => {
  const [text = ""] = new RegExp(`type ${type} =[^;]*;`).exec(types) ?? [];
  return Array.from(text.matchAll(/"(\w+)"/g), (match) => match[1]);
};

test("the types name the constants and the signals that the base has, each of them once", () => {
  assert.ok(inC("constants").includes("UMOUNT_NOFOLLOW") && inC("signal_numbers").includes("SIGSYS"));
  assert.deepEqual(inTypes("Constant"), inC("constants"));
  assert.deepEqual(inTypes("SignalName"), inC("signal_numbers"));
  assert.equal(new Set(inC("constants")).size, inC("constants").length);
});
