import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileEntry } from "../../../src/common/image/manifest.ts";
import { mayShare, powersOf } from "../../../src/slave/container/share.ts";

const file = (mode: number, uid = 0, gid = 0): FileEntry => ({
  type: "file",
  path: "rootfs/x",
  mode,
  uid,
  gid,
  size: 1,
  sha256: "00",
});

const MODERN = { mountNamespace: true, noNewPrivileges: true };
const user = (uid: number, more: object = {}) => ({ process: { user: { uid, gid: uid }, ...more } });

test("a user shares what he cannot write, and gets copies of what he can", () => {
  const powers = powersOf(user(1000, { user: { uid: 1000, gid: 1000, additionalGids: [50] } }), [], MODERN);
  assert.ok(mayShare(file(0o644), powers));
  assert.ok(mayShare(file(0o755), powers));
  assert.ok(mayShare(file(0o664, 0, 7), powers), "another group writes");
  assert.ok(!mayShare(file(0o666), powers), "all write");
  assert.ok(!mayShare(file(0o664, 0, 1000), powers), "his group writes");
  assert.ok(!mayShare(file(0o664, 0, 50), powers), "a further group of his writes");
  assert.ok(!mayShare(file(0o444, 1000), powers), "his own: he can allow himself to write");
});

test("root shares nothing, for he writes anything", () => {
  for (const config of [user(0), { process: {} }, {}]) {
    assert.ok(!mayShare(file(0o444, 5, 5), powersOf(config, [], MODERN)));
  }
});

test("root shares all where his root filesystem is read-only in a mount namespace", () => {
  const config = { ...user(0), root: { readonly: true } };
  assert.ok(mayShare(file(0o644), powersOf(config, [], MODERN)));
  assert.ok(
    !mayShare(file(0o644), powersOf(config, [], { ...MODERN, mountNamespace: false })),
    "nothing enforces it without the namespace",
  );
  assert.ok(!mayShare(file(0o644), powersOf(user(0), [], MODERN)), "not read-only");
  const bare = { ...config, annotations: { "vz.isolation": "chroot" } };
  assert.ok(!mayShare(file(0o644), powersOf(bare, [], MODERN)), "asks for no mounts at all");
});

test("a read-only root that is bound to another place is not read-only there", () => {
  const readonly = { ...user(0), root: { readonly: true } };
  const proc = { destination: "/proc", type: "proc", source: "proc", options: ["nosuid"] };
  assert.ok(mayShare(file(0o644), powersOf({ ...readonly, mounts: [proc] }, [], MODERN)));
  for (const how of [{ type: "bind" }, { options: ["rbind", "rw"] }, { options: ["bind"] }]) {
    const mounts = [proc, { destination: "/srv", source: "rootfs/srv", ...how }];
    assert.ok(!mayShare(file(0o644), powersOf({ ...readonly, mounts }, [], MODERN)), JSON.stringify(how));
  }
});

test("capabilities that reach around a read-only mount undo it", () => {
  for (const set of ["bounding", "effective", "ambient"]) {
    const config = { ...user(0, { capabilities: { [set]: ["CAP_SYS_ADMIN"] } }), root: { readonly: true } };
    assert.ok(!mayShare(file(0o644), powersOf(config, [], MODERN)), set);
  }
});

test("a user with capabilities over files counts as root", () => {
  for (const capability of ["CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_CHOWN", "CAP_SETUID"]) {
    const config = user(1000, { capabilities: { effective: [capability] } });
    assert.ok(!mayShare(file(0o644), powersOf(config, [], MODERN)), capability);
  }
  const harmless = user(1000, { capabilities: { effective: ["CAP_NET_BIND_SERVICE"] } });
  assert.ok(mayShare(file(0o644), powersOf(harmless, [], MODERN)));
});

test("a set-id program in the image lends its owner's rights, unless no new privileges are allowed", () => {
  const image = [file(0o4755)];
  assert.ok(!mayShare(file(0o644), powersOf(user(1000), image, MODERN)));
  assert.ok(!mayShare(file(0o644), powersOf(user(1000), [file(0o2755)], MODERN)));
  const config = user(1000, { noNewPrivileges: true });
  assert.ok(mayShare(file(0o644), powersOf(config, image, MODERN)));
  const old = { ...MODERN, noNewPrivileges: false };
  assert.ok(
    !mayShare(file(0o644), powersOf(config, image, old)),
    "a kernel before 3.5 allows them all the same",
  );
});
