import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => join(folder, name));
const sources = filesIn("src");
const words = new Map(
  [...sources, ...filesIn("test"), ...filesIn("scripts")].map((file) => {
    const text = readFileSync(file, "utf8");
    return [file, { text, words: new Set(text.match(/\w+/g)) }] as const;
  }),
);

test("every value that a file of src exports is used by another file, or by a test", () => {
  const unused: string[] = [];
  let seen = 0;
  for (const file of sources) {
    const text = words.get(file)?.text ?? "";
    for (const [, name = ""] of text.matchAll(/^export (?:async )?(?:const|function\*?|class) (\w+)/gm)) {
      seen++;
      const isUsed = [...words].some(([other, of]) => other !== file && of.words.has(name));
      if (!isUsed) unused.push(`${file}: ${name}`);
    }
  }
  assert.ok(seen > 500, "the test finds the exports at all");
  assert.deepEqual(unused, []);
});
