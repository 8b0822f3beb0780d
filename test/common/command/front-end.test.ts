import assert from "node:assert/strict";
import { test } from "node:test";
import { isFrontEnd } from "../../../src/common/command/front-end.ts";

test("vzexec with -- among its arguments is the master's", () => {
  assert.equal(isFrontEnd("vzexec", ["all", "--", "ps"]), true);
  assert.equal(isFrontEnd("vz", ["-f", "x.yaml", "all", "--", "ps"]), true);
  assert.equal(isFrontEnd("vzexec", ["ps"]), false);
});

test("a login shell is the slave's vzexec, whatever line the holder of the daily key sends", () => {
  assert.equal(isFrontEnd("vzexec", ["-c", "--"]), false);
  assert.equal(isFrontEnd("-vzexec", ["--"]), false);
  assert.equal(isFrontEnd("vzexec", []), false);
});
