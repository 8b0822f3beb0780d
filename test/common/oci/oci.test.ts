import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../src/common/oci/oci.ts";

const least = { ociVersion: "1.0.2", process: { cwd: "/", args: ["true"] }, root: { path: "rootfs" } };
const read = (more: object) => readConfig(JSON.stringify({ ...least, ...more }));

test("a minimal config.json is read as it stands", () => {
  const { config, unknown } = read({});
  assert.deepEqual(config, least);
  assert.deepEqual(unknown, []);
});

test("every field of a wrong type is named with its place", () => {
  const wrong: [object, RegExp][] = [
    [{ process: 1 }, /config\.json: process: not an object/],
    [{ process: {} }, /process\.cwd: missing/],
    [{ process: { cwd: "/", args: "true" } }, /process\.args: not a list/],
    [{ process: { cwd: "/", args: ["a", 1] } }, /process\.args\[1\]: not a string/],
    [{ process: { cwd: "/", args: ["a\0b"] } }, /process\.args\[0\]: holds a NUL byte/],
    [{ process: { cwd: "/", user: { uid: -1 } } }, /process\.user\.uid: not a whole number/],
    [{ process: { cwd: "/", user: { uid: 4294967295 } } }, /process\.user\.uid: above/],
    [{ process: { cwd: "/", noNewPrivileges: "yes" } }, /process\.noNewPrivileges: neither true nor false/],
    [{ root: { path: "r", readonly: 1 } }, /root\.readonly: neither/],
    [{ mounts: [{ destination: "/a" }, { source: "x" }] }, /mounts\[1\]\.destination: missing/],
    [{ linux: { namespaces: [{}] } }, /linux\.namespaces\[0\]\.type: missing/],
    [{ annotations: { a: 1 } }, /annotations\.a: not a string/],
    [{ ociVersion: "2.0.0" }, /ociVersion: "2\.0\.0" is not a version 1/],
  ];
  for (const [more, message] of wrong) assert.throws(() => read(more), { status: 78, message });
});

test("documents of the specification's versions 1.0 to 1.3 are taken", () => {
  for (const version of ["1.0.0", "1.0.2-dev", "1.2.1", "1.3.0"]) {
    assert.equal(read({ ociVersion: version }).config.ociVersion, version);
  }
});

test("fields that the specification does not have are handed back and no error", () => {
  const { unknown } = read({ process: { cwd: "/", constructor: 1 }, linux: { seccmp: {} }, x: [] });
  assert.deepEqual(unknown, ["process.constructor", "linux.seccmp", "x"]);
});

test("null is an absent field", () => {
  assert.deepEqual(read({ hostname: null, linux: null }).config, least);
  assert.throws(() => read({ ociVersion: null }), /ociVersion: missing/);
});

test("what is no JSON says so in one line", () => {
  assert.throws(() => readConfig("{"), { status: 78, message: /^config\.json: not JSON: [^\n]+$/ });
});
