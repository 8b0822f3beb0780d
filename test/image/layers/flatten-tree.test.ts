import assert from "node:assert/strict";
import { test } from "node:test";
import { type Node, Tree } from "../../../src/image/layers/flatten-tree.ts";

const OWN = { mode: 0o644, uid: 0, gid: 0 };
const CONTENT = { fd: -1, offset: 0, size: 7 };

/** A tree of files and links (name -> target). */
function treeOf(files: readonly string[], links: Readonly<Record<string, string>>): Tree {
  const tree = new Tree("image");
  const put = (path: string, node: Node) => {
    const slash = path.lastIndexOf("/");
    const directory = tree.directory(path.slice(0, slash), true);
    assert.ok(directory);
    tree.set(directory, path.slice(slash + 1), node, path);
  };
  for (const path of files) put(path, { ...OWN, type: "file", content: CONTENT });
  for (const [path, target] of Object.entries(links)) put(path, { ...OWN, type: "symlink", target });
  return tree;
}

test("a file is found through links, relative ones with .. too, and never above the top", () => {
  const tree = treeOf(["/usr/lib/passwd"], {
    "/etc/passwd": "../usr/lib/passwd",
    "/etc/group": "../../../usr/lib/passwd",
    "/lib": "usr/lib",
    "/etc/by-directory": "/lib/passwd",
    "/etc/behind": "../lib/../lib/passwd",
    "/etc/up": "..",
    "/etc/round": "round",
    "/etc/gone": "nothing",
  });
  for (const path of ["/usr/lib/passwd", "/etc/passwd", "/etc/group", "/etc/by-directory", "/etc/behind"])
    assert.equal(tree.findFile(path), CONTENT, path);
  for (const path of ["/etc/up", "/etc/round", "/etc/gone", "/etc", "/none/passwd", "/"])
    assert.equal(tree.findFile(path), undefined, path);
});
