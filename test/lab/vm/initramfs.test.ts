import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { concat, cpio, DIRECTORY, FILE } from "../../../src/lab/vm/cpio.ts";
import { commonArchive, ownScript } from "../../../src/lab/vm/initramfs.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Headers and contents of a "newc" archive, read as buffer-format.rst says. */
function read(archive: Uint8Array): { name: string; mode: number; text: string }[] {
  const text = Buffer.from(archive).toString("latin1");
  const even = (at: number) => Math.ceil(at / 4) * 4;
  const found = [];
  for (let at = 0; at < text.length; ) {
    assert.equal(text.slice(at, at + 6), "070701");
    const field = (n: number) => Number.parseInt(text.slice(at + 6 + 8 * n, at + 14 + 8 * n), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const start = even(at + 110 + nameSize);
    found.push({
      name: text.slice(at + 110, at + 109 + nameSize),
      mode,
      text: text.slice(start, start + size),
    });
    at = even(start + size);
  }
  return found;
}

test("an archive holds its entries, whatever their lengths, and its end", () => {
  const entries = ["", "a", "ab", "abc", "abcd", "abcde"].map((text, at) => ({
    name: `dir/${"n".repeat(at + 1)}`,
    mode: FILE,
    bytes: bytes(text),
  }));
  const archive = cpio([{ name: "dir", mode: DIRECTORY, bytes: bytes("") }, ...entries]);
  const [first, ...others] = read(archive);
  assert.deepEqual(first, { name: "dir", mode: DIRECTORY, text: "" });
  assert.deepEqual(
    others.map(({ name, text }) => [name, text]),
    [...entries.map((entry) => [entry.name, Buffer.from(entry.bytes).toString()]), ["TRAILER!!!", ""]],
  );
});

test("a second archive may follow the first", () => {
  const one = cpio([{ name: "a", mode: FILE, bytes: bytes("x") }]);
  const names = read(concat(one, one)).map(({ name }) => name);
  assert.deepEqual(names, ["a", "TRAILER!!!", "a", "TRAILER!!!"]);
});

test("modules keep their order when a shell lists them", () => {
  const modules = Array.from({ length: 12 }, (_, at) => ({
    name: `${"zyxwvutsrqpo"[at]}.ko`,
    bytes: bytes(""),
  }));
  const names = read(commonArchive(bytes("busybox"), modules))
    .map(({ name }) => name)
    .filter((name) => name.startsWith("modules/"));
  assert.deepEqual(names.toSorted(), names);
  assert.equal(names.length, 12);
});

test("a machine's first program is a script that a shell can read", () => {
  const init = read(commonArchive(bytes(""), [])).find(({ name }) => name === "init");
  assert.equal((init?.mode ?? 0) & 0o777, 0o755);
  assert.equal(spawnSync("sh", ["-n"], { input: init?.text ?? "exit 1 )" }).status, 0);
});

test("a machine knows the host and the others but not itself, and has no default route", () => {
  const lines = ownScript(4, 2, 3).split("\n");
  const known = lines.flatMap((line) => /^arp -i eth0 -s (\S+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(known, ["10.213.4.1", "10.213.4.11", "10.213.4.13"]);
  assert.ok(lines.includes("ip addr add 10.213.4.12/24 dev eth0"));
  assert.ok(lines.includes("hostname vps2"));
  assert.ok(!lines.some((line) => line.includes("route")));
});
