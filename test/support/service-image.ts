/** Small images for end-to-end tests: the VPSes' own static busybox, doing this or that. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";

/**
 * Makes `lab.dir/images/NAME.tar.gz`, which runs `command`.
 * @param files more of its root filesystem, by path
 * @param from the VPS whose busybox it is
 * @returns its path, relative to lab.dir
 */
export async function makeImage(
  lab: Lab,
  name: string,
  command: readonly string[],
  files: Readonly<Record<string, Uint8Array>> = {},
  from = 1,
): Promise<string> {
  const bundle = join(lab.dir, "bundles", name);
  mkdirSync(join(bundle, "rootfs/bin"), { recursive: true });
  mkdirSync(join(bundle, "rootfs/www"), { recursive: true });
  mkdirSync(join(lab.dir, "images"), { recursive: true });
  const busybox = join(bundle, "rootfs/bin/busybox");
  writeFileSync(busybox, Buffer.from(await lab.sshOk(from, "base64 /bin/busybox"), "base64"));
  chmodSync(busybox, 0o755);
  writeFileSync(join(bundle, "rootfs/www/index.html"), `this is ${name}\n`);
  for (const [path, bytes] of Object.entries(files)) writeFileSync(join(bundle, "rootfs", path), bytes);
  const config = {
    ociVersion: "1.0.2",
    process: { user: { uid: 0, gid: 0 }, args: command, env: ["PATH=/bin"], cwd: "/" },
    root: { path: "rootfs", readonly: true },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  const file = `images/${name}.tar.gz`;
  const built = await lab.vz("image", "build", bundle, "-o", file);
  assert.equal(built.status, 0, built.stderr);
  return file;
}

/** A web server on a port, which logs what it is asked for. */
export function httpd(port: number): string[] {
  return ["/bin/busybox", "httpd", "-f", "-vv", "-p", String(port), "-h", "/www"];
}
