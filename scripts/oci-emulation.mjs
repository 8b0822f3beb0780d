/** The suite of test/oci with runch for another architecture: runch alone is emulated, what it starts is this machine's own. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./build/base-target.mjs";

/** Whether this process runs the suite within what `emulate` made. */
export const isEmulated = process.env.OCI_EMULATED === "1";
/** Status of test/support/emulate.c where what it needs is missing. */
const UNAVAILABLE = 69;

function pathOf(program) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find(existsSync);
}

/** Minor numbers of the default devices. Nobody can make them in a user namespace: the tests' bundles hold hard links to these. */
const DEVICES = { null: 3, zero: 5, full: 7, random: 8, urandom: 9 };

function makeDevices(dir) {
  mkdirSync(dir);
  const make = (name, major, minor) =>
    spawnSync("mknod", ["-m", "666", join(dir, name), "c", major, minor]).status;
  const statuses = Object.entries(DEVICES).map(([name, minor]) => make(name, 1, minor));
  return [...statuses, make("tty", 5, 0)].every((status) => status === 0);
}

/**
 * Runs the suite in the profile chroot: what emulators lack are the namespaces that the others are about.
 * @param arch a row of architectures.tsv
 * @param words further arguments of oci-test.mjs
 * @returns {{ status?: number, reason?: string }} the run's exit status, or why there was none
 */
export function emulate(arch, words) {
  const emulator = pathOf(`${arch.emulator}-static`);
  if (emulator === undefined)
    return { reason: `${arch.emulator}-static is not installed (qemu-user-static)` };
  const dir = mkdtempSync(join(tmpdir(), "vz-emulate-"));
  try {
    const program = join(dir, "emulate");
    const source = join(root, "test/support/emulate.c");
    const flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-static", `-DEMULATOR="${emulator}"`];
    const built = spawnSync("gcc", [...flags, "-o", program, source], { encoding: "utf8" });
    if (built.status !== 0) return { reason: `emulate.c cannot be compiled: ${built.stderr}` };
    const devices = join(dir, "devices");
    if (!makeDevices(devices)) return { reason: `${dir}: no device nodes can be made there` };
    const start = [join(root, "dist", arch.file)];
    const tried = spawnSync(program, [...start, "true"], { encoding: "utf8" });
    if (tried.status === UNAVAILABLE) return { reason: tried.stderr.trim() };
    const suite = [process.execPath, fileURLToPath(new URL("oci-test.mjs", import.meta.url))];
    const options = ["--arch", arch.name, "--profile", "chroot", ...words];
    const env = { ...process.env, OCI_EMULATED: "1", OCI_DEVICES: devices };
    return {
      status: spawnSync(program, [...start, ...suite, ...options], { stdio: "inherit", env }).status ?? 1,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
