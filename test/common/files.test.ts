import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { replaceFile, temporaryBeside } from "../../src/common/files.ts";

const dir = mkdtempSync(join(tmpdir(), "vz-files-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const mode = (file: string) => lstatSync(file).mode & 0o7777;

test("a file is replaced whole, with the mode that is asked for, and nothing stays beside it", () => {
  const file = join(dir, "a");
  const umask = process.umask(0o077);
  try {
    replaceFile(file, "one", 0o644);
    assert.deepEqual([readFileSync(file, "utf8"), mode(file)], ["one", 0o644]);
    replaceFile(file, Buffer.from("two"), 0o600);
    assert.deepEqual([readFileSync(file, "utf8"), mode(file)], ["two", 0o600]);
    chmodSync(file, 0o4750);
    replaceFile(file, "three", "keep");
    assert.deepEqual([readFileSync(file, "utf8"), mode(file)], ["three", 0o4750]);
    replaceFile(file, "four", "umask");
    assert.equal(mode(file), 0o600);
  } finally {
    process.umask(umask);
  }
  assert.deepEqual(readdirSync(dir), ["a"]);
  rmSync(file);
});

test("a link is replaced, what it leads to stays; a directory is not, and nothing stays beside it", () => {
  const [target, link, folder] = [join(dir, "target"), join(dir, "link"), join(dir, "folder")];
  writeFileSync(target, "kept");
  symlinkSync(target, link);
  replaceFile(link, "new", 0o644);
  assert.equal(readFileSync(target, "utf8"), "kept");
  assert.ok(lstatSync(link).isFile());
  mkdirSync(folder);
  assert.throws(() => replaceFile(folder, "x", 0o644), { code: "EISDIR" });
  assert.deepEqual(readdirSync(dir).sort(), ["folder", "link", "target"]);
});

test("a temporary name is beside its file, unlike any other, and short enough for a long one", () => {
  const long = join(dir, "€".repeat(85));
  const names = [temporaryBeside(long), temporaryBeside(long)];
  assert.notEqual(names[0], names[1]);
  for (const name of names) {
    assert.equal(join(name, ".."), dir);
    assert.ok(Buffer.byteLength(name.slice(dir.length + 1)) <= 255);
  }
});
