import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { withImage } from "../../../src/common/image/open.ts";
import { verifyImage } from "../../../src/common/image/verify.ts";
import { buildImage } from "../../../src/image/build/build.ts";
import { CONFIG, PROVENANCE, sha256 } from "../../common/image/sample.ts";

/** A scratch directory with an OCI bundle called bundle. */
function makeBundle(t: TestContext): { scratch: string; bundle: string; rootfs: string } {
  const scratch = mkdtempSync(join(tmpdir(), "vz-build-test-"));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const bundle = join(scratch, "bundle");
  const rootfs = join(bundle, "rootfs");
  mkdirSync(join(rootfs, "bin"), { recursive: true });
  writeFileSync(join(bundle, "config.json"), CONFIG);
  writeFileSync(join(rootfs, "bin", "hello"), "hello\n");
  for (const [path, mode] of [
    ["bin/hello", 0o4755],
    ["bin", 0o755],
    ["", 0o750],
  ] as const) {
    chmodSync(join(rootfs, path), mode);
  }
  return { scratch, bundle, rootfs };
}

test("an image has the bundle's files, sorted, with modes and owners, and no trace of the builder", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (t) => {
  const { scratch, bundle, rootfs } = makeBundle(t);
  symlinkSync("hello", join(rootfs, "bin", "hi"));
  writeFileSync(join(rootfs, "bin-x"), "");
  chmodSync(join(rootfs, "bin-x"), 0);
  const out = join(scratch, "hello.tar");
  const { manifest, id, bytes } = await buildImage(bundle, out, { name: "hello" });
  const me = { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
  assert.deepEqual(manifest.files, [
    {
      path: "config.json",
      type: "file",
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: CONFIG.length,
      sha256: sha256(CONFIG),
    },
    { path: "rootfs", mode: 0o750, ...me, type: "directory" },
    { path: "rootfs/bin", mode: 0o755, ...me, type: "directory" },
    { path: "rootfs/bin-x", mode: 0, ...me, type: "file", size: 0, sha256: sha256("") },
    { path: "rootfs/bin/hello", mode: 0o4755, ...me, type: "file", size: 6, sha256: sha256("hello\n") },
    { path: "rootfs/bin/hi", mode: 0o777, ...me, type: "symlink", target: "hello" },
  ]);
  assert.deepEqual(manifest.totals, { files: 2, bytes: 6 });
  assert.deepEqual(manifest.command, ["/bin/hello"]);
  assert.equal(manifest.created, "1970-01-01T00:00:00Z");
  assert.equal(manifest.architecture, "any");
  assert.equal(manifest.kernelFloor, null);
  const tar = readFileSync(out);
  assert.equal(bytes, tar.length);
  for (const header of ustarHeaders(tar)) {
    // The name's first 100 bytes, then mode, uid, gid, size; then mtime; then the owner's names at 265 and 297.
    assert.equal(header.toString("latin1", 136, 147), "00000000000");
    assert.equal(header.toString("latin1", 265, 329), "\0".repeat(64));
  }
  const head = await withImage(out, (image) => verifyImage(image));
  assert.equal(head.id, id);
  assert.deepEqual(head.manifest, manifest);
});

test("the same bundle gives the same bytes, whatever its times, its place and the order it was made in", async (t) => {
  const { scratch, bundle, rootfs } = makeBundle(t);
  for (const name of ["z", "a", "é", "m"]) writeFileSync(join(rootfs, name), name, { mode: 0o644 });
  for (const suffix of ["tar", "tar.gz"]) {
    const first = await buildImage(bundle, join(scratch, `one.${suffix}`), { name: "same" });
    const moved = join(scratch, `moved-${suffix}`);
    renameSync(bundle, moved);
    for (const name of ["a", "m"]) {
      rmSync(join(moved, "rootfs", name));
      writeFileSync(join(moved, "rootfs", name), name, { mode: 0o644 });
    }
    utimesSync(join(moved, "rootfs", "z"), 1e9, 1e9);
    const second = await buildImage(moved, join(scratch, `two.${suffix}`), { name: "same" });
    renameSync(moved, bundle);
    assert.equal(first.id, second.id);
    assert.ok(
      readFileSync(join(scratch, `one.${suffix}`)).equals(readFileSync(join(scratch, `two.${suffix}`))),
    );
  }
});

test("no clock is asked: an image built on another day is the same", async (t) => {
  const { scratch, bundle } = makeBundle(t);
  const build = (file: string) => buildImage(bundle, join(scratch, file), { name: "day" });
  const today = await build("today.tar.gz");
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2037, 11, 31) });
  const later = await build("later.tar.gz");
  assert.equal(later.id, today.id);
  assert.ok(readFileSync(join(scratch, "later.tar.gz")).equals(readFileSync(join(scratch, "today.tar.gz"))));
});

test("the provenance beside config.json goes into the manifest, in one order", async (t) => {
  const { scratch, bundle } = makeBundle(t);
  const plain = await buildImage(bundle, join(scratch, "x.tar"), { name: "x" });
  assert.ok(!("provenance" in plain.manifest));
  const write = (value: unknown) => writeFileSync(join(bundle, "provenance.json"), JSON.stringify(value));
  write(PROVENANCE);
  const first = await buildImage(bundle, join(scratch, "x.tar"), { name: "x" });
  assert.deepEqual(first.manifest.provenance, PROVENANCE);
  const { command, host, packages } = PROVENANCE;
  write({ packages: packages.toReversed(), host, command });
  assert.equal((await buildImage(bundle, join(scratch, "x.tar"), { name: "x" })).id, first.id);
  const head = await withImage(join(scratch, "x.tar"), (image) => verifyImage(image));
  assert.deepEqual(head.manifest, first.manifest);
  write({ ...PROVENANCE, user: "me" });
  await assert.rejects(buildImage(bundle, join(scratch, "x.tar"), { name: "x" }), {
    message: /bundle\/provenance\.json: unknown key user$/,
    status: 65,
  });
});

