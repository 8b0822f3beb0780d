/** Power cuts of a virtual machine of the lab in the midst of what the master has it do, and what must hold afterwards. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lab, type Result, run, until } from "./lab.ts";

/** Moments of an `apply` or a `stop`, each told by a condition of the slave's shell. */
export const MOMENTS = {
  push: '[ -n "$(ls /var/lib/vz/upload/incoming)" ]',
  load: '[ -n "$(ls /var/lib/vz/staging 2>/dev/null)" ]',
  start: "[ -d /var/lib/vz/containers/.next.web-1 ]",
  stop: "! grep -q 'containers/web-1' /etc/inittab",
} as const;

export type Moment = keyof typeof MOMENTS;

/** Milliseconds: an emulated machine on a busy host takes its time. */
const PATIENCE = 180_000;
const PORT = 8080;

/** Writes fleet.yaml anew: the lab's hosts, and one replica of `web` on each, of this image. */
export function writeFleet(lab: Lab, image: string): void {
  const head = readFileSync(lab.fleetFile, "utf8").replace(/^services:[\s\S]*$/m, "");
  const hosts = [...head.matchAll(/^ {2}(vps\d+):/gm)].map((match) => match[1]);
  const service = `  web: {image: ${image}, hosts: [${hosts.join(", ")}], health: {tcp: ${PORT}}}`;
  writeFileSync(lab.fleetFile, `${head}services:\n${service}\n`);
}

/** A command of the master; it may take as long as an emulated machine needs. */
export function master(lab: Lab, ...words: string[]): Promise<Result> {
  return lab.vzWith({ timeout: 600_000 }, "master", ...words);
}

/** What the service on VPS `i` serves. */
export async function page(lab: Lab, i: number): Promise<string> {
  const url = `http://${lab.address(i)}:${PORT}/index.html`;
  const { stdout } = await run("curl", ["-sf", "--max-time", "5", url], { timeout: 10_000 });
  return stdout;
}

/** Waits until VPS `i` serves one of these. */
export function serves(lab: Lab, i: number, ...texts: readonly string[]): Promise<string> {
  return until(`vps${i} serves ${JSON.stringify(texts)}`, PATIENCE, async () => {
    const text = await page(lab, i);
    return texts.includes(text) ? text : undefined;
  });
}

/**
 * Cuts the power of vps1 once `moment` has come in the midst of `words`, `delay` milliseconds later, and boots it again.
 * @returns how the command ended
 */
export async function cutDuring(
  lab: Lab,
  moment: Moment,
  delay: number,
  words: readonly string[],
): Promise<Result> {
  const watched = lab.ssh(1, `until ${MOMENTS[moment]}; do sleep 0.02; done`, { timeout: PATIENCE });
  const command = master(lab, ...words);
  const seen = await watched;
  assert.equal(seen.status, 0, `${words.join(" ")} never came to ${moment}: ${seen.stderr}`);
  await sleep(delay);
  await lab.kill(1);
  const ended = await command;
  await lab.vzWith({ timeout: PATIENCE }, "lab", "boot", "1");
  await until("vps1 answers", PATIENCE, async () => (await lab.ssh(1, "true")).status === 0);
  return ended;
}

/** Names of objects in the store of VPS 1 whose content is not what they are named by; "" where all are. */
export function damagedObjects(lab: Lab): Promise<string> {
  const check =
    "cd /var/lib/vz/objects && for f in */*; do " +
    '[ -f "$f" ] || continue; case $f in */$(sha256sum < "$f" | cut -d " " -f 1)-*) ;; *) echo "$f" ;; esac; done';
  return lab.sshOk(1, check, { timeout: PATIENCE });
}

/** What must hold after a cut: the store is whole, and a version of the service comes up by itself. */
export async function assertRecovered(lab: Lab, ...versions: readonly string[]): Promise<void> {
  assert.equal(await damagedObjects(lab), "", "objects that are not what they are named by");
  await serves(lab, 1, ...versions);
}
