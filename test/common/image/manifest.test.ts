import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Entry,
  formatManifest,
  insidePath,
  type Manifest,
  shown,
} from "../../../src/common/image/manifest.ts";
import { parseManifest } from "../../../src/common/image/parse-manifest.ts";
import { directory, ENTRIES, file, manifestOf, symlink } from "./sample.ts";

function refused(manifest: Manifest, message: RegExp): void {
  assert.throws(() => parseManifest(formatManifest(manifest), "IMG"), { status: 65, message });
}

/** The sample's text with one part of its JSON replaced. */
function refusedText(change: (plain: Record<string, unknown>) => unknown, message: RegExp): void {
  const plain: Record<string, unknown> = JSON.parse(formatManifest(manifestOf(ENTRIES)));
  const text = JSON.stringify(change(plain) ?? plain);
  assert.throws(() => parseManifest(text, "IMG"), { status: 65, message });
}

function withEntries(...entries: Entry[]): Manifest {
  return manifestOf([directory("rootfs"), ...entries]);
}

test("a manifest reads back as it was written, with every kind of file", () => {
  const manifest = manifestOf(
    [
      directory("rootfs", { mode: 0o1777, uid: 7, gid: 8 }),
      { path: "rootfs/blk", mode: 0o660, uid: 0, gid: 6, type: "block", major: 8, minor: 1048575 },
      { path: "rootfs/chr", mode: 0o666, uid: 0, gid: 0, type: "char", major: 1, minor: 3 },
      { path: "rootfs/fifo", mode: 0o600, uid: 0, gid: 0, type: "fifo" },
      file("rootfs/set-id", "x", { mode: 0o4755 }),
      symlink("rootfs/x \n\u{1f600}\udcff", "/a\udc80 b"),
    ],
    undefined,
    { kernelFloor: "3.2.0", command: ["/x", "", "a \n b"] },
  );
  assert.deepEqual(parseManifest(formatManifest(manifest), "IMG"), manifest);
});

test("the text of a manifest has one file a line and modes as people write them", () => {
  const lines = formatManifest(manifestOf([directory("rootfs")])).split("\n");
  assert.ok(lines.includes('{"path":"rootfs","type":"directory","mode":"0755","uid":0,"gid":0}'));
  assert.deepEqual(lines.slice(-3), [" ]", "}", ""]);
});

