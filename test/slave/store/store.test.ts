import assert from "node:assert/strict";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { imageDirectory, ROW_NAME } from "../../../src/slave/store/layout.ts";
import { loadImage } from "../../../src/slave/store/load.ts";
import { StoreLock } from "../../../src/slave/store/lock.ts";
import { directory, file, manifestOf, symlink } from "../../common/image/sample.ts";
import { filesBelow, makeFixture, OWNER, put } from "./fixture.ts";

test("a checkout links what may be shared and copies what may be written", async (t) => {
  const { scratch, store, image } = makeFixture(t);
  const { id } = (await loadImage(store, await image("web", { lib: "shared", log: "own" }))).image;
  const rootfs = join(scratch, "containers", "web-1", "rootfs");
  const notes = await store.checkout(id, rootfs, { share: (entry) => entry.path === "rootfs/lib" });
  assert.deepEqual(notes, []);
  assert.equal(lstatSync(join(rootfs, "lib")).nlink, 2);
  assert.equal(lstatSync(join(rootfs, "log")).nlink, 1);
  writeFileSync(join(rootfs, "log"), "changed by the container");
  const second = join(scratch, "containers", "web-2", "rootfs");
  await store.checkout(id, second, { share: () => false });
  assert.equal(readFileSync(join(second, "log"), "utf8"), "own");
  assert.deepEqual(readdirSync(store.paths.staging), []);
});

test("a checkout has modes, set-id bits, links and fifos; devices that the kernel forbids are named", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (t) => {
  const { scratch, store, system } = makeFixture(t);
  const entries = [
    directory("rootfs", { ...OWNER, mode: 0o755 }),
    { ...OWNER, path: "rootfs/dev", mode: 0o666, type: "char" as const, major: 1, minor: 3 },
    { ...OWNER, path: "rootfs/fifo", mode: 0o620, type: "fifo" as const },
    { ...symlink("rootfs/link", "/etc/../x"), ...OWNER },
    file("rootfs/setuid", "x", { ...OWNER, mode: 0o6711 }),
    directory("rootfs/tmp", { ...OWNER, mode: 0o1777 }),
    file("rootfs/tmp/x", "y", { ...OWNER, mode: 0 }),
  ];
  const path = await put(scratch, "x.tar.gz", manifestOf(entries), {
    "rootfs/setuid": "x",
    "rootfs/tmp/x": "y",
  });
  const { id } = (await loadImage(store, path)).image;
  for (const share of [true, false]) {
    const rootfs = join(scratch, `rootfs-${share}`);
    const notes = await store.checkout(id, rootfs, { share: () => share });
    assert.deepEqual(notes, ["rootfs/dev: device left out: operation not permitted"]);
    const mode = (name: string) => lstatSync(join(rootfs, name)).mode & 0o7777;
    assert.deepEqual(["", "fifo", "setuid", "tmp", "tmp/x"].map(mode), [0o755, 0o620, 0o6711, 0o1777, 0]);
    assert.equal(readlinkSync(join(rootfs, "link")), "/etc/../x");
    assert.ok(lstatSync(join(rootfs, "fifo")).isFIFO());
  }
  assert.ok(system.nodes.includes("char 1:3 rootfs/dev"));
});

test("a checkout to a place that is taken, or of an image that lacks an object, changes nothing", async (t) => {
  const { scratch, store, image } = makeFixture(t);
  const { id } = (await loadImage(store, await image("web", { a: "1", b: "2" }))).image;
  const rootfs = join(scratch, "rootfs");
  mkdirSync(rootfs);
  const options = { share: () => true };
  await assert.rejects(store.checkout(id, rootfs, options), {
    status: 1,
    message: `${rootfs}: exists already`,
  });
  rmSync(join(store.paths.objects, filesBelow(store.paths.objects)[1] ?? ""));
  await assert.rejects(store.checkout(id, `${rootfs}2`, options), {
    status: 65,
    message: /^image store: the object of rootfs\/[ab] is missing$/,
    hint: "load the image again",
  });
  assert.deepEqual(readdirSync(scratch).sort(), ["data", "rootfs", "web.tar.gz"]);
  assert.deepEqual(readdirSync(store.paths.staging), []);
});

