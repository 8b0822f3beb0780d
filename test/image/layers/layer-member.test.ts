/** Tar archives as GNU tar and Go write them, and as nobody should. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Member, readStretch, tarMembers } from "../../../src/image/layers/layer-member.ts";
import { parsePax } from "../../../src/image/layers/layer-pax.ts";
import { memberHeader } from "../../../src/image/layers/layer-write.ts";
import { file, member, symlink, tar } from "../../support/tar-sample.ts";

function read(bytes: Uint8Array): (Member & { body: string })[] {
  const scratch = mkdtempSync(join(tmpdir(), "vz-tar-"));
  writeFileSync(join(scratch, "tar"), bytes);
  const fd = openSync(join(scratch, "tar"), "r");
  try {
    const members = [...tarMembers({ fd, offset: 0, size: bytes.length }, "TAR")];
    return members.map((one) => ({ ...one, body: Buffer.from(readStretch(one.content)).toString() }));
  } finally {
    closeSync(fd);
    rmSync(scratch, { recursive: true });
  }
}

const refuses = (bytes: Uint8Array, message: RegExp) =>
  assert.throws(() => read(bytes), { name: "VzError", status: 65, message });

for (const format of ["gnu", "pax", "ustar", "v7"]) {
  test(`what tar --format=${format} writes is read`, () => {
    const scratch = mkdtempSync(join(tmpdir(), "vz-tar-format-"));
    const long = format === "v7" ? "short" : `${"d".repeat(60)}/${"f".repeat(60)}`;
    mkdirSync(join(scratch, "in", long, ".."), { recursive: true });
    writeFileSync(join(scratch, "in", long), "body", { mode: 0o640 });
    symlinkSync("t".repeat(format === "gnu" || format === "pax" ? 150 : 90), join(scratch, "in/link"));
    const words = [
      `--format=${format}`,
      "--numeric-owner",
      "--owner=7",
      "--group=8",
      "--sort=name",
      "-C",
      "in",
      "-cf",
      "out",
      ".",
    ];
    execFileSync("tar", words, { cwd: scratch });
    const members = read(readFileSync(join(scratch, "out")));
    const found = members.find(({ body }) => body === "body");
    assert.deepEqual(
      [found?.name, found?.type, found?.mode, found?.uid, found?.gid],
      [`./${long}`, "file", 0o640, 7, 8],
    );
    assert.match(members.find(({ type }) => type === "symlink")?.linkname ?? "", /^t{90,150}$/);
    assert.equal(members[0]?.type, "directory");
    rmSync(scratch, { recursive: true });
  });
}

test("names of any bytes, long names and targets, high owners come back as they were written", () => {
  const name = `${"n".repeat(99)}/latin1-\udce9-ü-😀`;
  const entries = [
    member(
      { path: name, type: "file", mode: 0o4711, uid: 4_000_000_000, gid: 9_000_000, size: 1, sha256: "" },
      "x",
    ),
    symlink("short\udcff", `${"t".repeat(200)}\udc80`),
    member({ path: "dev", type: "block", mode: 0, uid: 0, gid: 0, major: 8, minor: 0xfffff }),
  ];
  const [one, two, three] = read(tar(...entries));
  assert.deepEqual([one?.name, one?.mode, one?.uid, one?.gid], [name, 0o4711, 4_000_000_000, 9_000_000]);
  assert.deepEqual([two?.name, two?.linkname], ["short\udcff", `${"t".repeat(200)}\udc80`]);
  assert.deepEqual([three?.type, three?.major, three?.minor], ["block", 8, 0xfffff]);
});

test("GNU tar reads what is written", () => {
  const name = `${"n".repeat(120)}/file`;
  const listing = execFileSync("tar", ["-tf", "-"], {
    input: tar(file(name), symlink("l", "t".repeat(120))),
    encoding: "utf8",
  });
  assert.equal(listing, `${name}\nl\n`);
});

test("a header's fields are within an image's limits", () => {
  const patched = (offset: number, text: string) => {
    const bytes = Buffer.from(tar(file("name")));
    bytes.write(text, offset, "latin1");
    bytes.fill(0x20, 148, 156);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return bytes;
  };
  refuses(
    patched(124, "\x80\0\0\0\0\0\0\x02\x80\0\0\0"),
    /^TAR: claims 10\.0 GB, but ends too early, after its beginning$/,
  );
  refuses(patched(124, "\xff".repeat(12)), /a size that is no number/);
  refuses(patched(124, "0000000009\0"), /a size that is no number/);
  refuses(patched(108, "\xff".repeat(8)), /name: owner out of range$/);
  refuses(patched(156, "S"), /name: a sparse file in GNU tar's form cannot be read$/);
  refuses(patched(156, "V"), /name: a file of unknown type V$/);
  assert.equal(read(patched(124, `\x80${"\0".repeat(10)}\x01`))[0]?.body, "x");
});

test("damage is told with the place", () => {
  const bytes = tar(file("one"), file("two"));
  const wrong = Buffer.from(bytes);
  wrong[1024 + 5] = 0x41;
  refuses(wrong, /^TAR: is damaged after one$/);
  refuses(bytes.subarray(0, 1500), /^TAR: ends too early, after one$/);
  refuses(Buffer.from("#!/bin/sh\n".repeat(99)), /^TAR: not a tar archive$/);
  assert.equal(read(bytes.subarray(0, 2048)).length, 2);
  assert.equal(read(Buffer.concat([bytes, Buffer.from("rubbish")])).length, 2);
});

test("PAX records count their own length, and only whole ones are taken", () => {
  const bad = (why: string) => new Error(why);
  const parse = (text: string) => parsePax(Buffer.from(text, "latin1"), bad);
  assert.deepEqual(parse("12 path=a=b\n14 uid=123456\n"), { path: "a=b", uid: 123456 });
  assert.deepEqual(parse("8 path=\n".replace("8", "8")), {});
  assert.deepEqual(parse("22 GNU.sparse.major=1\n28 SCHILY.xattr.user.x=1234\n"), {
    isSparse: true,
    hasAttributes: true,
  });
  for (const text of ["99 path=a\n", "10 path=ab", "0 path=a\n", "path=a\n", "9 =abcde\n", "11 uid=-100\n"])
    assert.throws(() => parse(text), Error, text);
  assert.throws(() => parse("11 path=a\0\n"), /has a NUL/);
});

test("a PAX record whose length grows by its own digits is right", () => {
  for (let length = 80; length < 130; length++) {
    const name = `${"d".repeat(60)}/${"n".repeat(length)}`;
    const entry = { path: name, type: "directory", mode: 0o755, uid: 0, gid: 0 } as const;
    assert.equal(read(tar(memberHeader(entry, `${name}/`, 0)))[0]?.name, `${name}/`);
  }
});
