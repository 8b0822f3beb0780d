import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { objectKey } from "../../../src/slave/store/layout.ts";
import { loadImage } from "../../../src/slave/store/load.ts";
import {
  CONFIG,
  directory,
  file,
  gzipped,
  manifestOf,
  membersOf,
  sha256,
} from "../../common/image/sample.ts";
import { filesBelow, makeFixture, OWNER, put } from "./fixture.ts";

test("a loaded image is listed, found by id and name, and has its objects", async (t) => {
  const { store, image } = makeFixture(t);
  const answer = await loadImage(store, await image("web", { a: "1\n", b: "22\n" }));
  assert.equal(answer.added, true);
  const { id } = answer.image;
  const created = "1970-01-01T00:00:00Z";
  assert.deepEqual(answer.image, { id, name: "web", created, architecture: "i386", files: 2, bytes: 5 });
  assert.deepEqual(store.list(), [answer.image]);
  for (const word of [id, id.slice(7), id.slice(7, 15), "web"])
    assert.deepEqual(store.find(word), answer.image, word);
  for (const word of [id.slice(7, 14), "we", "", "..", `sha256:${"0".repeat(64)}`]) {
    assert.equal(store.find(word), undefined, word);
  }
  assert.equal(readFileSync(store.configFile(id), "utf8"), CONFIG);
  assert.equal(store.manifest(id).name, "web");
  const suffix = `-0644-${OWNER.uid}-${OWNER.gid}`;
  assert.deepEqual(
    filesBelow(store.paths.objects),
    ["1\n", "22\n"].map((body) => `${sha256(body).slice(0, 2)}/${sha256(body)}${suffix}`).sort(),
  );
  assert.deepEqual(readdirSync(store.paths.staging), []);
});

test("an image without an image in the store has an empty list and no hits", (t) => {
  const { store } = makeFixture(t);
  assert.deepEqual(store.list(), []);
  assert.equal(store.find("web"), undefined);
  assert.throws(() => store.get("web"), { status: 65, message: 'image "web": not on this slave' });
});

test("loading the same image again changes nothing and says so", async (t) => {
  const { store, image } = makeFixture(t);
  const path = await image("web", { a: "1" });
  const first = await loadImage(store, path);
  const before = filesBelow(store.paths.root).map((name) => lstatSync(join(store.paths.root, name)).ino);
  assert.deepEqual(await loadImage(store, path), { image: first.image, added: false });
  const after = filesBelow(store.paths.root).map((name) => lstatSync(join(store.paths.root, name)).ino);
  // The link of the name is the one thing that is made anew.
  assert.equal(after.filter((ino) => !before.includes(ino)).length, 1);
});

test("two images share the objects that they have in common", async (t) => {
  const { store, image } = makeFixture(t);
  await loadImage(store, await image("one", { libc: "the same", one: "1" }));
  await loadImage(store, await image("two", { libc: "the same", two: "2" }));
  assert.equal(filesBelow(store.paths.objects).length, 3);
});

test("a name means the image that was loaded last under it", async (t) => {
  const { store, image } = makeFixture(t);
  const old = await image("web", { a: "old" });
  const first = await loadImage(store, old);
  const second = await loadImage(store, await image("web", { a: "new" }));
  assert.equal(store.get("web").id, second.image.id);
  assert.equal(store.list().length, 2);
  await image("web", { a: "old" });
  await loadImage(store, old);
  assert.equal(store.get("web").id, first.image.id);
});

test("equal content under two modes is two objects, with their modes and set-id bits", async (t) => {
  const { scratch, store } = makeFixture(t);
  const entries = [
    directory("rootfs", OWNER),
    file("rootfs/a", "x", { ...OWNER, mode: 0o4755 }),
    file("rootfs/b", "x", { ...OWNER, mode: 0o644 }),
    file("rootfs/c", "x", { ...OWNER, mode: 0o644 }),
  ];
  const manifest = manifestOf(entries);
  const bodies = { "rootfs/a": "x", "rootfs/b": "x", "rootfs/c": "x" };
  await loadImage(store, await put(scratch, "x.tar.gz", manifest, bodies));
  const modes = filesBelow(store.paths.objects).map(
    (name) => lstatSync(join(store.paths.objects, name)).mode & 0o7777,
  );
  assert.deepEqual(modes, [0o644, 0o4755]);
});

test("an image with one wrong byte leaves the store as it was", async (t) => {
  const { scratch, store, image } = makeFixture(t);
  await loadImage(store, await image("good", { a: "1" }));
  const before = filesBelow(store.paths.root);
  const manifest = manifestOf([
    directory("rootfs", OWNER),
    file("rootfs/a", "fine", OWNER),
    file("rootfs/b", "good", OWNER),
  ]);
  const bad = await put(scratch, "bad.tar.gz", manifest, { "rootfs/a": "fine", "rootfs/b": "evil" });
  await assert.rejects(loadImage(store, bad), { status: 65, message: `${bad}: rootfs/b: wrong SHA-256` });
  assert.deepEqual(filesBelow(store.paths.root), before);
  assert.deepEqual(readdirSync(store.paths.staging), []);
});

