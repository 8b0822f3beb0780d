import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../src/master/wire/remote.ts";

test("a verb's own error line becomes the host's, with its hint and status", () => {
  const error = refused("a: start web-1", {
    status: 127,
    stderr: "warning first\nvz: web-1: /bin/x: no such\u001b[2J file\nhint: look\n",
  });
  assert.equal(error.message, "a: start web-1: web-1: /bin/x: no such?[2J file");
  assert.equal(error.hint, "look");
  assert.equal(error.status, 127);
  assert.equal(refused("a: ps", { status: 3, stderr: "" }).message, "a: ps: status 3");
});
