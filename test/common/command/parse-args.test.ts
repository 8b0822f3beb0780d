import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../../../src/common/command/command.ts";
import { parseArgs } from "../../../src/common/command/parse-args.ts";

const command: Command = {
  name: "vz thing do",
  summary: "does it",
  usage: ["vz thing do FILE"],
  options: [
    { name: "json", help: "for machines" },
    { name: "output", alias: "o", value: "FILE", help: "where to" },
    { name: "env", value: "K=V", repeat: true, help: "a variable" },
  ],
  examples: [],
  run: async () => 0,
};

test("flags, values, repeated values and words are told apart", () => {
  const args = parseArgs(command, ["a", "--json", "-o", "f", "--env", "A=1", "--env=B=2", "--", "--x"]);
  assert.deepEqual(args.positional, ["a", "--x"]);
  assert.equal(args.own, 1);
  assert.equal(args.flag("json"), true);
  assert.equal(args.value("output"), "f");
  assert.deepEqual(args.values("env"), ["A=1", "B=2"]);
});

test("words that look like numbers stay as they were typed", () => {
  assert.deepEqual(parseArgs(command, ["007", "1e3"]).positional, ["007", "1e3"]);
});

test("an unknown option is an error with a suggestion", () => {
  assert.throws(() => parseArgs(command, ["--jsn"]), { status: 64, hint: "did you mean --json?" });
});

test("a value that is missing or given twice is an error", () => {
  assert.throws(() => parseArgs(command, ["--output"]), { status: 64 });
  assert.throws(() => parseArgs(command, ["-o", "a", "-o", "b"]), { status: 64 });
});

test("a command that runs another leaves that one's options alone", () => {
  const args = parseArgs({ ...command, passThrough: true }, ["--json", "perl", "-e", "1", "--json"]);
  assert.deepEqual(args.positional, ["perl", "-e", "1", "--json"]);
});

test("an option named like something that every object has is unknown, not a crash", () => {
  for (const word of ["--constructor", "--__proto__=1", "--no-toString", "--hasOwnProperty"]) {
    assert.throws(() => parseArgs(command, [word]), { name: "VzError", status: 64 }, word);
  }
});

test("a word that reads true or false behind a flag is a word", () => {
  const args = parseArgs(command, ["--json", "true", "-o", "false", "false"]);
  assert.equal(args.flag("json"), true);
  assert.equal(args.value("output"), "false");
  assert.deepEqual(args.positional, ["true", "false"]);
  const through = parseArgs({ ...command, passThrough: true }, ["--json", "true", "--json", "false"]);
  assert.deepEqual(through.positional, ["true", "--json", "false"]);
});