test("a cut upload leaves the store as it was, and the whole one loads afterwards", async (t) => {
  const { store, image } = makeFixture(t);
  const path = await image("web", { a: "1", b: "2" });
  const whole = readFileSync(path);
  truncateSync(path, whole.length - 10);
  await assert.rejects(loadImage(store, path), { status: 65 });
  assert.deepEqual(filesBelow(store.paths.root), ["store.lock"]);
  writeFileSync(path, whole);
  assert.equal((await loadImage(store, path)).added, true);
});

test("an upload that is a symbolic link, a fifo or a directory is refused", async (t) => {
  const { scratch, store, image, system } = makeFixture(t);
  const link = join(scratch, "link");
  symlinkSync(await image("web", { a: "1" }), link);
  const fifo = join(scratch, "fifo");
  system.makeNode(fifo, "fifo", 0, 0);
  for (const path of [link, fifo, scratch]) {
    await assert.rejects(loadImage(store, path), { status: 65, message: `${path}: not a regular file` });
  }
  const gone = join(scratch, "gone");
  await assert.rejects(loadImage(store, gone), { status: 1, message: `${gone}: no such file or directory` });
});

test("an image that does not fit is refused in one line before anything is written", async (t) => {
  const { store, image, system } = makeFixture(t);
  await loadImage(store, await image("small", { a: "1" }));
  const before = filesBelow(store.paths.root);
  // Two new objects of a block each; the third is there.
  const path = await image("web", { a: "1", b: "2", c: "3" });
  system.free = 8191;
  await assert.rejects(loadImage(store, path), {
    status: 71,
    message: `image web: no space left on device: 8.0 KB free in ${store.paths.root}`,
  });
  assert.deepEqual(filesBelow(store.paths.root), before);
  system.free = 8192;
  assert.equal((await loadImage(store, path)).added, true);
});

test("what a killed load left is gone after the next one, made objects included", async (t) => {
  const { store, image } = makeFixture(t);
  const half = join(store.paths.staging, "load-dead", "objects");
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, "x"), "half");
  const orphan = objectKey({
    ...file("rootfs/x", "orphan"),
    type: "file",
    size: 6,
    sha256: sha256("orphan"),
  });
  mkdirSync(join(store.paths.objects, orphan.slice(0, 2)), { recursive: true });
  writeFileSync(join(store.paths.objects, orphan.slice(0, 2), orphan), "orphan");
  await loadImage(store, await image("web", { a: "1" }));
  assert.deepEqual(readdirSync(store.paths.staging), []);
  assert.equal(filesBelow(store.paths.objects).length, 1);
});

test("while another load is under way, nothing of it is swept", async (t) => {
  const { store, image, system } = makeFixture(t);
  const path = await image("web", { a: "1" });
  const other = join(store.paths.staging, "load-alive");
  mkdirSync(other, { recursive: true });
  system.locked = "shared";
  assert.equal((await loadImage(store, path)).added, true);
  assert.deepEqual(readdirSync(store.paths.staging), ["load-alive"]);
});

test("a damaged object, manifest or row is mended by loading the image again", async (t) => {
  const { store, image } = makeFixture(t);
  const path = await image("web", { a: "12345" });
  const { id } = (await loadImage(store, path)).image;
  const object = join(store.paths.objects, filesBelow(store.paths.objects)[0] ?? "");
  const row = join(store.paths.images, id.slice(7), "row.json");
  const damages: (() => void)[] = [
    () => truncateSync(object, 2),
    () => chmodSync(object, 0o600),
    () => writeFileSync(store.manifestFile(id), "{}"),
    () => writeFileSync(row, ""),
  ];
  for (const damage of damages) {
    damage();
    assert.equal((await loadImage(store, path)).added, true);
    assert.equal(readFileSync(object, "utf8"), "12345");
    assert.equal(lstatSync(object).mode & 0o777, 0o644);
    assert.equal(store.manifest(id).name, "web");
    assert.deepEqual(
      store.list().map((one) => one.id),
      [id],
    );
    assert.equal(readlinkSync(join(store.paths.images, "web")), id.slice(7));
  }
});

test("a thousand equal empty files are one object and fit a name of any kind", async (t) => {
  const { store, image } = makeFixture(t);
  const names = Array.from({ length: 1000 }, (_, i) => String(i).padStart(4, "0"));
  await loadImage(store, await image("many", Object.fromEntries(names.map((name) => [name, ""]))));
  assert.equal(filesBelow(store.paths.objects).length, 1);
});

test("an archive whose members hide behind a right manifest is refused as everywhere", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (t) => {
  const { scratch, store } = makeFixture(t);
  const members = membersOf();
  members.push({ header: { name: "../../../etc/cron.d/x" }, body: "x" });
  const path = join(scratch, "evil.tar.gz");
  writeFileSync(path, await gzipped(members));
  await assert.rejects(loadImage(store, path), { status: 65, message: /name with "\.\."$/ });
  assert.deepEqual(filesBelow(store.paths.root), ["store.lock"]);
});
