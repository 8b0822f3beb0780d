/** What a lab may have left on this machine, as this machine itself lists it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "./lab.ts";

/** Everything on this machine that belongs to the lab of this name, as this machine itself lists it. */
export function traces(name: string, octet: string | undefined): string[] {
  const seen = readdirSync("/sys/class/net").filter((link) =>
    new RegExp(`^vzl(ab)?${octet}(-|$)`).test(link),
  );
  // Its /24 may be another lab's by now, which claims it before it makes links.
  const links = octet !== undefined && [undefined, name].includes(claimant(octet)) ? seen : [];
  const groups = spawnSync("find", ["/sys/fs/cgroup", "-name", `vz-lab@${name}*`], {
    encoding: "utf8",
  }).stdout;
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(`vz-lab/${name}`));
  const files = [`/run/vz-lab/${name}`, `/var/lib/vz-lab/${name}`].filter((path) => existsSync(path));
  return [
    ...links,
    ...groups.split("\n").filter(Boolean),
    ...mounts,
    ...files,
    ...claims(name),
    ...processes(name),
  ];
}

/** The lab that has claimed the /24 of this octet. */
function claimant(octet: string): string | undefined {
  try {
    return readlinkSync(`/run/vz-lab/.net/${octet}`);
  } catch {
    return undefined;
  }
}

export function claims(name: string): string[] {
  if (!existsSync("/run/vz-lab/.net")) return [];
  return readdirSync("/run/vz-lab/.net").filter((octet) => claimant(octet) === name);
}

/** Processes in a namespace of their own that a lab's runner has made, the runners, and the qemus. */
function processes(name: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`/vz-lab/${name}/`)) return true;
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      if (environment.includes(`VZ_LAB=${name}`)) return true;
      return readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(`vz-lab/${name}/`);
    } catch {
      return false;
    }
  });
}

export async function assertNothingLeft(lab: Lab, octet: string | undefined): Promise<void> {
  // The kernel clears away a dead network namespace a moment after its last process.
  for (let tries = 0; tries < 100 && traces(lab.name, octet).length > 0; tries++) await sleep(50);
  assert.deepEqual(traces(lab.name, octet), []);
}
