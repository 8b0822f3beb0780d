import assert from "node:assert/strict";
import { test } from "node:test";
import { findProgram } from "../../src/build/program.ts";
import { insideRoot, rootDirectory } from "../../src/build/trace-root.ts";
import { Walker } from "../../src/build/walk.ts";

test("names lose the root before them, and what lies outside of it is dropped", () => {
  const touched = new Map(
    ["/srv/root/bin/ls", "/srv/rootfs/x", "/usr/sbin/chroot", "/srv/root", "/srv/root/../../x"].map(
      (name) => [name, 1],
    ),
  );
  assert.deepEqual([...insideRoot(touched, "/srv/root").keys()], ["/bin/ls", "/../../x"]);
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
