/** Layers put together as the OCI image specification 1.1 has it ("Image Layer Filesystem Changeset"). */
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Flattening } from "../../../src/image/layers/flatten.ts";
import { walk } from "../../../src/image/layers/flatten-tree.ts";
import { readStretch } from "../../../src/image/layers/layer-member.ts";
import { directory, file, hardlink, member, symlink, tar } from "../../support/tar-sample.ts";

/** What comes of layers: a line for each path, sorted. */
function flatten(...layers: readonly (readonly Uint8Array[])[]): string[] {
  const scratch = mkdtempSync(join(tmpdir(), "vz-flatten-"));
  const flat = new Flattening("IMG");
  const open: number[] = [];
  try {
    for (const [i, members] of layers.entries()) {
      const bytes = tar(...members);
      const path = join(scratch, String(i));
      writeFileSync(path, bytes);
      const fd = openSync(path, "r");
      open.push(fd);
      flat.apply({ fd, offset: 0, size: bytes.length }, "LAYER");
    }
    const lines = [...walk(flat.tree.root)].map(({ path, node }) => {
      if (node.type === "file") return `${path} = ${Buffer.from(readStretch(node.content)).toString()}`;
      return node.type === "symlink" ? `${path} -> ${node.target}` : `${path} ${node.type}`;
    });
    return lines.sort();
  } finally {
    for (const fd of open) closeSync(fd);
    rmSync(scratch, { recursive: true });
  }
}

const refuses = (message: RegExp, ...layers: readonly (readonly Uint8Array[])[]) =>
  assert.throws(() => flatten(...layers), { name: "VzError", status: 65, message });

const base = [
  directory("a/"),
  directory("a/b/"),
  directory("a/b/c/"),
  file("a/b/c/bar", "bar"),
  file("top", "t"),
];

test("the specification's example of an opaque whiteout, in both orders", () => {
  const second = [
    directory("a/"),
    file("a/.wh..wh..opq", ""),
    directory("a/b/"),
    directory("a/b/c/"),
    file("a/b/c/foo"),
  ];
  const wanted = ["/a directory", "/a/b directory", "/a/b/c directory", "/a/b/c/foo = x", "/top = t"];
  assert.deepEqual(flatten(base, second), wanted);
  assert.deepEqual(flatten(base, [...second.slice(2), file("a/.wh..wh..opq", "")]), wanted);
});

test("a whiteout hides what lower layers have, and nothing of its own layer", () => {
  assert.deepEqual(flatten(base, [file(".wh.a", "")]), ["/top = t"]);
  assert.deepEqual(flatten(base, [file(".wh.top", ""), file("top", "new")]).at(-1), "/top = new");
  assert.deepEqual(flatten(base, [file("top", "new"), file(".wh.top", "")]).at(-1), "/top = new");
  assert.deepEqual(flatten([file("x"), file(".wh.x", "")]), ["/x = x"]);
  assert.deepEqual(flatten(base, [file("a/.wh.none", "")]), flatten(base));
});

test("a file takes the place of a directory, a directory that of a file; two directories become one", () => {
  assert.deepEqual(flatten(base, [file("a", "file")]), ["/a = file", "/top = t"]);
  assert.deepEqual(flatten([file("x")], [directory("x/"), file("x/y")]), ["/x directory", "/x/y = x"]);
  assert.deepEqual(flatten(base, [directory("a/", { mode: 0o700 })]), flatten(base));
  assert.deepEqual(flatten([symlink("lib", "usr/lib")], [directory("lib/")]), ["/lib directory"]);
});

test("of equal names in one layer the last counts", () => {
  assert.deepEqual(flatten([file("x", "1"), file("./x", "2")]), ["/x = 2"]);
});

test("hard links are copies: of the same layer, of a lower one, of a symbolic link, of what the same layer hides", () => {
  assert.deepEqual(flatten([file("x", "1"), hardlink("y", "x")]), ["/x = 1", "/y = 1"]);
  assert.deepEqual(flatten([file("x", "1")], [hardlink("y", "./x")]), ["/x = 1", "/y = 1"]);
  assert.deepEqual(flatten([symlink("x", "/etc/shadow"), hardlink("y", "x")]), [
    "/x -> /etc/shadow",
    "/y -> /etc/shadow",
  ]);
  assert.deepEqual(flatten([file("x", "1")], [file(".wh.x", ""), hardlink("y", "x")]), ["/y = 1"]);
  assert.deepEqual(flatten([file("x", "1"), hardlink("y", "x"), file("x", "2")]), ["/x = 2", "/y = 1"]);
  refuses(/^IMG: y: a hard link to x, which is not there$/, [hardlink("y", "x")]);
  refuses(/^IMG: y: a hard link to a, which is a directory$/, base, [hardlink("y", "a")]);
});

test("symbolic links on the way to a name are followed inside the root filesystem", () => {
  const layer = [
    directory("usr/lib/"),
    symlink("lib", "usr/lib"),
    symlink("out", "/../.."),
    symlink("abs", "/usr"),
  ];
  const wanted = [...flatten(layer), "/usr/lib/x = x"];
  for (const name of ["lib/x", "out/usr/lib/x", "abs/lib/x"])
    assert.deepEqual(flatten(layer, [file(name)]), wanted);
  assert.deepEqual(flatten(layer, [file("lib/x")], [file("lib/.wh.x", "")]), flatten(layer));
  // a link to where nothing is makes that
  assert.deepEqual(flatten([symlink("run", "var/run"), file("run/pid")]), [
    "/run -> var/run",
    "/var directory",
    "/var/run directory",
    "/var/run/pid = x",
  ]);
  refuses(/^IMG: p: behind too many symbolic links$/, [symlink("p", "q"), symlink("q", "p"), file("p/x")]);
  refuses(/^IMG: top: lies below what is no directory$/, base, [file("top/x")]);
});

test("absolute names lie in the root filesystem, and names with .. nowhere", () => {
  assert.deepEqual(flatten([file("/x")]), ["/x = x"]);
  for (const name of ["../x", "a/../../x", ".."]) refuses(/: name with "\.\."$/, [file(name)]);
  refuses(/: an empty name$/, [file("")]);
  for (const name of [".wh.", ".wh..", ".wh..."]) refuses(/: a whiteout of nothing$/, [file(name)]);
  refuses(/: lies below a name that begins with \.wh\.$/, [file(".wh.x/y")]);
});

test("devices, fifos and files that aufs linked", () => {
  const device = { path: "null", mode: 0o666, uid: 0, gid: 0, type: "char", major: 1, minor: 3 } as const;
  const fifo = { path: "pipe", mode: 0o600, uid: 1, gid: 2, type: "fifo" } as const;
  assert.deepEqual(flatten([member(device), member(fifo)]), ["/null char", "/pipe fifo"]);
  const aufs = [
    directory(".wh..wh.plnk/"),
    file(".wh..wh.plnk/1.2", "body"),
    hardlink("x", ".wh..wh.plnk/1.2"),
  ];
  assert.deepEqual(flatten([...aufs, file(".wh..wh.aufs", "")]), ["/x = body"]);
});
