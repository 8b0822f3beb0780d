import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseProvenance, readProvenance } from "../../../src/image/build/provenance.ts";
import { PROVENANCE } from "../../common/image/sample.ts";

const { command, host, packages } = PROVENANCE;
const [one] = packages;

test("a provenance reads as it is, with an unknown host and without packages too", () => {
  assert.deepEqual(parseProvenance(PROVENANCE, "P"), PROVENANCE);
  const least = { command: [], host: null, packages: [] };
  assert.deepEqual(parseProvenance(least, "P"), least);
  // A rolling release has no VERSION_ID.
  const rolling = { ...least, host: { id: "arch", version: "", name: "Arch Linux" } };
  assert.deepEqual(parseProvenance(rolling, "P"), rolling);
});

test("packages come out sorted by name and architecture, keys in one order", () => {
  const shuffled = {
    packages: packages
      .toReversed()
      .map(({ name, version, architecture }) => ({ architecture, version, name })),
    command,
    host: { name: "Debian GNU/Linux 12 (bookworm)", version: "12", id: "debian" },
  };
  assert.equal(JSON.stringify(parseProvenance(shuffled, "P")), JSON.stringify(PROVENANCE));
});

test("anything else is refused by the name of its field", () => {
  const cases: [unknown, RegExp][] = [
    [null, /^P: not an object$/],
    [[], /^P: not an object$/],
    [{ command, host }, /^P: packages is missing$/],
    [{ ...PROVENANCE, time: 0 }, /^P: unknown key time$/],
    [{ ...PROVENANCE, command: "ls" }, /^P: command: not a list$/],
    [{ ...PROVENANCE, command: ["ls", 1] }, /^P: command\[1\]: not in its form$/],
    [{ ...PROVENANCE, command: ["a\0"] }, /^P: command\[0\]: not in its form$/],
    [{ ...PROVENANCE, host: "debian" }, /^P: host: not an object$/],
    [{ ...PROVENANCE, host: { ...host, hostname: "x" } }, /^P: host: unknown key hostname$/],
    [{ ...PROVENANCE, host: { ...host, name: "a\u001b[2J" } }, /^P: host\.name: not in its form$/],
    [{ ...PROVENANCE, host: { ...host, id: "\udc80" } }, /^P: host\.id: not in its form$/],
    [{ ...PROVENANCE, host: { ...host, name: "x".repeat(256) } }, /^P: host\.name: not in its form$/],
    [{ ...PROVENANCE, packages: {} }, /^P: packages: not a list$/],
    [{ ...PROVENANCE, packages: [{ ...one, size: 1 }] }, /^P: packages\[0\]: unknown key size$/],
    [{ ...PROVENANCE, packages: [{ ...one, name: "a b" }] }, /^P: packages\[0\]\.name: not in its form$/],
    [{ ...PROVENANCE, packages: [{ ...one, version: "" }] }, /^P: packages\[0\]\.version: not in its form$/],
    [{ ...PROVENANCE, packages: [one, one] }, /^P: packages: hello i386 comes twice$/],
    [{ ...PROVENANCE, packages: Array(10_001).fill(one) }, /^P: packages: more than 10000$/],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => parseProvenance(value, "P"), { status: 65, message }, String(message));
  }
});

test("the file beside config.json is optional, of bounded size, and JSON", (t) => {
  const bundle = mkdtempSync(join(tmpdir(), "vz-provenance-"));
  t.after(() => rmSync(bundle, { recursive: true, force: true }));
  const file = join(bundle, "provenance.json");
  assert.equal(readProvenance(bundle), undefined);
  writeFileSync(file, JSON.stringify(PROVENANCE));
  assert.deepEqual(readProvenance(bundle), PROVENANCE);
  for (const text of ["", "{", "[".repeat(2 ** 20)]) {
    writeFileSync(file, text);
    assert.throws(() => readProvenance(bundle), { status: 65, message: `${file}: not JSON` });
  }
  writeFileSync(file, " ".repeat(2 ** 20 + 1));
  assert.throws(() => readProvenance(bundle), { status: 65, message: `${file}: too large` });
  rmSync(file);
  mkdirSync(file);
  assert.throws(() => readProvenance(bundle), { status: 65, message: `${file}: not a regular file` });
});
