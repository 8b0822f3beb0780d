import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { diff } from "../../../src/image/commands/diff.ts";
import { makeImages, run } from "../../support/image-commands.ts";

test("diff ends with 0 for the same image and 2 for another, and tells what is another", async (t) => {
  const { images, ids } = await makeImages(t);
  const [web, next] = [join(images, "web.tar"), join(images, "web.tar.gz")];
  const same = await run(diff, web, web);
  assert.equal(same.status, 0);
  assert.match(same.stdout, /\n\nthe same image\n$/);
  const { status, stdout } = await run(diff, web, next);
  assert.equal(status, 2);
  assert.match(
    stdout,
    /\n~ +\/motd +8 B +4 B +content\n\n0 added, 0 removed, 1 changed\nobjects of B that a slave with A lacks: 1, 4 B\n$/,
  );
  const plain = JSON.parse((await run(diff, web, next, "--json")).stdout);
  assert.deepEqual(plain.a, { file: web, id: ids["web.tar"] });
  assert.deepEqual(plain.send, { objects: 1, bytes: 4 });
  assert.deepEqual([plain.files[0].what, plain.files[0].a.size, plain.files[0].b.size], [["content"], 8, 4]);
  for (const argv of [[], ["a"], ["a", "b", "c"]]) await assert.rejects(run(diff, ...argv), { status: 64 });
});
