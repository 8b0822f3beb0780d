import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { exists } from "../../../src/slave/system/exists.ts";

const dir = mkdtempSync(join(tmpdir(), "vz-exists-"));
after(() => rmSync(dir, { recursive: true, force: true }));

test("a link that leads nowhere is there, what is below a file is not", () => {
  writeFileSync(join(dir, "file"), "");
  symlinkSync("nowhere", join(dir, "dangling"));
  const found = ["file", "dangling", "none", "file/none"].map((name) => exists(join(dir, name)));
  assert.deepEqual(found, [true, true, false, false]);
});
