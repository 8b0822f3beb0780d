import assert from "node:assert/strict";
import { test } from "node:test";
import type { Selection } from "../../../src/trace/names/selection.ts";
import { select } from "../../../src/trace/select/select.ts";
import { FIRST, Touch } from "../../../src/trace/watch/touch.ts";
import { type Tree, walkerOf } from "../../support/tree.ts";

/** Touches in their order; a name that comes again has its later touches added, as the log keeps them. */
function choose(
  tree: Tree,
  touches: readonly (readonly [name: string, touch: number])[],
  born: string[] = [],
): Selection {
  const touched = new Map<string, number>();
  for (const [name, touch] of touches) {
    touched.set(name, (touched.get(name) ?? touch << FIRST) | touch);
  }
  return select(touched, walkerOf(tree), (paths) => new Set(paths.filter((path) => born.includes(path))));
}

const { opened, looked, executed, self, made, maybeMade, removed, written } = Touch;

test("files that were opened, executed or looked at are listed with the links on the way, sorted by bytes", () => {
  const tree: Tree = {
    "/lib": { link: "usr/lib" },
    "/usr/lib/b.so": "",
    "/usr/lib/a.so": { link: "b.so" },
    "/usr/bin/prog": "",
    "/etc/\xffodd": "",
    "/etc/conf": "",
    "/etc/untouched": "",
  };
  const selection = choose(tree, [
    ["/usr/bin/prog", executed],
    ["/lib/a.so", opened],
    ["/etc/conf", looked],
    ["/etc/\xffodd", opened],
  ]);
  assert.deepEqual(selection.paths(), [
    "/etc/conf",
    "/etc/\xffodd",
    "/lib",
    "/usr/bin/prog",
    "/usr/lib/a.so",
    "/usr/lib/b.so",
  ]);
  assert.deepEqual([...selection.executed], ["/usr/bin/prog"]);
});

test("a directory of state is listed when it was looked at, for a program that finds it does not make it", () => {
  const tree: Tree = { "/var/lib/web/body": "dir", "/var/lib/web/other": "dir", "/opt/web": "dir" };
  const selection = choose(tree, [
    ["/var/lib/web/body", looked],
    ["/opt/web", looked],
  ]);
  assert.deepEqual(selection.paths(), ["/var/lib/web/body"]);
});

test("a directory is listed when it was opened, not when it was looked at", () => {
  const selection = choose({ "/d": "dir", "/e": "dir" }, [
    ["/d", opened],
    ["/e", looked],
  ]);
  assert.deepEqual(selection.paths(), ["/d"]);
});

test("a link that was read is listed without its end", () => {
  assert.deepEqual(choose({ "/l": { link: "/end" }, "/end": "" }, [["/l", self]]).paths(), ["/l"]);
});

test("what the run made is left out, by whatever spelling it was used later; its directory stays", () => {
  const tree: Tree = {
    "/v": { link: "var" },
    "/var/new": "",
    "/var/link": { link: "/etc/old" },
    "/etc/old": "",
  };
  const selection = choose(tree, [
    ["/v/new", made],
    ["/var/new", opened],
    ["/var/link", made],
    ["/v/link", opened],
  ]);
  assert.deepEqual(selection.paths(), ["/etc/old", "/v", "/var"]);
  assert.deepEqual([...selection.written], ["/var"]);
});

test("all below a directory that the run made is left out", () => {
  const tree: Tree = { "/var/d/sub/file": "" };
  assert.deepEqual(
    choose(tree, [
      ["/var/d", made],
      ["/var/d/sub/file", opened],
    ]).paths(),
    ["/var"],
  );
});

test("a file that was read first stays, even when the run replaced it later", () => {
  assert.deepEqual(
    choose({ "/conf": "" }, [
      ["/conf", opened],
      ["/conf", made],
    ]).paths(),
    ["/conf"],
  );
});

test("an open with O_CREAT is told apart by the file's birth", () => {
  const tree: Tree = { "/log/old": "", "/log/new": "" };
  const touch = opened | maybeMade | written;
  const selection = choose(
    tree,
    [
      ["/log/old", touch],
      ["/log/new", touch],
    ],
    ["/log/new"],
  );
  assert.deepEqual(selection.paths(), ["/log", "/log/old"]);
  assert.deepEqual([...selection.written].sort(), ["/log", "/log/old"]);
});

test("a stale file that the run removed and made anew is the run's", () => {
  assert.deepEqual(
    choose({ "/d/pid": "" }, [
      ["/d/pid", removed],
      ["/d/pid", maybeMade],
    ]).paths(),
    ["/d"],
  );
});

test("what is gone at the end is not listed, but the directory in which it was made is", () => {
  assert.deepEqual(
    choose({ "/d": "dir" }, [
      ["/d/tmp", made],
      ["/d/tmp", removed],
      ["/x/y", opened],
    ]).paths(),
    ["/d"],
  );
});

test("the kernel's trees and /run are left out, but for common devices and the end of a link from elsewhere", () => {
  const tree: Tree = {
    "/dev/null": { device: true },
    "/dev/sda": { device: true },
    "/proc/version": "",
    "/run/utmp": "",
    "/run/resolv.conf": "",
    "/run/sshd": "dir",
    "/etc/resolv.conf": { link: "../run/resolv.conf" },
    "/var/run": { link: "/run" },
  };
  const selection = choose(tree, [
    ["/dev/null", opened],
    ["/dev/sda", opened],
    ["/proc/version", opened],
    ["/run/utmp", opened],
    ["/var/run/utmp", opened],
    ["/run/sshd", opened],
    ["/etc/resolv.conf", opened],
  ]);
  assert.deepEqual(selection.paths(), ["/dev/null", "/etc/resolv.conf", "/run/resolv.conf", "/run/sshd"]);
  assert.deepEqual([...selection.devices], ["/dev/null"]);
});

test('behind a chroot, absolute links and ".." end at its root', () => {
  const tree: Tree = {
    "/jail/etc/link": { link: "/etc/real" },
    "/jail/etc/real": "",
    "/etc/real": "",
    "/outside": "",
  };
  const selection = choose(tree, [
    ["/jail\0/etc/link", opened],
    ["/jail\0/../outside", opened],
  ]);
  assert.deepEqual(selection.paths(), ["/jail/etc/link", "/jail/etc/real"]);
});

test("what the run removed is told, unless the run had made it", () => {
  const selection = choose({ "/d": "dir", "/d/new": "" }, [
    ["/d/old", removed],
    ["/d/read", opened],
    ["/d/read", removed],
    ["/d/own", made],
    ["/d/own", removed],
    ["/d/new", removed],
    ["/d/new", made],
  ]);
  assert.deepEqual([...selection.removed].sort(), ["/d/new", "/d/old", "/d/read"]);
  assert.deepEqual([...selection.made], ["/d/new"]);
});

test("the directory is kept in which a program was executed first", () => {
  const touched = new Map([["/b/link", (executed << FIRST) | executed]]);
  const walker = walkerOf({ "/b/link": { link: "prog" }, "/b/prog": "" });
  const { executedIn } = select(touched, walker, () => new Set(), new Map([["/b/link", "/srv"]]));
  assert.deepEqual([...executedIn], [["/b/prog", "/srv"]]);
});
