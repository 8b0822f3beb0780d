import assert from "node:assert/strict";
import { test } from "node:test";
import { VzError } from "../../../src/common/errors.ts";
import { parseRequest, respond } from "../../../src/slave/vzexec/subsystem.ts";

test("a request is an id and words, and nothing else", () => {
  assert.deepEqual(parseRequest('{"id":1,"words":["ps","--json"]}'), { id: 1, words: ["ps", "--json"] });
  for (const [line, why] of [
    ["ps", /not JSON/],
    ["[]", /not an object/],
    ["null", /not an object/],
    ['{"id":1}', /words/],
    ['{"id":1,"words":[]}', /words/],
    ['{"id":1,"words":[1]}', /words/],
    ['{"id":{},"words":["ps"]}', /id/],
    ['{"words":["ps"]}', /id/],
    ['{"id":1,"words":["ps"],"env":{}}', /unknown field "env"/],
    ['{"id":1,"words":["ps\\u0000"]}', /NUL/],
  ] as const) {
    assert.throws(() => parseRequest(line), { status: 65, message: why }, line);
  }
});

test("an answer carries what the verb wrote and its status", async () => {
  const response = await respond('{"id":"a","words":["x","y"]}', async (words, io) => {
    io.out(words.join("+"));
    io.err("careful\n");
    return 3;
  });
  assert.deepEqual(response, { id: "a", status: 3, stdout: "x+y", stderr: "careful\n" });
});

test("a verb that fails is answered with its line and status, and what it wrote before", async () => {
  const response = await respond('{"id":2,"words":["x"]}', async (_, io) => {
    io.out("half");
    throw new VzError(77, "x: no", { hint: "y" });
  });
  assert.deepEqual(response, { id: 2, status: 77, stdout: "half", stderr: "vz: x: no\nhint: y\n" });
});

test("a line that is no request is answered too", async () => {
  const response = await respond("rubbish", () => assert.fail("must not run"));
  assert.deepEqual(response, { id: null, status: 65, stdout: "", stderr: "vz: request: not JSON\n" });
});
