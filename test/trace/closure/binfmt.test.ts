import assert from "node:assert/strict";
import { test } from "node:test";
import { BINFMT, binfmtInterpreters, isOf, parseFormat } from "../../../src/trace/closure/binfmt.ts";

const BY_NAME = "enabled\ninterpreter /opt/run\nflags: \nextension .exe\n";
const BY_BYTES = "enabled\ninterpreter /usr/bin/qemu-arm\nflags: OC\noffset 2\nmagic 0102ff\nmask ff0fff\n";

test("an entry is known by its ending or by its first bytes under a mask", () => {
  const name = parseFormat(BY_NAME);
  const bytes = parseFormat(BY_BYTES);
  assert.ok(name !== undefined && bytes !== undefined);
  assert.equal(isOf(name, "/a/b.exe", ""), true);
  assert.equal(isOf(name, "/a.exe/b", ""), false);
  assert.equal(isOf(bytes, "/x", "..\x01\xf2\xff."), true);
  assert.equal(isOf(bytes, "/x", "..\x01\xf3\xff."), false);
  assert.equal(isOf(bytes, "/x", "..\x01\x02"), false);
});

test("entries that are disabled, damaged or held open by the kernel count for nothing", () => {
  assert.equal(parseFormat(BY_NAME.replace("enabled", "disabled")), undefined);
  assert.equal(parseFormat(BY_NAME.replace("flags: ", "flags: OCF")), undefined);
  assert.equal(parseFormat("enabled\ninterpreter /x\nflags: \noffset 0\n"), undefined);
  assert.equal(parseFormat(BY_BYTES.replace("ff0fff", "ff")), undefined);
  assert.equal(parseFormat(""), undefined);
});

test("executed files are looked at only where there are entries", () => {
  const kernel = (entries: Record<string, string>) => ({
    list: () => ["register", "status", ...Object.keys(entries)],
    text: (path: string) => entries[path.slice(BINFMT.length + 1)] ?? null,
  });
  const heads: Record<string, string> = { "/a.exe": "MZ", "/b": "\x7fELF" };
  const headOf = (path: string) => heads[path] ?? assert.fail(path);
  assert.equal(binfmtInterpreters(["/unread"], kernel({}), headOf).size, 0);
  assert.deepEqual(
    [...binfmtInterpreters(["/a.exe", "/b"], kernel({ one: BY_NAME }), headOf)],
    [["/a.exe", "/opt/run"]],
  );
});
