import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGlob } from "../../../src/trace/select/glob.ts";

const covers = (glob: string, path: string) => parseGlob(glob, true).covers(path);

test("stars, question marks and classes stay within a component", () => {
  for (const [glob, yes, no] of [
    ["/a/*.so", "/a/x.so", "/a/b/x.so"],
    ["/a/b*c*d", "/a/bxcyd", "/a/bxd"],
    ["/a/?", "/a/\xff", "/a/xy"],
    ["/a/[b-d]", "/a/c", "/a/e"],
    ["/a/[!b-d]", "/a/e", "/a/c"],
    ["/a/[]x]", "/a/]", "/a/y"],
    ["/a/[a-]", "/a/-", "/a/b"],
    ["/a[+-9]b", "/a0b", "/a/b"],
    ["/a/\\*", "/a/*", "/a/x"],
    ["/a/x.y", "/a/x.y", "/a/xzy"],
    ["/a/\n*", "/a/\nx\n", "/a/x"],
  ] as const) {
    assert.ok(covers(glob, yes), `${glob} ${yes}`);
    assert.ok(!covers(glob, no), `${glob} ${no}`);
  }
});

test("two stars are any number of components, none too; at the end at least one", () => {
  for (const path of ["/a/z", "/a/b/z", "/a/b/c/z"]) assert.ok(covers("/a/**/z", path), path);
  assert.ok(!covers("/a/**/z", "/ab/z"));
  assert.ok(covers("/a/**", "/a/b/c"));
  assert.ok(!covers("/a/**", "/a"));
});

test("what is below a match is covered as well", () => {
  assert.ok(covers("/usr/share/doc", "/usr/share/doc/x/y"));
  assert.ok(!covers("/usr/share/doc", "/usr/share/docs"));
  assert.ok(covers("/usr/share/doc/", "/usr/share/doc"));
});

test("a glob without a slash matches at any depth, where that is asked for", () => {
  assert.ok(covers("*.pyc", "/usr/lib/x.pyc"));
  assert.ok(covers("__pycache__", "/x/__pycache__/y"));
  assert.throws(() => parseGlob("*.pyc", false), { status: 64 });
});

test("what is no glob is refused", () => {
  for (const text of ["a/b", "", "/a/[b", "/a/[d-b]", "/a\\", "/a/../b", "/./a", "/[[:alpha:]]"]) {
    assert.throws(() => parseGlob(text, true), { status: 64 }, text);
  }
});

test("many stars take no time to fail", () => {
  assert.ok(!covers(`/${"*".repeat(500)}b`, `/${"a".repeat(250)}`));
});
