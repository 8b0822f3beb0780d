import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** What each part of the tree may import, beside itself; the design's one-way rule. */
const allowed: Record<string, readonly string[]> = {
  "src/common": [],
  "src/slave": ["src/common"],
  "src/master": ["src/common"],
  "src/image": ["src/common"],
  "src/trace": ["src/common", "src/image"],
  "src/ldd": ["src/common", "src/trace"],
  "src/lab": ["src/common"],
  "runtime/node": [],
};

function* imports(folder: string): Generator<[file: string, target: string]> {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(folder, name);
    for (const match of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      yield [file, normalize(join(dirname(file), match[1] ?? ""))];
    }
  }
}

test("imports go one way: common, then one of slave, master, image, trace, ldd and lab, then main", () => {
  let seen = 0;
  for (const [part, others] of Object.entries(allowed)) {
    for (const [file, target] of imports(part)) {
      seen++;
      const inside = [part, ...others].some((folder) => target.startsWith(`${folder}/`));
      assert.ok(inside, `${file} imports ${target}`);
    }
  }
  assert.ok(seen > 50, "the test finds the imports at all");
});

test("src/common imports no system calls: it runs under Node as well", () => {
  for (const name of readdirSync("src/common", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    assert.doesNotMatch(readFileSync(join("src/common", name), "utf8"), /from "vz:sys"/, name);
  }
});
