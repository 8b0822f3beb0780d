import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Command } from "../../src/common/command/command.ts";
import { parseArgs } from "../../src/common/command/parse-args.ts";
import { memoryIo } from "../../src/common/io.ts";
import { build, sourceDate } from "../../src/image/commands/build.ts";
import { diff } from "../../src/image/commands/diff.ts";
import { inspect } from "../../src/image/commands/inspect.ts";
import { list } from "../../src/image/commands/list.ts";
import { rm } from "../../src/image/commands/rm.ts";
import { verify } from "../../src/image/commands/verify.ts";
import {
  CONFIG,
  directory,
  file,
  manifestOf,
  membersOf,
  PROVENANCE,
  tarball,
  withFile,
} from "../common/image/sample.ts";

async function run(command: Command, argv: string[], env: Record<string, string> = {}) {
  const io = memoryIo(env);
  const status = await command.run(parseArgs(command, argv), io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

function makeBundle(t: TestContext): string {
  const scratch = mkdtempSync(join(tmpdir(), "vz-image-command-"));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  mkdirSync(join(scratch, "bundle", "rootfs"), { recursive: true });
  writeFileSync(join(scratch, "bundle", "config.json"), CONFIG);
  writeFileSync(join(scratch, "bundle", "rootfs", "motd"), "welcome\n");
  return scratch;
}

test("build, verify and inspect agree on the image", async (t) => {
  const scratch = makeBundle(t);
  const image = join(scratch, "web.tar.gz");
  const built = JSON.parse((await run(build, [join(scratch, "bundle"), "-o", image, "--json"])).stdout);
  assert.equal(built.name, "web");
  assert.match(built.id, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(built.totals, { files: 1, bytes: 8 });
  const verified = await run(verify, [image]);
  assert.equal(verified.status, 0);
  assert.equal(verified.stdout, `${image}: ok, 1 files, 8 B\n${built.id}\n`);
  const inspected = JSON.parse((await run(inspect, [image, "--json"])).stdout);
  assert.equal(inspected.id, built.id);
  assert.deepEqual([inspected.files[2].path, inspected.files[2].mode], ["rootfs/motd", "0644"]);
  const page = (await run(inspect, [image])).stdout;
  assert.match(page, /^Name {11}web\n/);
  assert.match(page, /\n8 B +\/motd\n/);
});

test("the date of an image is SOURCE_DATE_EPOCH", async (t) => {
  const scratch = makeBundle(t);
  const argv = [join(scratch, "bundle"), "-o", join(scratch, "web.tar"), "--json"];
  const built = JSON.parse((await run(build, argv, { SOURCE_DATE_EPOCH: "86400" })).stdout);
  assert.equal(built.created, "1970-01-02T00:00:00Z");
});

test("a SOURCE_DATE_EPOCH that is no time is an error", () => {
  assert.equal(sourceDate(undefined), 0);
  assert.equal(sourceDate("2147483647"), 2147483647);
  for (const text of ["now", "-1", "1e3", "2147483648", "1.5"]) {
    assert.throws(() => sourceDate(text), { status: 64, message: /SOURCE_DATE_EPOCH/ }, text);
  }
});

test("missing and surplus arguments are usage errors", async () => {
  for (const argv of [[], ["a"], ["a", "b", "-o", "c.tar"]]) {
    await assert.rejects(run(build, argv), { status: 64 }, argv.join(" "));
  }
  for (const argv of [[], ["a", "b"]]) await assert.rejects(run(inspect, argv), { status: 64 });
});

test("a name that the output cannot give must be said", async (t) => {
  const scratch = makeBundle(t);
  const argv = [join(scratch, "bundle"), "-o", join(scratch, "my image.tar")];
  await assert.rejects(run(build, argv), { status: 64, hint: "say --name NAME" });
  assert.equal((await run(build, [...argv, "--name", "mine"])).status, 0);
});

test("a stranger's names cannot drive the terminal", async () => {
  const evil = "rootfs/\u001b[2Jx";
  const members = membersOf(manifestOf([directory("rootfs"), file(evil, "x")]), {
    [evil]: "x",
    "config.json": CONFIG,
  });
  await withFile(await tarball(members), async (path) => {
    const { stdout } = await run(inspect, [path]);
    assert.ok(stdout.includes("/?[2Jx"));
    assert.ok(!stdout.includes("\u001b"));
  });
});

/** A directory with the images web.tar, web.tar.gz and db.tar, and what is none. */
async function makeImages(t: TestContext): Promise<{ images: string; ids: Record<string, string> }> {
  const scratch = makeBundle(t);
  const images = join(scratch, "images");
  mkdirSync(images);
  const ids: Record<string, string> = {};
  for (const name of ["web.tar", "db.tar", "web.tar.gz"]) {
    if (name === "web.tar.gz") writeFileSync(join(scratch, "bundle", "rootfs", "motd"), "bye\n");
    const argv = [join(scratch, "bundle"), "-o", join(images, name), "--json"];
    ids[name] = JSON.parse((await run(build, argv)).stdout).id;
  }
  writeFileSync(join(images, "notes.txt"), "x");
  writeFileSync(join(images, "other.tar"), "x".repeat(1024));
  mkdirSync(join(images, "dir.tar"));
  return { images, ids };
}

test("the page of a traced image tells its origin, and bad provenance is refused", async () => {
  const page = async (provenance: unknown) => {
    const manifest = manifestOf([directory("rootfs")], undefined, { provenance });
    return withFile(await tarball(membersOf(manifest)), (path) => run(inspect, [path]));
  };
  const { stdout } = await page(PROVENANCE);
  assert.match(
    stdout,
    /\nTraced {9}\/bin\/hello 'a b'\nTraced on {6}Debian GNU\/Linux 12 \(bookworm\)\nPackages {7}3\n/,
  );
  assert.match(stdout, /\nlibc6 {2,}2\.36-9 {2,}amd64\n/);
  const message = /image\.tar: vz\.json: provenance: not an object$/;
  await assert.rejects(page("Debian"), { status: 65, message });
});

test("images of a directory are listed by file, and what is none is passed over", async (t) => {
  const { images, ids } = await makeImages(t);
  const { stdout, status } = await run(list, [images]);
  assert.equal(status, 0);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows[0], ["NAME", "ID", "ARCH", "KERNEL", "FILES", "SIZE", "CREATED", "FILE"]);
  assert.deepEqual(
    rows.slice(1).map((row) => row.at(-1)),
    ["db.tar", "web.tar", "web.tar.gz"].map((name) => join(images, name)),
  );
  assert.deepEqual(rows[1]?.slice(0, 7), ["db", ids["db.tar"]?.slice(7, 19), "any", "any", "1", "8 B", "-"]);
  const plain = JSON.parse((await run(list, [join(images, "web.tar"), "--json"])).stdout);
  assert.deepEqual(
    plain.map((one: { id: string; name: string }) => [one.id, one.name]),
    [[ids["web.tar"], "web"]],
  );
});

test("a file that is named and is no image is an error", async (t) => {
  const { images } = await makeImages(t);
  await assert.rejects(run(list, [join(images, "notes.txt")]), {
    status: 65,
    message: /notes\.txt: not an image of vz$/,
  });
  await assert.rejects(run(list, [join(images, "gone")]), {
    status: 1,
    message: /gone: no such file or directory$/,
  });
});

test("images are removed by file, name and id, and nothing else is", async (t) => {
  const { images, ids } = await makeImages(t);
  const digits = ids["web.tar"]?.slice(7, 13) ?? "";
  const dry = await run(rm, ["db", digits, "--dir", images, "--dry-run"]);
  assert.match(dry.stdout, /db\.tar: would be removed, db sha256:.*\n.*web\.tar: would be removed, web /);
  assert.equal(readdirSync(images).length, 6);
  const { stdout, status } = await run(rm, ["db", "db.tar", `sha256:${digits}`, "--dir", images]);
  assert.equal(status, 0);
  assert.match(
    stdout,
    /^.*\/db\.tar: removed, db sha256:[0-9a-f]{64}\n.*\/web\.tar: removed, web sha256:[0-9a-f]{64}\n$/,
  );
  await run(rm, [join(images, "web.tar.gz")]);
  assert.deepEqual(readdirSync(images).sort(), ["dir.tar", "notes.txt", "other.tar"]);
});

test("one word that names no image, several, or something else leaves all images where they are", async (t) => {
  const { images, ids } = await makeImages(t);
  symlinkSync("db.tar", join(images, "link.tar"));
  const cases: [string, number, RegExp][] = [
    ["web", 64, /^web: may be any of .*\/web\.tar, .*\/web\.tar\.gz$/],
    ["nobody", 1, /^nobody: no image of this name or id in /],
    [ids["web.tar"]?.slice(7, 12) ?? "", 1, /: no image of this name or id in /],
    ["gone.tar", 1, /gone\.tar: no such file or directory$/],
    ["other.tar", 65, /other\.tar: not an image of vz$/],
    [join(images, "notes.txt"), 65, /notes\.txt: not an image of vz$/],
    ["dir.tar", 65, /dir\.tar: not a regular file$/],
    ["link.tar", 65, /link\.tar: not a regular file$/],
  ];
  for (const [word, status, message] of cases) {
    await assert.rejects(run(rm, ["db.tar", word, "--dir", images]), { status, message }, word);
  }
  await assert.rejects(run(rm, []), { status: 64 });
  assert.equal(readdirSync(images).length, 7);
  assert.equal((await run(rm, ["-f", "nobody", "gone.tar", "--dir", images])).status, 0);
  await assert.rejects(run(rm, ["-f", "other.tar", "--dir", images]), { status: 65 });
  await run(rm, ["-f", "nobody", "db", "--dir", images]);
  assert.ok(!readdirSync(images).includes("db.tar"));
});

test("diff ends with 0 for the same image and 2 for another, and tells what is another", async (t) => {
  const { images, ids } = await makeImages(t);
  const [web, next] = [join(images, "web.tar"), join(images, "web.tar.gz")];
  const same = await run(diff, [web, web]);
  assert.equal(same.status, 0);
  assert.match(same.stdout, /\n\nthe same image\n$/);
  const { status, stdout } = await run(diff, [web, next]);
  assert.equal(status, 2);
  assert.match(
    stdout,
    /\n~ +\/motd +8 B +4 B +content\n\n0 added, 0 removed, 1 changed\nobjects of B that a slave with A lacks: 1, 4 B\n$/,
  );
  const plain = JSON.parse((await run(diff, [web, next, "--json"])).stdout);
  assert.deepEqual(plain.a, { file: web, id: ids["web.tar"] });
  assert.deepEqual(plain.send, { objects: 1, bytes: 4 });
  assert.deepEqual([plain.files[0].what, plain.files[0].a.size, plain.files[0].b.size], [["content"], 8, 4]);
  for (const argv of [[], ["a"], ["a", "b", "c"]]) await assert.rejects(run(diff, argv), { status: 64 });
});
