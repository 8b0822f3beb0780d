import assert from "node:assert/strict";
import { test } from "node:test";
import { type Looker, resolveInRoot } from "../../../src/slave/runch/rootfs-path.ts";

/** A tree in which a string is a link's target, true a directory, false a file. */
function tree(entries: Record<string, string | boolean>): Looker {
  return {
    kind(path) {
      const entry = entries[path];
      if (entry === undefined) return "missing";
      return typeof entry === "string" ? "link" : entry ? "directory" : "other";
    },
    readlink(path) {
      const entry = entries[path];
      return typeof entry === "string" ? entry : assert.fail(`${path} is no link`);
    },
  };
}

const look = tree({
  "/r/etc": true,
  "/r/etc/passwd": false,
  "/r/abs": "/etc",
  "/r/up": "../../../../etc",
  "/r/var": true,
  "/r/var/run": "/run",
  "/r/loop": "loop",
  "/r/dangling": "/no/where",
  "/etc": true,
});
const resolve = (path: string, root = "/r") => resolveInRoot(look, root, path);

test("a plain path lies below the root", () => {
  assert.deepEqual(resolve("/etc/passwd"), { path: "/r/etc/passwd", kind: "other", parents: [] });
  assert.deepEqual(resolve("/"), { path: "/r", kind: "directory", parents: [] });
});

test("no link leads out of the root, neither an absolute one nor one with dots", () => {
  assert.equal(resolve("/abs/passwd").path, "/r/etc/passwd");
  assert.equal(resolve("/up/passwd").path, "/r/etc/passwd");
  assert.equal(resolve("../../etc").path, "/r/etc");
  assert.equal(resolve("/etc/../../../etc/passwd").path, "/r/etc/passwd");
});

test("what is missing comes with the directories to make for it", () => {
  assert.deepEqual(resolve("/a/b/c"), { path: "/r/a/b/c", kind: "missing", parents: ["/r/a", "/r/a/b"] });
  assert.deepEqual(resolve("/var/run/x"), { path: "/r/run/x", kind: "missing", parents: ["/r/run"] });
  assert.deepEqual(resolve("/dangling"), { path: "/r/no/where", kind: "missing", parents: ["/r/no"] });
  assert.deepEqual(resolve("/a/b/../c"), { path: "/r/a/c", kind: "missing", parents: ["/r/a"] });
  assert.deepEqual(resolve("/a/../etc"), { path: "/r/etc", kind: "directory", parents: [] });
});

test("a circle of links, and a file where a directory has to be, are errors", () => {
  assert.throws(() => resolve("/loop"), { status: 125, message: /too many symbolic links/ });
  assert.throws(() => resolve("/etc/passwd/x"), { status: 125, message: /\/etc\/passwd is not a directory/ });
  assert.throws(() => resolve("/etc/passwd/.."), { status: 125 });
});

test("the machine's own root gives no doubled slash", () => {
  assert.equal(resolve("/etc", "/").path, "/etc");
});
