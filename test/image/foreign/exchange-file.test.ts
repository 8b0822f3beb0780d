import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openExchange } from "../../../src/image/foreign/exchange-file.ts";
import { Quota, Spool } from "../../../src/image/layers/layer-spool.ts";

const top = mkdtempSync(join(tmpdir(), "vz-exchange-"));
after(() => rmSync(top, { recursive: true, force: true }));

test("a directory gives its own files, and none that a name or a link leads to elsewhere", async () => {
  const dir = join(top, "image");
  mkdirSync(join(dir, "blobs"), { recursive: true });
  writeFileSync(join(dir, "blobs/one"), "inside");
  writeFileSync(join(top, "secret"), "outside");
  symlinkSync("..", join(dir, "out"));
  symlinkSync("one", join(dir, "blobs/link"));
  const spool = new Spool(join(top, "out.tar"));
  const exchange = await openExchange(dir, spool, new Quota(1000, "image"));
  try {
    assert.equal(exchange.find("blobs/one")?.size, 6);
    assert.equal(exchange.find("blobs/../blobs/one")?.size, 6);
    for (const name of ["blobs/none", "none/one", "blobs/one/more"])
      assert.equal(exchange.find(name), undefined, name);
    for (const name of ["../secret", "blobs/../../secret", "out/secret"])
      assert.throws(
        () => exchange.find(name),
        { status: 65, message: /: leads out of the directory$/ },
        name,
      );
    assert.throws(() => exchange.find("blobs/link"), { status: 65 });
  } finally {
    exchange.close();
    spool.close();
  }
});
