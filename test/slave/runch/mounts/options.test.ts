import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMountOptions } from "../../../../src/slave/runch/mounts/options.ts";

const parse = (...options: string[]) => parseMountOptions(options, "mounts[0] (/x)");

test("options become the flags of mount(2), in the order given", () => {
  // <sys/mount.h>: RDONLY 1, NOSUID 2, NODEV 4, NOEXEC 8, BIND 4096, REC 16384
  assert.deepEqual(parse("nosuid", "noexec", "nodev"), {
    flags: 14,
    propagation: [],
    data: "",
    extended: [],
  });
  assert.equal(parse("rbind", "ro").flags, 4096 + 16384 + 1);
  assert.equal(parse("ro", "rw").flags, 0);
  assert.equal(parse("rw", "ro").flags, 1);
});

test("what is no flag goes to the filesystem as data", () => {
  assert.equal(parse("size=64k", "nosuid", "mode=1777").data, "size=64k,mode=1777");
});

test("propagation is kept apart: the kernel takes it in a call of its own", () => {
  assert.deepEqual(parse("rbind", "rslave").propagation, [(1 << 19) | 16384]);
});

test("a bind mount takes no data: the kernel would ignore it", () => {
  assert.throws(() => parse("bind", "size=1m"), { status: 78, message: /option size=1m/ });
});

test("options that are more than a flag are kept for the part that knows them", () => {
  assert.deepEqual(parse("rbind", "rro", "rnosuid", "idmap").extended, ["rro", "rnosuid", "idmap"]);
  assert.deepEqual(parse("tmpcopyup", "size=1m").extended, ["tmpcopyup"]);
});

test("options that other runners know and this one does not are refused by name", () => {
  for (const option of ["copy-symlink", "src-nofollow"]) {
    assert.throws(() => parse("rbind", option), { status: 78, message: new RegExp(`option ${option}`) });
  }
});

test("names that every object inherits are no options", () => {
  assert.equal(parse("constructor").data, "constructor");
});
