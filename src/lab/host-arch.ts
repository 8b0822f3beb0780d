/** Architectures whose programs this machine's own kernel runs: what VPSes in namespaces can be made of. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { NATIVE, PROBED, type Probed, probeElf } from "../common/elf-probe.ts";
import type { Io } from "../common/io.ts";

/** By Debian's names. */
export type Arch = Probed;

export function isArch(word: string): word is Arch {
  return (PROBED as readonly string[]).includes(word);
}

/**
 * Those architectures, i386 first: it saves memory. Each is tried by a program of its own, since uname(2) tells what the kernel is and not
 * what it runs, and binfmt_misc runs what it does not. VZ_TEST_NO32 in the environment takes i386 away.
 */
export function nativeArchs(env: Io["env"]): Arch[] {
  const without32 = (env["VZ_TEST_NO32"] ?? "") !== "";
  const dir = mkdtempSync(`${tmpdir()}/vz-lab-`);
  try {
    return PROBED.filter((arch) => !(without32 && arch === "i386") && runs(`${dir}/${arch}`, arch));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function runs(path: string, arch: Arch): boolean {
  writeFileSync(path, probeElf(arch), { mode: 0o755 });
  return spawnSync(path, [], { stdio: "ignore" }).status === NATIVE;
}
