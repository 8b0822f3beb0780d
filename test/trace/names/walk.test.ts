import assert from "node:assert/strict";
import { test } from "node:test";
import { commonStart, Walker } from "../../../src/trace/names/walk.ts";
import { walkerOf } from "../../support/tree.ts";

const tree = walkerOf({
  "/usr/bin/mawk": "",
  "/bin": { link: "usr/bin" },
  "/usr/bin/awk": { link: "/etc/alternatives/awk" },
  "/etc/alternatives/awk": { link: "../../usr/bin/mawk" },
  "/a": { link: "b" },
  "/b": { link: "a" },
  "/dangling": { link: "nowhere" },
  "/deep/er/file": "",
  "/in": { link: "deep/er" },
});

test("every link of a chain is told, by its real name, and the end of it", () => {
  assert.deepEqual(tree.resolve("/bin/awk"), {
    path: "/usr/bin/mawk",
    type: "file",
    links: ["/bin", "/usr/bin/awk", "/etc/alternatives/awk"],
  });
});

test("a name that is not followed ends at the link itself, but its directories are", () => {
  assert.deepEqual(tree.resolve("/bin/awk", false), { path: "/usr/bin/awk", type: "link", links: ["/bin"] });
});

test("a slash at the end follows even then", () => {
  assert.equal(tree.resolve("/in/", false)?.path, "/deep/er");
});

test("'..' behind a link leads out of the link's end, not back", () => {
  assert.equal(tree.resolve("/in/../er/file")?.path, "/deep/er/file");
  assert.equal(tree.resolve("/in/../usr"), undefined);
});

test("'..' above the root stays there, and '.' and '//' mean nothing", () => {
  assert.equal(tree.resolve("/../..//./usr/bin/./mawk")?.path, "/usr/bin/mawk");
  assert.equal(tree.resolve("/")?.path, "/");
});

test("what leads nowhere, in a circle, or through a file has no place", () => {
  for (const name of ["/none", "/a", "/dangling", "/usr/bin/mawk/x", "/usr/bin/mawk/", "/usr/none/mawk"]) {
    assert.equal(tree.resolve(name), undefined, name);
  }
});

test("forgotten are a name and all below it, not what only begins like it", () => {
  let looks = 0;
  const walker = new Walker("", () => {
    looks++;
    return { type: "directory" };
  });
  const names = ["/a/b", "/a/b/c", "/a/bc", "/d"];
  const look = () => {
    looks = 0;
    for (const name of names) walker.look(name);
    return looks;
  };
  assert.equal(look(), 4);
  walker.forget(["/a/b"]);
  assert.equal(look(), 2);
  walker.forget(["/a/b/c", "/a/bc"]);
  assert.equal(look(), 2);
  walker.forget(["/a", "/d"]);
  assert.equal(look(), 4);
});

test("what names have in common is their longest start", () => {
  assert.equal(commonStart(["/a/b/c", "/a/bd", "/a/b"]), "/a/b");
  assert.equal(commonStart(["/a", "b"]), "");
  assert.equal(commonStart(["/one"]), "/one");
});