test("an image with provenance is of schema 2, so that a vz that knows none says what is wrong; without it of schema 1", () => {
  const provenance = { command: ["ls"], host: null, packages: [] };
  const manifest = manifestOf(ENTRIES, undefined, { provenance });
  const text = formatManifest(manifest);
  assert.match(text, /^{\n "schema": 2,\n/);
  assert.match(formatManifest(manifestOf(ENTRIES)), /^{\n "schema": 1,\n/);
  assert.deepEqual(Object.keys(JSON.parse(text)).slice(-3), ["totals", "provenance", "files"]);
  assert.deepEqual(parseManifest(text, "IMG"), manifest);
  refusedText((plain) => ({ ...plain, provenance }), /top: unknown key provenance$/);
  refusedText((plain) => ({ ...plain, schema: 2 }), /top: provenance is missing$/);
});

test("paths that could leave the bundle are refused with the path", () => {
  refused(withEntries(file("rootfs/../x", "")), /^IMG: vz\.json: rootfs\/\.\.\/x: name with "\.\."$/);
  refused(withEntries(file("/etc/x", "")), /\/etc\/x: absolute name$/);
  refused(withEntries(file("rootfs//x", "")), /rootfs\/\/x: name with an empty part$/);
});

test("a file behind a symbolic link is refused", () => {
  const entries = [symlink("rootfs/web", "/etc"), file("rootfs/web/passwd", "x")];
  refused(withEntries(...entries), /rootfs\/web\/passwd: does not lie in a directory of the image$/);
});

test("a file below a file, beside the root filesystem or without its directory is refused", () => {
  const why = /: does not lie in a directory of the image$/;
  refused(withEntries(file("rootfs/a", ""), file("rootfs/a/b", "")), why);
  refused(withEntries(file("rootfs/no/b", "")), why);
  refused(withEntries(file("sbin", "")), why);
});

test("a path listed twice or out of order is refused", () => {
  refused(withEntries(file("rootfs/a", ""), file("rootfs/a", "")), /rootfs\/a: listed twice$/);
  refused(withEntries(file("rootfs/b", ""), file("rootfs/a", "")), /rootfs\/a: out of order$/);
  // Two spellings of the same bytes.
  refused(withEntries(file("rootfs/é", ""), file("rootfs/\udcc3\udca9", "")), /listed twice$/);
});

test("config.json and rootfs must be there, as a file and a directory", () => {
  const whole = manifestOf(ENTRIES);
  refused({ ...whole, files: whole.files.slice(1) }, /config\.json is not the first$/);
  refused(manifestOf([file("rootfs", "")]), /directory rootfs is not the second$/);
  refused(manifestOf([]), /directory rootfs is not the second$/);
});

test("sums that are not those of the files are refused", () => {
  const whole = manifestOf(ENTRIES);
  refused({ ...whole, totals: { ...whole.totals, bytes: whole.totals.bytes + 1 } }, /totals: not the sum/);
  refused({ ...whole, totals: { ...whole.totals, files: 0 } }, /totals: not the sum/);
});

test("unknown and missing keys are refused by name", () => {
  refusedText((plain) => ({ ...plain, extra: 1 }), /top: unknown key extra$/);
  refusedText(({ created: _, ...rest }) => rest, /top: created is missing$/);
  refusedText((plain) => {
    plain["files"] = [{ path: "config.json", type: "file", mode: "0644", uid: 0, gid: 0, size: 0, sha: "" }];
    return plain;
  }, /files\[0\]: unknown key sha$/);
});

test("values out of their form are refused", () => {
  const cases: [string, unknown, RegExp][] = [
    ["name", "../x", /name: not a name$/],
    ["created", "yesterday", /created: not in its form$/],
    ["architecture", "I386", /architecture: not in its form$/],
    ["command", "ls", /command: not a list$/],
    ["command", [1], /command\[0\]: not a string$/],
    ["kernelFloor", "new", /kernelFloor: not in its form$/],
    ["totals", { files: -1, bytes: 0 }, /totals\.files: not a whole number in range$/],
    ["files", {}, /files: not a list$/],
    ["files", [{ path: "x", type: "socket" }], /files\[0\]\.type: not a kind of file$/],
    ["files", [{ path: "x", type: "toString" }], /files\[0\]\.type: not a kind of file$/],
  ];
  for (const [key, value, message] of cases) refusedText((plain) => ({ ...plain, [key]: value }), message);
});

test("modes, owners, sizes and hashes out of range are refused with the path", () => {
  const entry = file("rootfs/a", "x");
  const cases: [Partial<Record<string, unknown>>, RegExp][] = [
    [{ mode: 0o10000 }, /rootfs\/a: mode: not in its form$/],
    [{ uid: 2 ** 32 - 1 }, /rootfs\/a: uid: not a whole number in range$/],
    [{ gid: 0.5 }, /rootfs\/a: gid: not a whole number/],
    [{ size: 2 ** 53 }, /rootfs\/a: size: not a whole number in range$/],
    [{ sha256: "0".repeat(63) }, /rootfs\/a: sha256: not in its form$/],
  ];
  for (const [change, message] of cases) {
    const right = withEntries(entry);
    refused({ ...right, files: [...right.files.slice(0, -1), Object.assign({}, entry, change)] }, message);
  }
});

test("an image of a later schema is called that, with what to do", () => {
  const text = formatManifest(manifestOf(ENTRIES)).replace('"schema": 1', '"schema": 3');
  assert.throws(() => parseManifest(text, "IMG"), {
    message: /schema 3 is newer than this vz$/,
    hint: "upgrade vz",
  });
});

test("what is no manifest at all is refused", () => {
  for (const text of ["", "{", "null", "[]", "7", '"x"', '{"schema":"1"}']) {
    assert.throws(() => parseManifest(text, "IMG"), { status: 65 }, text);
  }
});

test("a path in an error stays one line of bounded length", () => {
  assert.equal(shown("rootfs/a b"), "rootfs/a b");
  assert.equal(shown("a\n\u001b[2J"), '"a\\n\\u001b[2J"');
  assert.equal(shown("\u007f\u009b2Jé"), '"\\u007f\\u009b2Jé"');
  assert.ok(shown("x".repeat(10_000)).length < 300);
});

test("a path inside the container begins at its root", () => {
  assert.equal(insidePath("rootfs"), "/");
  assert.equal(insidePath("rootfs/rootfs/x"), "/rootfs/x");
  assert.equal(insidePath("config.json"), "config.json");
});
