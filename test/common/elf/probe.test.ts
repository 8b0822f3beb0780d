import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readElf } from "../../../src/common/elf/elf.ts";
import { EMULATED, NATIVE, PROBED, type Probed, probeElf } from "../../../src/common/elf/probe.ts";

/** Runs such a program, by `emulator` where one is given, and gives how it ended. */
function statusOf(architecture: Probed, ...emulator: string[]): number | null {
  const directory = mkdtempSync(join(tmpdir(), "vz-elf-"));
  try {
    const file = join(directory, "program");
    writeFileSync(file, probeElf(architecture), { mode: 0o755 });
    const [program = "", ...words] = [...emulator, file];
    return spawnSync(program, words).status;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** process.arch, Node's word, of a machine that certainly runs it. */
const OWN: Readonly<Record<Probed, string>> = { i386: "ia32", amd64: "x64", arm64: "arm64" };
const EMULATOR: Readonly<Record<Probed, string>> = {
  i386: "/usr/bin/qemu-i386-static",
  amd64: "/usr/bin/qemu-x86_64-static",
  arm64: "/usr/bin/qemu-aarch64-static",
};

for (const architecture of PROBED) {
  test(`the program for ${architecture} is a static one to a reader of ELF`, () => {
    const elf = readElf(probeElf(architecture));
    assert.equal(elf?.machine, architecture);
    assert.equal(elf?.class, architecture === "i386" ? 32 : 64);
    assert.equal(elf?.type, "executable");
    assert.equal(elf?.interpreter, null);
    assert.equal(elf?.abiFloor, null);
  });

  const foreign = process.arch !== OWN[architecture] && `this machine is ${process.arch}`;
  test(`the program for ${architecture} knows that a kernel runs it`, { skip: foreign }, () => {
    assert.equal(statusOf(architecture), NATIVE);
  });

  const emulator = EMULATOR[architecture];
  const absent = !existsSync(emulator) && `${emulator} is not installed`;
  test(`the program for ${architecture} knows an emulator`, { skip: absent }, () => {
    assert.equal(statusOf(architecture, emulator), EMULATED);
  });
}
