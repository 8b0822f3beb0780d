import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chapter, candidates, manPage, roff } from "../../src/cli/manual.ts";
import type { Command } from "../../src/common/command/command.ts";

const build: Command = {
  name: "vz image build",
  summary: "makes it",
  usage: ["vz image build BUNDLE -o FILE"],
  options: [{ name: "output", alias: "o", value: "FILE", help: "where to" }],
  examples: [],
  run: async () => 0,
};
const chapters: Chapter[] = [
  { word: "image", summary: "images", entry: { name: "vz image", summary: "images", commands: { build } } },
  { word: "trace", summary: "traces", entry: { ...build, name: "vz trace" } },
];

test("roff shows backslashes, hyphens and leading dots as they are", () => {
  assert.equal(roff("a\\b --x\n.dot"), "a\\eb \\-\\-x\n\\&.dot");
});

test("the man page holds every command with its options", () => {
  const page = manPage(chapters, "1.2.3");
  assert.match(page, /^\.TH VZ 1/);
  assert.match(page, /\.SS vz image build\n/);
  assert.match(page, /\\-o, \\-\\-output FILE/);
});

test("completion offers roles, then commands, then options", () => {
  assert.deepEqual(candidates(chapters, [""]), ["help", "image", "trace"]);
  assert.deepEqual(candidates(chapters, ["help", "im"]), ["image"]);
  assert.deepEqual(candidates(chapters, ["image", ""]), ["build"]);
  assert.deepEqual(candidates(chapters, ["image", "build", "--o"]), ["--output"]);
  assert.deepEqual(candidates(chapters, ["trace", "-"]), ["--output"]);
  assert.deepEqual(candidates(chapters, ["nothing", ""]), []);
});