test("packing changes the file and not the image's id; the name and the date change the id", async (t) => {
  const { scratch, bundle } = makeBundle(t);
  const build = async (file: string, name: string, created?: number) =>
    (await buildImage(bundle, join(scratch, file), created === undefined ? { name } : { name, created })).id;
  const plain = await build("a.tar", "a");
  assert.equal(await build("a.tar.gz", "a"), plain);
  assert.notEqual(await build("b.tar", "b"), plain);
  assert.notEqual(await build("a.tar", "a", 1), plain);
});

test("hard links become files of their own, whichever name was first", async (t) => {
  const { scratch, bundle, rootfs } = makeBundle(t);
  linkSync(join(rootfs, "bin", "hello"), join(rootfs, "bin", "again"));
  const { manifest } = await buildImage(bundle, join(scratch, "x.tar"), { name: "x" });
  const twins = manifest.files.filter((entry) => /hello|again/.test(entry.path));
  assert.deepEqual(
    twins.map((entry) => [entry.path, entry.type === "file" && entry.sha256]),
    [
      ["rootfs/bin/again", sha256("hello\n")],
      ["rootfs/bin/hello", sha256("hello\n")],
    ],
  );
});

test("an owner too large for a header is kept", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (t) => {
  const { chownSync } = await import("node:fs");
  const { scratch, bundle, rootfs } = makeBundle(t);
  chownSync(join(rootfs, "bin"), 4_000_000_000, 262_144);
  const out = join(scratch, "x.tar.gz");
  await buildImage(bundle, out, { name: "x" });
  const { manifest } = await withImage(out, (image) => verifyImage(image));
  const bin = manifest.files.find((entry) => entry.path === "rootfs/bin");
  assert.deepEqual([bin?.uid, bin?.gid], [4_000_000_000, 262_144]);
});

test("a root filesystem of another name goes in as rootfs", async (t) => {
  const { scratch, bundle, rootfs } = makeBundle(t);
  renameSync(rootfs, join(scratch, "tree"));
  writeFileSync(join(bundle, "config.json"), CONFIG.replace('"rootfs"', '"../tree"'));
  const out = join(scratch, "x.tar");
  await buildImage(bundle, out, { name: "x" });
  const { manifest } = await withImage(out, (image) => verifyImage(image));
  assert.ok(manifest.files.some((entry) => entry.path === "rootfs/bin/hello"));
});

test("a failed build leaves neither an image nor a temporary file, and the old image as it was", async (t) => {
  const { scratch, bundle } = makeBundle(t);
  const out = join(scratch, "x.tar");
  writeFileSync(out, "old");
  writeFileSync(join(bundle, "config.json"), "{}");
  await assert.rejects(buildImage(bundle, out, { name: "x" }), {
    message: /config\.json: ociVersion: missing$/,
    status: 65,
  });
  assert.equal(readFileSync(out, "utf8"), "old");
  assert.deepEqual(readdirSync(scratch).sort(), ["bundle", "x.tar"]);
});

test("a file that changes while the image is made fails the build, and nothing is left", async (t) => {
  const { scratch, bundle, rootfs } = makeBundle(t);
  writeFileSync(join(rootfs, "log"), "before");
  const progress = {
    // First reached when all files are hashed and none is packed.
    update(done: number, total: number) {
      if (done === total) writeFileSync(join(rootfs, "log"), "behind");
    },
    end() {},
  };
  await assert.rejects(buildImage(bundle, join(scratch, "x.tar.gz"), { name: "x", progress }), {
    message: "rootfs/log: changed while the image was made",
    status: 1,
  });
  assert.deepEqual(readdirSync(scratch), ["bundle"]);
});

test("bad bundles, names and places are each one clear line", async (t) => {
  const { scratch, bundle, rootfs } = makeBundle(t);
  const out = join(scratch, "x.tar");
  const cases: [string, string, string, { message: RegExp; status: number }][] = [
    [bundle, join(scratch, "x.zip"), "x", { message: /x\.zip: not the name of an image$/, status: 64 }],
    [bundle, `${out}.xz`, "x", { message: /x\.tar\.xz: not the name of an image$/, status: 64 }],
    [bundle, out, "../x", { message: /^image "\.\.\/x": not a name$/, status: 64 }],
    [bundle, join(rootfs, "x.tar"), "x", { message: /lies in the root filesystem/, status: 64 }],
    [scratch, out, "x", { message: /: not an OCI bundle: has no config\.json$/, status: 65 }],
    [join(scratch, "no"), out, "x", { message: /: not an OCI bundle/, status: 65 }],
    [
      bundle,
      join(scratch, "no", "x.tar"),
      "x",
      { message: /no\/x\.tar: no such file or directory$/, status: 71 },
    ],
  ];
  for (const [from, to, name, error] of cases) await assert.rejects(buildImage(from, to, { name }), error);
  writeFileSync(join(bundle, "config.json"), CONFIG.replace('"rootfs"', '"gone"'));
  await assert.rejects(buildImage(bundle, out, { name: "x" }), {
    message: /config\.json: root\.path: .*\/gone does not exist$/,
    status: 65,
  });
});

/** The header blocks of a tarball, by the magic at 257. */
function ustarHeaders(tar: Buffer): Buffer[] {
  const headers: Buffer[] = [];
  for (let offset = 0; offset + 512 <= tar.length; offset += 512) {
    if (tar.toString("latin1", offset + 257, offset + 262) === "ustar")
      headers.push(tar.subarray(offset, offset + 512));
  }
  assert.equal(headers.length, 7);
  return headers;
}
