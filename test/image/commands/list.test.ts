import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { list } from "../../../src/image/commands/list.ts";
import { makeImages, run } from "../../support/image-commands.ts";

test("images of a directory are listed by file, and what is none is passed over", async (t) => {
  const { images, ids } = await makeImages(t);
  const { stdout, status } = await run(list, images);
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
  const plain = JSON.parse((await run(list, join(images, "web.tar"), "--json")).stdout);
  assert.deepEqual(
    plain.map((one: { id: string; name: string }) => [one.id, one.name]),
    [[ids["web.tar"], "web"]],
  );
});

test("a file that is named and is no image is an error", async (t) => {
  const { images } = await makeImages(t);
  await assert.rejects(run(list, join(images, "notes.txt")), {
    status: 65,
    message: /notes\.txt: not an image of vz$/,
  });
  await assert.rejects(run(list, join(images, "gone")), {
    status: 1,
    message: /gone: no such file or directory$/,
  });
});
