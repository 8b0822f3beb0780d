import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readElf } from "../../src/common/elf.ts";
import { parseMemory } from "../../src/slave/facts.ts";
import { exitingElf } from "../../src/slave/probe-elf.ts";

test("the smallest programs are what they should be to a reader of ELF", () => {
  for (const [bits, machine] of [
    [32, "i386"],
    [64, "amd64"],
  ] as const) {
    const elf = readElf(exitingElf(bits));
    assert.equal(elf?.class, bits);
    assert.equal(elf?.machine, machine);
    assert.equal(elf?.type, "executable");
    assert.equal(elf?.interpreter, null);
    assert.equal(elf?.abiFloor, null);
  }
});

/** Runs a program on this machine and gives how it ended. */
function statusOf(program: Uint8Array): number | null {
  const directory = mkdtempSync(join(tmpdir(), "vz-elf-"));
  try {
    const file = join(directory, "program");
    writeFileSync(file, program, { mode: 0o755 });
    return spawnSync(file).status;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("they end with status 0 where they can run", { skip: process.arch !== "x64" }, () => {
  assert.equal(statusOf(exitingElf(64)), 0);
});

test("memory is read in bytes, and estimated where the kernel does not tell what is available", () => {
  const old = "MemTotal:  1000 kB\nMemFree:  100 kB\nBuffers:  20 kB\nCached:  30 kB\nSwapCached:  9 kB\n";
  assert.deepEqual(parseMemory(old), { total: 1000 * 1024, available: 150 * 1024 });
  assert.deepEqual(parseMemory(`${old}MemAvailable:  400 kB\n`), {
    total: 1000 * 1024,
    available: 400 * 1024,
  });
});