test("an image that an older vz loaded is listed, with its architecture unknown", async (t) => {
  const { store, image } = makeFixture(t);
  const { image: row } = await loadImage(store, await image("web", { a: "1" }));
  const { architecture, ...older } = row;
  assert.equal(architecture, "i386");
  writeFileSync(join(imageDirectory(store.paths, row.id), ROW_NAME), JSON.stringify(older));
  assert.deepEqual(store.list(), [{ ...row, architecture: null }]);
});

test("gc deletes what no image lists and no container links to, and nothing else", async (t) => {
  const { scratch, store, image } = makeFixture(t);
  const old = await loadImage(store, await image("old", { both: "both", used: "used", idle: "idle!" }));
  const rootfs = join(scratch, "rootfs");
  await store.checkout(old.image.id, rootfs, { share: (entry) => entry.path === "rootfs/used" });
  await loadImage(store, await image("new", { both: "both" }));
  assert.deepEqual(await store.gc(), { objects: 0, bytes: 0 });
  await store.remove("old");
  assert.deepEqual(
    store.list().map((row) => row.name),
    ["new"],
  );
  assert.deepEqual(await store.gc(), { objects: 1, bytes: 5 });
  assert.equal(filesBelow(store.paths.objects).length, 2);
  assert.equal(readFileSync(join(rootfs, "used"), "utf8"), "used");
  assert.deepEqual(readdirSync(store.paths.staging), []);
});

test("removing an image gives its name to the one loaded before it, or to nobody", async (t) => {
  const { store, image } = makeFixture(t);
  const first = (await loadImage(store, await image("web", { a: "1" }))).image;
  const second = (await loadImage(store, await image("web", { a: "2" }))).image;
  assert.deepEqual(await store.remove("web"), second);
  assert.deepEqual(store.get("web"), first);
  await store.remove(first.id);
  assert.deepEqual(readdirSync(store.paths.images), []);
  await assert.rejects(store.remove("web"), { status: 65 });
});

test("gc with an image that cannot be read deletes nothing and names the image", async (t) => {
  const { store, image } = makeFixture(t);
  const { id } = (await loadImage(store, await image("web", { a: "1" }))).image;
  writeFileSync(store.manifestFile(id), "damaged");
  await assert.rejects(store.gc(), { status: 65, message: `image ${id}: vz.json: not JSON` });
  assert.equal(filesBelow(store.paths.objects).length, 1);
});

test("files that are not objects are left alone by gc", async (t) => {
  const { store } = makeFixture(t);
  mkdirSync(join(store.paths.objects, "aa"), { recursive: true });
  writeFileSync(join(store.paths.objects, "aa", "README"), "");
  await store.gc();
  assert.deepEqual(filesBelow(store.paths.objects), ["aa/README"]);
});

test("who cannot have the lock in time is told to try again", async (t) => {
  const { store, system } = makeFixture(t);
  const lock = new StoreLock(store.paths, system);
  system.locked = "exclusive";
  await assert.rejects(lock.take("shared", 100), { status: 75, message: /^image store: in use/ });
  system.locked = "no";
  await lock.take("exclusive", 0);
  lock.release();
});

test("what a container links to outlives its image", async (t) => {
  const { scratch, store, image } = makeFixture(t);
  const path = await image("web", { a: "content" });
  await loadImage(store, path);
  const object = join(store.paths.objects, filesBelow(store.paths.objects)[0] ?? "");
  linkSync(object, join(scratch, "held"));
  await store.remove("web");
  assert.deepEqual(await store.gc(), { objects: 0, bytes: 0 });
  assert.equal((await loadImage(store, path)).added, true);
  assert.equal(lstatSync(join(scratch, "held")).nlink, 2);
});
