import assert from "node:assert/strict";
import { test } from "node:test";
import { Walker } from "../../../src/trace/names/walk.ts";
import { findProgram } from "../../../src/trace/watch/program.ts";
import { insideRoot, nameInside, rootDirectory } from "../../../src/trace/watch/root.ts";
import { allTouches, FIRST, firstTouch, ROOT_END, Touch } from "../../../src/trace/watch/touch.ts";

test("names lose the root before them, and what lies outside of it is dropped", () => {
  const touched = new Map(
    [
      ...["/srv/root/bin/ls", "/srv/rootfs/x", "/usr/sbin/chroot", "/srv/root", "/srv/root/../../x"],
      ...[`/srv/root${ROOT_END}/lib/a`, `/srv/root/inner${ROOT_END}/b`],
    ].map((name) => [name, 1]),
  );
  assert.deepEqual(
    [...insideRoot(touched, "/srv/root").keys()],
    [...["/bin/ls", "/../../x", "/lib/a", `/inner${ROOT_END}/b`]],
  );
  assert.equal(insideRoot(touched, ""), touched);
});

test("a file that the log knows by two names has been touched in both ways", () => {
  const { executed, opened } = Touch;
  const touched = new Map([
    [`/srv/root${ROOT_END}/bin/x`, executed | (executed << FIRST)],
    ["/srv/root/bin/x", opened | (opened << FIRST)],
  ]);
  const [[name, value] = ["", 0], ...others] = insideRoot(touched, "/srv/root");
  assert.deepEqual(
    [name, firstTouch(value), allTouches(value), others],
    ["/bin/x", executed, executed | opened, []],
  );
  assert.equal(nameInside("/srv/root", "/srv/root"), "/");
});

test("the system's own root is none to go to, a file is refused", () => {
  assert.equal(rootDirectory("/"), "");
  assert.equal(rootDirectory("/proc/../"), "");
  assert.throws(() => rootDirectory("/etc/passwd"), { status: 64 });
  assert.throws(() => rootDirectory("/no/such"), {
    status: 64,
    message: "/no/such: no such file or directory",
  });
});

test("links of a root are followed inside of it", () => {
  // In /proc/self/fd every name is a link to an absolute one, none of which is below it.
  const walker = new Walker("/proc/self");
  assert.equal(walker.resolve("/exe"), undefined);
  assert.throws(() => findProgram("/exe", undefined, "/", walker), { status: 127 });
});
