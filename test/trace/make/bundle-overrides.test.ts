import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bundleConfig, type Seen, writtenOutside } from "../../../src/trace/make/bundle.ts";
import {
  isRefused,
  mergeOverrides,
  NO_OVERRIDES,
  parseMount,
  parseVariable,
} from "../../../src/trace/make/bundle-overrides.ts";
import { makeMountPoints } from "../../../src/trace/make/mount-points.ts";
import { findUser } from "../../../src/trace/make/user-database.ts";

const top = mkdtempSync(join(tmpdir(), "vz-overrides-"));
after(() => rmSync(top, { recursive: true, force: true }));

const seen: Seen = {
  command: ["a"],
  cwd: "/srv",
  env: { PATH: "/usr/bin", LANG: "C", OTHER: "x" },
  user: { uid: 1000, gid: 1000, additionalGids: [4, 24] },
  umask: 0o027,
  files: new Set(["/usr/bin/a", "/srv/x"]),
  directories: new Set(),
  links: new Set(),
  written: new Set(["/var/lib/a"]),
  deviceTrees: new Set(),
  runDirectories: new Map(),
};

test("who ran it, with groups and umask, is who runs it", () => {
  assert.deepEqual(bundleConfig(seen).process.user, {
    uid: 1000,
    gid: 1000,
    additionalGids: [4, 24],
    umask: 0o027,
  });
  const plain = { ...seen, umask: 0o022, user: { uid: 1, gid: 2, additionalGids: [] } };
  assert.deepEqual(bundleConfig(plain).process.user, { uid: 1, gid: 2 });
});

test("what the operator wants stands in the place of what was seen", () => {
  const mounts = [{ destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["size=1m"] }];
  const config = bundleConfig(seen, {
    ...NO_OVERRIDES,
    args: ["b", "c"],
    env: new Map([
      ["LANG", null],
      ["OTHER", "y"],
    ]),
    cwd: "/elsewhere",
    mounts,
    hostname: "h",
    readonlyRoot: true,
    process: { noNewPrivileges: true },
    annotations: { a: "b" },
  });
  assert.deepEqual(config.process.args, ["b", "c"]);
  assert.deepEqual(config.process.env, ["OTHER=y", "PATH=/usr/bin"]);
  assert.deepEqual([config.process.cwd, config.process.noNewPrivileges], ["/elsewhere", true]);
  assert.deepEqual([config.hostname, config.root.readonly, config.annotations], ["h", true, { a: "b" }]);
  assert.deepEqual(config.linux?.namespaces, [{ type: "mount" }, { type: "uts" }]);
  assert.deepEqual(
    config.mounts.filter(({ destination }) => destination === "/tmp"),
    mounts,
  );
});

test("a root may be read-only where a mount takes what was written, unless that is read-only too", () => {
  const bound = (options: string[]) => [{ destination: "/var/lib/a", type: "bind", source: "/x", options }];
  const readonly = (options: string[]) =>
    bundleConfig(seen, { ...NO_OVERRIDES, mounts: bound(options) }).root.readonly;
  assert.equal(bundleConfig(seen).root.readonly, false);
  assert.equal(readonly(["rbind"]), true);
  assert.equal(readonly(["rbind", "ro"]), false);
  assert.deepEqual(writtenOutside(seen, []), ["/var/lib/a"]);
});

test("options add to a recipe's lists and win over its values", () => {
  const mount = (destination: string) => ({ destination, type: "tmpfs" });
  const below = {
    ...NO_OVERRIDES,
    cwd: "/a",
    hostname: "h",
    env: new Map([
      ["A", "1"],
      ["B", "2"],
    ]),
    mounts: [mount("/x")],
  };
  const merged = mergeOverrides(below, {
    cwd: "/b",
    user: undefined,
    env: new Map([["B", "3"]]),
    mounts: [mount("/y")],
  });
  assert.deepEqual([merged.cwd, merged.hostname, merged.user], ["/b", "h", undefined]);
  assert.deepEqual(
    [...merged.env],
    [
      ["A", "1"],
      ["B", "3"],
    ],
  );
  assert.deepEqual(
    merged.mounts.map(({ destination }) => destination),
    ["/x", "/y"],
  );
});

test("variables and mounts as they are typed", () => {
  assert.deepEqual(parseVariable("A=b=c", {}), ["A", "b=c"]);
  assert.deepEqual(parseVariable("A=", {}), ["A", ""]);
  assert.deepEqual(parseVariable("A", { A: "x" }), ["A", "x"]);
  for (const text of ["=a", "", "A"]) assert.throws(() => parseVariable(text, {}), { status: 64 });
  assert.deepEqual(parseMount("../d:/x/:ro,nosuid", "/a/b"), {
    destination: "/x",
    type: "bind",
    source: "/a/d",
    options: ["rbind", "ro", "nosuid"],
  });
  for (const text of ["/a", "/a:b", "/a:/", "/a:/b/../c", "a:/b", ":/b", "/a:/b:ro:x"])
    assert.ok(isRefused(parseMount(text, "/")), text);
});

test("users by name or number, with the groups that list them", () => {
  const root = join(top, "users");
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/:/bin/sh\nbad:x:4294967295:1::/:\n",
  );
  writeFileSync(
    join(root, "etc/group"),
    "root:x:0:\nwww:x:34:web\nssl:x:9:a,web\nadm:x:4:web\nodd:x:y:web\n",
  );
  const web = { uid: 33, gid: 34, additionalGids: [4, 9] };
  assert.deepEqual(findUser("web", root), web);
  assert.deepEqual(findUser("33", root), web);
  assert.deepEqual(findUser("web:ssl", root), { uid: 33, gid: 9, additionalGids: [] });
  assert.deepEqual(findUser("5000:6000", root), { uid: 5000, gid: 6000, additionalGids: [] });
  for (const text of ["none", "5000", "web:none", "", ":4", "web:", "a:b:c", "bad", "4294967295:1"])
    assert.throws(() => findUser(text, root), { status: 64 }, text);
});

test("mount points are made in the root, through no link that could lead out of it", () => {
  const root = join(top, "root");
  mkdirSync(root);
  mkdirSync(join(top, "outside"));
  symlinkSync(join(top, "outside"), join(root, "link"));
  writeFileSync(join(top, "file"), "");
  const tmpfs = (destination: string, options: string[]) => ({ destination, type: "tmpfs", options });
  makeMountPoints(root, {
    cwd: "/srv/here",
    mounts: [
      { destination: "/etc/one", type: "bind", source: join(top, "file") },
      { destination: "/data", type: "bind", source: join(top, "not yet") },
      { destination: "/link/in", type: "bind", source: top },
      { destination: "/etc/one/below", type: "bind", source: top },
      tmpfs("/cache", ["mode=700"]),
      tmpfs("/free", []),
    ],
  });
  const mode = (name: string) => statSync(join(root, name)).mode & 0o7777;
  assert.ok(statSync(join(root, "etc/one")).isFile());
  assert.ok(statSync(join(root, "srv/here")).isDirectory() && existsSync(join(root, "data")));
  assert.deepEqual([mode("cache"), mode("free")], [0o700, 0o1777]);
  assert.deepEqual(readdirSync(join(top, "outside")), []);
});
