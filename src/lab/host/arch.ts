/** Architectures whose programs this machine's own kernel runs: what VPSes in namespaces can be made of. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { NATIVE, PROBED, type Probed, probeElf } from "../../common/elf/probe.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";

/** By Debian's names. */
export type Arch = Probed;

export function isArch(word: string): word is Arch {
  return (PROBED as readonly string[]).includes(word);
}

/**
 * Those architectures, i386 first: it saves memory. Tries each with a tiny program: uname(2) tells only the kernel's own
 * architecture, and with binfmt_misc foreign programs run too. VZ_TEST_NO32=1 in the environment takes i386 away.
 * @param places directories to try them in, the next where one is mounted noexec
 * @throws VzError 71 where all places are mounted noexec
 */
export function nativeArchs(
  env: Io["env"],
  places: readonly string[] = [tmpdir(), "/var/tmp"],
): readonly Arch[] {
  const [place, ...others] = places;
  if (place === undefined) {
    throw new VzError(
      Status.osError,
      "vz lab: no program can be started in the directories for temporary files",
      {
        hint: "TMPDIR=DIR names one that is not mounted noexec",
      },
    );
  }
  const without32 = env["VZ_TEST_NO32"] === "1";
  const dir = mkdtempSync(`${place}/vz-lab-`);
  try {
    return PROBED.filter((arch) => !(without32 && arch === "i386") && runs(`${dir}/${arch}`, arch));
  } catch (error) {
    if (!hasCode(error, "EACCES")) throw error;
    return nativeArchs(env, others);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @throws EACCES where the directory is mounted noexec */
function runs(path: string, arch: Arch): boolean {
  writeFileSync(path, probeElf(arch), { mode: 0o755 });
  const { status, error } = spawnSync(path, [], { stdio: "ignore" });
  if (hasCode(error, "EACCES")) throw error;
  return status === NATIVE;
}
