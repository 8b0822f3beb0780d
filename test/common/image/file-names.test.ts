import assert from "node:assert/strict";
import { test } from "node:test";
import {
  archiveName,
  compareNames,
  nameBytes,
  parentOf,
  whyBadPath,
} from "../../../src/common/image/file-names.ts";

test("names are ordered by their bytes, not by UTF-16 code units", () => {
  // U+FF5E is EF BD 9E, U+1F600 is F0 9F 98 80; as code units FF5E comes after D83D.
  assert.ok(compareNames("\uff5e", "\u{1f600}") < 0);
  assert.ok(compareNames("\u{1f600}", "\uff5e") > 0);
  assert.ok(compareNames("a", "a-b") < 0);
  // "-" is 2D, "/" is 2F: as `LC_ALL=C sort` has it.
  assert.ok(compareNames("a-b", "a/b") < 0);
  assert.equal(compareNames("a/é", "a/é"), 0);
});

test("names that differ in the second half of a surrogate pair are ordered by their bytes", () => {
  assert.ok(compareNames("x\u{1f600}", "x\u{1f601}") < 0);
  assert.ok(compareNames("x\u{1f601}y", "x\u{1f600}z") > 0);
});

test("a byte that is not UTF-8 stands at its own value in the order", () => {
  // \udc80 is the byte 80, below the C3 that é begins with; \udcff is the byte FF, above it.
  assert.ok(compareNames("\udc80", "é") < 0);
  assert.ok(compareNames("\udcff", "é") > 0);
  // Two ways to write the bytes C3 A9 are one name.
  assert.equal(compareNames("\udcc3\udca9", "é"), 0);
});

test("the bytes of a name are UTF-8, escaped ones themselves", () => {
  assert.deepEqual(
    nameBytes("aé€\u{1f600}\udc80"),
    [0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0x80],
  );
});

test("a name in the archive shows a byte that is not UTF-8, and leaves all else as it is", () => {
  assert.equal(archiveName("rootfs/caf\udce9"), "rootfs/caf\\xe9");
  assert.equal(archiveName("rootfs/caf\u00e9 \u{1f600}"), "rootfs/caf\u00e9 \u{1f600}");
});

test("a path that is not plainly below the bundle is bad", () => {
  assert.equal(whyBadPath("/etc/passwd"), "absolute name");
  assert.equal(whyBadPath("rootfs/../../etc"), 'name with ".."');
  assert.equal(whyBadPath(".."), 'name with ".."');
  for (const path of ["", "rootfs//x", "rootfs/./x", "rootfs/"]) {
    assert.equal(whyBadPath(path), "name with an empty part", path);
  }
  assert.equal(whyBadPath("rootfs/a\0b"), "has a NUL");
  assert.equal(whyBadPath("rootfs/\ud83d"), "not bytes of a name");
  assert.equal(whyBadPath(`rootfs/${"é".repeat(128)}`), "name too long");
  assert.equal(whyBadPath(`rootfs${"/abcdefg".repeat(512)}`), "too long");
  for (const path of ["rootfs/a..b", "rootfs/...", "rootfs/ \n", "rootfs/\udc80", `r/${"é".repeat(127)}`]) {
    assert.equal(whyBadPath(path), undefined, path);
  }
});

test("the parent of a path is what stands before its last slash", () => {
  assert.equal(parentOf("rootfs/a/b"), "rootfs/a");
  assert.equal(parentOf("rootfs"), "");
});
