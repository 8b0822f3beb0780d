import assert from "node:assert/strict";
import { test } from "node:test";
import { remoteName } from "../../../src/master/wire/upload.ts";

test("a file's name on a slave holds its hash, so that a part of it is a part of these bytes", () => {
  const sha256 = "0123456789abcdef".repeat(4);
  const name = (path: string) => remoteName("web", { path, size: 1, sha256 });
  assert.equal(name("/x/web.tar.gz"), "web-0123456789abcdef.tar.gz");
  assert.equal(name("/x/web.image"), "web-0123456789abcdef.tar");
});
