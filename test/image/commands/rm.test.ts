import assert from "node:assert/strict";
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rm } from "../../../src/image/commands/rm.ts";
import { makeImages, run } from "../../support/image-commands.ts";

test("images are removed by file, name and id, and nothing else is", async (t) => {
  const { images, ids } = await makeImages(t);
  const digits = ids["web.tar"]?.slice(7, 13) ?? "";
  const dry = await run(rm, "db", digits, "--dir", images, "--dry-run");
  assert.match(dry.stdout, /db\.tar: would be removed, db sha256:.*\n.*web\.tar: would be removed, web /);
  assert.equal(readdirSync(images).length, 6);
  const { stdout, status } = await run(rm, "db", "db.tar", `sha256:${digits}`, "--dir", images);
  assert.equal(status, 0);
  assert.match(
    stdout,
    /^.*\/db\.tar: removed, db sha256:[0-9a-f]{64}\n.*\/web\.tar: removed, web sha256:[0-9a-f]{64}\n$/,
  );
  await run(rm, join(images, "web.tar.gz"));
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
    await assert.rejects(run(rm, "db.tar", word, "--dir", images), { status, message }, word);
  }
  await assert.rejects(run(rm), { status: 64 });
  assert.equal(readdirSync(images).length, 7);
  assert.equal((await run(rm, "-f", "nobody", "gone.tar", "--dir", images)).status, 0);
  await assert.rejects(run(rm, "-f", "other.tar", "--dir", images), { status: 65 });
  await run(rm, "-f", "nobody", "db", "--dir", images);
  assert.ok(!readdirSync(images).includes("db.tar"));
});
