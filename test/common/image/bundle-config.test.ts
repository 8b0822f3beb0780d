import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBundleConfig } from "../../../src/common/image/bundle-config.ts";
import { CONFIG } from "./sample.ts";

test("command and root filesystem of a config.json are found", () => {
  const text = CONFIG.replace('"/bin/hello"', '"/bin/hello","a b",""');
  assert.deepEqual(parseBundleConfig(text, "L"), { command: ["/bin/hello", "a b", ""], rootPath: "rootfs" });
});

test("a config.json without a command, a root or a sense is refused by the name of its field", () => {
  const cases: [string, RegExp][] = [
    ["", /^L: not JSON/],
    ["[]", /^L: .*not an object$/],
    ["{}", /^L: ociVersion: missing$/],
    [CONFIG.replace('"/bin/hello"', ""), /^L: process\.args: no command$/],
    [CONFIG.replace('"/bin/hello"', '""'), /^L: process\.args: no command$/],
    [CONFIG.replace('"/bin/hello"', "7"), /^L: process\.args\[0\]: not a string$/],
    [CONFIG.replace('"/bin/hello"', '"\\u0000"'), /^L: process\.args\[0\]: holds a NUL byte$/],
    [CONFIG.replace('"process"', '"processes"'), /^L: process\.args: no command$/],
    [CONFIG.replace('"rootfs"', '""'), /^L: root\.path: not the name of a directory$/],
    [CONFIG.replace('"rootfs"', "null"), /^L: root\.path: missing$/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseBundleConfig(text, "L"), { status: 65, message }, text);
  }
});
