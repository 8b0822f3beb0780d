import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesWildcard } from "../../../src/trace/names/wildcard.ts";

test("stars stand for any run of characters, question marks for one", () => {
  for (const [pattern, name, matches] of [
    ["*.conf", "a.conf", true],
    ["*.conf", "a.conf.old", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*a*b", "xaxxb", true],
    ["**", "", true],
    ["a+", "aa", false],
    ["", "", true],
    ["*", "any\nthing", true],
  ] as const) {
    assert.equal(matchesWildcard(pattern, name), matches, `${pattern} ${name}`);
  }
});
