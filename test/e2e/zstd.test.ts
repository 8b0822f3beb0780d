/** Images packed with zstd, by the executable: what zstd(1) reads of ours, and what we read or refuse of its frames. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CONFIG } from "../common/image/sample.ts";
import { vzBinary } from "../support/machine.ts";

const scratch = mkdtempSync(join(tmpdir(), "vz-zstd-e2e-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const none = spawnSync("zstd", ["--version"]).error !== undefined;
const skip = none ? "needs zstd(1), which scripts/setup.sh installs" : false;

const at = (name: string) => join(scratch, name);
const read = (name: string) => readFileSync(at(name));

function vz(...args: string[]) {
  return spawnSync(vzBinary, args, { encoding: "utf8", cwd: scratch });
}

function ok(...args: string[]): string {
  const { status, stdout, stderr } = vz(...args);
  assert.equal(status, 0, `vz ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function zstd(input: Buffer, ...args: string[]): Buffer {
  return execFileSync("zstd", ["-q", "-c", ...args], { input, maxBuffer: 2 ** 26 });
}

/** Writes an image of these bytes, sees that it is refused in one line, and gives what follows its name there. */
function refused(bytes: Uint8Array, ...words: string[]): string {
  writeFileSync(at("bad.tar.zst"), bytes);
  const run = vz(...(words.length > 0 ? words : ["image", "verify"]), "bad.tar.zst");
  assert.equal(run.status, 65, run.stderr);
  const [line = "", hint = "hint: ", ...more] = run.stderr.trimEnd().split("\n");
  assert.ok(
    line.startsWith("vz: bad.tar.zst: ") && hint.startsWith("hint: ") && more.length === 0,
    run.stderr,
  );
  return line.slice("vz: bad.tar.zst: ".length);
}

/** A frame that zstd passes over (RFC 8878, 3.1.2). */
const SKIPPED = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

before(() => {
  mkdirSync(at("b/rootfs"), { recursive: true });
  writeFileSync(at("b/config.json"), CONFIG);
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i} ${(i * 7919) % 10007} line\n`);
  writeFileSync(at("b/rootfs/text"), lines.join(""), { mode: 0o644 });
  for (const suffix of ["tar", "tar.gz", "tar.zst"]) ok("image", "build", "b", "-o", `b.${suffix}`);
});

test("zstd(1) finds one whole frame with a checksum, and in it the very tarball", { skip }, () => {
  execFileSync("zstd", ["-q", "-t", at("b.tar.zst")]);
  assert.ok(execFileSync("zstd", ["-dqc", at("b.tar.zst")], { maxBuffer: 2 ** 26 }).equals(read("b.tar")));
  const listed = execFileSync("zstd", ["-lv", at("b.tar.zst")], { encoding: "utf8" });
  assert.match(listed, /Zstandard Frames: 1\n/);
  assert.match(listed, /Check: XXH64/);
  assert.match(listed, /Window Size: 4\.00 MiB/);
});

test("an image has the same id however it is packed, the same bytes each time, and fewer with zstd", () => {
  const ids = ["tar", "tar.gz", "tar.zst"].map(
    (suffix) => ok("image", "verify", `b.${suffix}`).split("\n")[1],
  );
  assert.equal(new Set(ids).size, 1);
  ok("image", "build", "b", "-o", "again.tar.zst", "--name", "b");
  assert.ok(read("again.tar.zst").equals(read("b.tar.zst")));
  assert.ok(read("b.tar.zst").length < read("b.tar.gz").length);
});

test("a slave's store takes it", () => {
  const { added } = JSON.parse(ok("load-image", "--root", at("store"), "b.tar.zst"));
  assert.equal(added, true);
});

test("what zstd(1) packs is read: any level, a larger window, many frames, skippable ones", { skip }, () => {
  const tar = read("b.tar");
  const half = Math.floor(tar.length / 2);
  const frames = [tar.subarray(0, half), tar.subarray(half)].map((part) => zstd(part, "-1"));
  const cases = {
    best: zstd(tar, "-19"),
    fast: zstd(tar, "--fast=5", "--no-check"),
    window: zstd(tar, "-3", "--long=23"),
    frames: Buffer.concat([SKIPPED, ...frames, SKIPPED]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    writeFileSync(at(`${name}.tar.zst`), bytes);
    assert.match(ok("image", "verify", `${name}.tar.zst`), /: ok, 1 files/, name);
  }
});

test("a frame that wants more than 8 MB of memory is refused, on a slave too", { skip }, () => {
  const wide = zstd(read("b.tar"), "-3", "--long=27");
  const line = "more than 8.0 MB of memory would be needed to unpack it";
  assert.equal(refused(wide), line);
  assert.equal(refused(wide, "load-image", "--root", at("wide-store")), line);
});

test("damaged, cut and padded frames are refused with 65 and one line", () => {
  const whole = read("b.tar.zst");
  for (const length of [4, 7, 1000, whole.length - 1]) {
    assert.equal(refused(whole.subarray(0, length)), "the compressed data ends too early", String(length));
  }
  const spoilt = Buffer.from(whole);
  spoilt[whole.length - 1] = (spoilt[whole.length - 1] ?? 0) ^ 1;
  assert.equal(refused(spoilt), "the compressed data is damaged", "the checksum");
  assert.equal(refused(Buffer.concat([whole, Buffer.from("rest")])), "the compressed data is damaged");
  for (let at = 8; at < whole.length; at += Math.ceil(whole.length / 40)) {
    const bad = Buffer.from(whole);
    bad[at] = (bad[at] ?? 0) ^ 0x55;
    refused(bad);
  }
});

test("a bomb ends early and in little memory", { skip }, () => {
  const zeros = zstd(Buffer.alloc(2 ** 24), "-1");
  const bomb = Buffer.concat([read("b.tar.zst"), ...Array<Buffer>(400).fill(zeros)]);
  writeFileSync(at("bomb.tar.zst"), bomb);
  const command = `ulimit -v 65536; exec "$0" image verify bomb.tar.zst`;
  const { status, stderr } = spawnSync("sh", ["-c", command, vzBinary], { cwd: scratch, encoding: "utf8" });
  assert.equal(status, 65, stderr);
  assert.match(stderr, /^vz: bomb\.tar\.zst: holds more data than its manifest lists\n$/);
});
