import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../../../src/image/commands/inspect.ts";
import {
  CONFIG,
  directory,
  file,
  manifestOf,
  membersOf,
  PROVENANCE,
  tarball,
  withFile,
} from "../../common/image/sample.ts";
import { run } from "../../support/image-commands.ts";

test("a stranger's names cannot drive the terminal", async () => {
  const evil = "rootfs/\u001b[2Jx";
  const members = membersOf(manifestOf([directory("rootfs"), file(evil, "x")]), {
    [evil]: "x",
    "config.json": CONFIG,
  });
  await withFile(await tarball(members), async (path) => {
    const { stdout } = await run(inspect, path);
    assert.ok(stdout.includes("/?[2Jx"));
    assert.ok(!stdout.includes("\u001b"));
  });
});

test("the page of a traced image tells its origin, and bad provenance is refused", async () => {
  const page = async (provenance: unknown) => {
    const manifest = manifestOf([directory("rootfs")], undefined, { provenance });
    return withFile(await tarball(membersOf(manifest)), (path) => run(inspect, path));
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
