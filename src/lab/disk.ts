/** What a VPS's disk holds beyond the shared root filesystem when it is handed over. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as sys from "vz:sys";
import { diskFiles } from "./disk/disk-files.ts";
import { groupOf } from "./host/groups.ts";
import { type LabSettings, labPaths, vpsPaths } from "./host/state.ts";
import { tool } from "./host/tool.ts";
import { makeImage } from "./vm/image.ts";
import { busyboxApplets, sysvOnly } from "./vps/inittab.ts";

const HOST_KEY = "/etc/ssh/ssh_host_ed25519_key";

/** Makes the disk of VPS `i` unless it has one. Whole or not at all. */
export function ensureDisk(settings: LabSettings, i: number): void {
  const { disk, mount } = vpsPaths(settings.name, i);
  const group = groupOf(settings.groups, i);
  if (existsSync(disk)) return;
  const part = `${disk}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(`${part}/work`, { recursive: true, mode: 0o700 });
  const upper = `${part}/upper`;
  mkdirSync(upper);
  const publicKey = readFileSync(`${labPaths(settings.name).key}.pub`, "utf8");
  for (const { path, mode, text } of diskFiles(i, group.init, publicKey)) {
    makeParents(upper, path);
    writeFileSync(upper + path, text, { mode });
  }
  makeParents(upper, HOST_KEY);
  tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `vps${i}`, "-f", upper + HOST_KEY]);
  if (group.init === "busybox") useBusybox(upper);
  if (group.kind === "vm") makeImage(group.base, upper, mount, `${part}/disk.img`);
  renameSync(part, disk);
}

/** Makes the directories above `path`, with their modes in the root filesystem: in an overlay the upper one's mode counts. */
function makeParents(upper: string, path: string): void {
  const parents = dirname(path).split("/").slice(1);
  parents.forEach((_, depth) => {
    const dir = `/${parents.slice(0, depth + 1).join("/")}`;
    mkdirSync(upper + dir, { recursive: true, mode: dir.startsWith("/root") ? 0o700 : 0o755 });
  });
}

function useBusybox(upper: string): void {
  makeParents(upper, "/usr/sbin/init");
  for (const name of busyboxApplets) symlinkSync("/bin/busybox", `${upper}/usr/sbin/${name}`);
  // A character device 0:0 is overlayfs's sign for a file that was removed.
  for (const name of sysvOnly) sys.mknod(`${upper}/usr/sbin/${name}`, sys.constants.S_IFCHR, 0, 0);
}

/** The line of known_hosts(5) for VPS `i`. */
export function knownHost(settings: LabSettings, i: number, address: string): string {
  const path = `${vpsPaths(settings.name, i).upper}${HOST_KEY}.pub`;
  const [type, key] = readFileSync(path, "utf8").split(" ");
  return `${address} ${type} ${key}\n`;
}
