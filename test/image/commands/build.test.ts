import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build, sourceDate } from "../../../src/image/commands/build.ts";
import { inspect } from "../../../src/image/commands/inspect.ts";
import { verify } from "../../../src/image/commands/verify.ts";
import { makeBundle, run, runWith } from "../../support/image-commands.ts";

test("build, verify and inspect agree on the image", async (t) => {
  const scratch = makeBundle(t);
  const image = join(scratch, "web.tar.gz");
  const built = JSON.parse((await run(build, join(scratch, "bundle"), "-o", image, "--json")).stdout);
  assert.equal(built.name, "web");
  assert.match(built.id, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(built.totals, { files: 1, bytes: 8 });
  const verified = await run(verify, image);
  assert.equal(verified.status, 0);
  assert.equal(verified.stdout, `${image}: ok, 1 files, 8 B\n${built.id}\n`);
  const inspected = JSON.parse((await run(inspect, image, "--json")).stdout);
  assert.equal(inspected.id, built.id);
  assert.deepEqual([inspected.files[2].path, inspected.files[2].mode], ["rootfs/motd", "0644"]);
  const page = (await run(inspect, image)).stdout;
  assert.match(page, /^Name {11}web\n/);
  assert.match(page, /\n8 B +\/motd\n/);
});

test("the date of an image is SOURCE_DATE_EPOCH", async (t) => {
  const scratch = makeBundle(t);
  const argv = [join(scratch, "bundle"), "-o", join(scratch, "web.tar"), "--json"];
  const built = JSON.parse((await runWith({ SOURCE_DATE_EPOCH: "86400" }, build, ...argv)).stdout);
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
    await assert.rejects(run(build, ...argv), { status: 64 }, argv.join(" "));
  }
  for (const argv of [[], ["a", "b"]]) await assert.rejects(run(inspect, ...argv), { status: 64 });
});

test("a name that the output cannot give must be said", async (t) => {
  const scratch = makeBundle(t);
  const argv = [join(scratch, "bundle"), "-o", join(scratch, "my image.tar")];
  await assert.rejects(run(build, ...argv), { status: 64, hint: "say --name NAME" });
  assert.equal((await run(build, ...argv, "--name", "mine")).status, 0);
});
