import assert from "node:assert/strict";
import { test } from "node:test";
import { candidates, environmentValue, homeOf } from "../../../../src/slave/runch/program/path.ts";

test("the program is looked for in the container's own PATH", () => {
  assert.deepEqual(candidates("sh", ["PATH=/a::/b"]), ["/a/sh", "sh", "/b/sh"]);
  assert.deepEqual(candidates("./sh", ["PATH=/a"]), ["./sh"]);
  assert.equal(candidates("sh", []).includes("/bin/sh"), true);
  assert.deepEqual(candidates("", ["PATH=/a"]), []);
  assert.equal(environmentValue(["A=1", "A=2=3"], "A"), "2=3");
});

test("HOME comes from the container's passwd", () => {
  const passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/var/www:/bin/false\nbad:x:34\n";
  assert.equal(homeOf(passwd, 33), "/var/www");
  assert.equal(homeOf(passwd, 34), "/");
  assert.equal(homeOf("", 0), "/");
});
