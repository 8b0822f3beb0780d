/** The lab's key and known hosts, by which its VPSes are reached. */
import { chownSync, existsSync, renameSync, rmSync } from "node:fs";
import { replaceFile } from "../common/files.ts";
import { knownHost } from "./disk.ts";
import { numbered } from "./host/groups.ts";
import { vpsAddress } from "./host/network.ts";
import { type LabSettings, labPaths } from "./host/state.ts";
import { tool } from "./host/tool.ts";

/** The private key is there once it is whole: the public one gets its name before. */
export function ensureKey(name: string): void {
  const { key } = labPaths(name);
  if (existsSync(key)) return;
  const part = `${key}.part`;
  for (const path of [part, `${part}.pub`]) rmSync(path, { force: true });
  tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `vz lab ${name}`, "-f", part]);
  giveToCaller(part);
  renameSync(`${part}.pub`, `${key}.pub`);
  renameSync(part, key);
}

/** Every VPS has its disk by then, and on it its host key. */
export function writeKnownHosts(settings: LabSettings): void {
  const { knownHosts } = labPaths(settings.name);
  const lines = numbered(settings.groups).map(([i]) => knownHost(settings, i, vpsAddress(settings.octet, i)));
  replaceFile(knownHosts, lines.join(""), 0o644);
  giveToCaller(knownHosts);
}

/** What sudo's caller goes on with is the caller's own. */
export function giveToCaller(path: string): void {
  const [uid, gid] = [process.env["SUDO_UID"], process.env["SUDO_GID"]].map(Number);
  if (uid !== undefined && gid !== undefined && uid > 0 && gid >= 0) chownSync(path, uid, gid);
}
