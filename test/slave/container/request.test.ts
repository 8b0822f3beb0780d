import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArgs } from "../../../src/common/command/parse-args.ts";
import type { StartRequest } from "../../../src/common/contract/protocol.ts";
import { startWords } from "../../../src/common/contract/start-request.ts";
import { readRequest } from "../../../src/slave/container/request.ts";
import { startVerb } from "../../../src/slave/vzexec/verbs/start.ts";

const read = (...words: string[]) => readRequest(parseArgs(startVerb, words));

test("what the master writes is read back as it was", () => {
  const request: StartRequest = {
    image: `sha256:${"a".repeat(64)}`,
    fleet: "example",
    env: { A: "", B: "x=y", C: "two words\nand lines", D: "-dash", E: "é" },
    volumes: ["data:/var/lib/data", "more:/srv/a b"],
    memory: 64 * 1024 * 1024,
    restart: "never",
  };
  const [, name, ...words] = startWords("web-1", request);
  assert.equal(name, "web-1");
  assert.deepEqual(read(...words), request);
});

test("left out options have their defaults", () => {
  assert.deepEqual(read("--image=i", "--fleet=f"), {
    image: "i",
    fleet: "f",
    env: {},
    volumes: [],
    memory: null,
    restart: "always",
  });
});

test("each bad option is named", () => {
  const ok = ["--image=i", "--fleet=f"];
  for (const [words, why] of [
    [["--fleet=f"], /--image is missing/],
    [["--image=i"], /--fleet is missing/],
    [["--image=i", "--fleet=../x"], /fleet "\.\.\/x"/],
    [[...ok, "--env=A"], /--env "A"/],
    [[...ok, "--env==x"], /--env "=x"/],
    [[...ok, "--env=1A=x"], /--env/],
    [[...ok, "--env=A=1", "--env=A=2"], /--env A: given twice/],
    [[...ok, "--volume=data"], /volume/],
    [[...ok, "--volume=../x:/data"], /volume "\.\.\/x"/],
    [[...ok, "--volume=data:relative"], /--volume/],
    [[...ok, "--volume=data:/"], /--volume/],
    [[...ok, "--volume=data:/a/../b"], /--volume/],
    [[...ok, "--volume=data:/a//b"], /--volume/],
    [[...ok, "--volume=a:/x", "--volume=b:/x"], /--volume \/x: given twice/],
    [[...ok, "--memory=64M"], /--memory "64M"/],
    [[...ok, "--memory=0"], /--memory/],
    [[...ok, "--memory=99999999999999999999"], /--memory/],
    [[...ok, "--restart=sometimes"], /--restart "sometimes"/],
  ] as const) {
    assert.throws(() => read(...words), { status: 64, message: why }, words.join(" "));
  }
});

test("a variable may be named like something that every object has", () => {
  const { env } = read("--image=i", "--fleet=f", "--env=__proto__=x", "--env=constructor=y");
  assert.deepEqual(Object.entries(env), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});
