import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlainPath } from "../../src/common/plain-path.ts";

test("a plain path is absolute, below the root, and only itself", () => {
  for (const path of ["/a", "/a/b.c", "/ä b", "/..a", "/a..", "/…"]) assert.ok(isPlainPath(path), path);
  const others = [
    "",
    "/",
    "a",
    "a/b",
    "//a",
    "/a/",
    "/a//b",
    "/.",
    "/..",
    "/a/./b",
    "/a/../b",
    "/a\0b",
    "/a\nb",
  ];
  for (const path of others) assert.ok(!isPlainPath(path), path);
});
