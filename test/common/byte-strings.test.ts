import assert from "node:assert/strict";
import { test } from "node:test";
import { firstShown, fromFs, shown, toFs } from "../../src/common/byte-strings.ts";

const bytes = (text: string) => Buffer.from(text).toString("latin1");

test("a name in UTF-8 is as many characters as it has bytes, and comes back", () => {
  for (const name of ["plain", "Grüße", "日本", "😀 x", ""]) {
    assert.equal(fromFs(name), bytes(name));
    assert.equal(toFs(bytes(name)), name);
  }
});

test("bytes that are no UTF-8 stand as lone surrogates, and come back", () => {
  const odd = [
    "\xff",
    "a\x80b",
    "\xc3",
    "\xc3(",
    "\xe2\x82",
    "\xc0\xaf",
    "\xed\xa0\x80",
    "\xf5\x80\x80\x80",
    "\xf0\x80\x80\x80",
  ];
  for (const name of odd) {
    const shown = toFs(name);
    const high = [...name].filter((char) => char > "\x7f").length;
    assert.equal([...shown].filter((char) => char >= "\udc80" && char <= "\udcff").length, high);
    assert.equal(fromFs(shown), name);
  }
});

test("names sort as their bytes do, not as their UTF-16 units", () => {
  const sorted = ["\uffee", "\u{1f600}"].map(fromFs).sort();
  assert.deepEqual(sorted.map(toFs), ["\uffee", "\u{1f600}"]);
});

test("what is shown of a name is one line of bounded length", () => {
  assert.equal(shown("/a b"), "/a b");
  assert.match(shown("/a\nb\x1b[2J\x7f"), /^[ -~]+$/);
  assert.equal(shown(`/${"p/".repeat(4000)}`).length, 201);
  assert.match(firstShown(["/a", "/b", "/c"]), /^\/a and 2 more$/);
});
