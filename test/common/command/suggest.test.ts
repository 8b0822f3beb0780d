import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, suggest } from "../../../src/common/command/suggest.ts";

test("the distance counts inserted, deleted, replaced and swapped letters", () => {
  assert.equal(editDistance("push", "push"), 0);
  assert.equal(editDistance("psuh", "push"), 1);
  assert.equal(editDistance("pus", "push"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

test("a near word is suggested, a far one is not", () => {
  assert.equal(suggest("mastre", ["master", "image", "lab"]), "master");
  assert.equal(suggest("dep", ["deploy", "diff"]), "deploy");
  assert.equal(suggest("frobnicate", ["master", "image", "lab"]), undefined);
});
