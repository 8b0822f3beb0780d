/** The lab's key and known hosts, by which its VPSes are reached. */
import { chownSync, existsSync, renameSync, rmSync } from "node:fs";
import { replaceFile } from "../common/files.ts";
import { knownHost } from "./disk.ts";
import { numbered } from "./host/groups.ts";
import { vpsAddress } from "./host/network.ts";
import { type LabSettings, labPaths } from "./host/state.ts";
import { tool } from "./host/tool.ts";

/** Makes the lab's key pair unless there is one. The private key is renamed last: where it exists, both are whole. */
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

/** Writes the lab's known_hosts. Every VPS must have its disk by now, with its host key. */
export function writeKnownHosts(settings: LabSettings): void {
  const { knownHosts } = labPaths(settings.name);
  const lines = numbered(settings.groups).map(([i]) => knownHost(settings, i, vpsAddress(settings.octet, i)));
  replaceFile(knownHosts, lines.join(""), 0o644);
  giveToCaller(knownHosts);
}

/** Gives a file to sudo's caller, who goes on to use it. */
export function giveToCaller(path: string): void {
  const [uid, gid] = [process.env["SUDO_UID"], process.env["SUDO_GID"]].map(Number);
  if (uid !== undefined && gid !== undefined && uid > 0 && gid >= 0) chownSync(path, uid, gid);
}
