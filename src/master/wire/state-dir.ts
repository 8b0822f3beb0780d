/** `.vz` beside the fleet file: the daily key, known hosts, what was last seen of each host. It keeps itself out of git. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { ContainerRow } from "../../common/contract/protocol.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { replaceFile } from "../../common/files.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { containerRow, readAnswer } from "./answers.ts";
import { missingProgram } from "./program.ts";
import { keygenCommand } from "./ssh.ts";

export function ensureStateDir(fleet: Fleet): void {
  mkdirSync(fleet.stateDir, { recursive: true, mode: 0o700 });
  const ignore = join(fleet.stateDir, ".gitignore");
  if (!existsSync(ignore)) replaceFile(ignore, "*\n", 0o644);
}

/** Makes the daily key unless it is there. @returns whether it was made */
export function ensureDailyKey(fleet: Fleet): boolean {
  if (fleet.dailyKey === fleet.rootKey) {
    throw new VzError(Status.badConfig, "ssh.daily_key: is the root key", {
      hint: "the daily key is restricted on every slave: it must be one of its own",
    });
  }
  if (existsSync(fleet.dailyKey) && existsSync(`${fleet.dailyKey}.pub`)) return false;
  if (existsSync(fleet.dailyKey)) {
    throw new VzError(Status.badConfig, `${fleet.dailyKey}.pub: no such file`, {
      hint: `ssh-keygen -y -f ${fleet.dailyKey} > ${fleet.dailyKey}.pub makes it`,
    });
  }
  const making = `${fleet.dailyKey}.${process.pid}.new`;
  const [program = "", ...args] = keygenCommand(making, `vz-daily-${fleet.name}`);
  const made = spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (made.error !== undefined) throw missingProgram(program, made.error);
  if (made.status !== 0) {
    rmSync(making, { force: true });
    throw new VzError(Status.failed, `${fleet.dailyKey}: ${String(made.stderr).trim().split("\n")[0]}`);
  }
  // The private key last: with it there, the pair is complete.
  renameSync(`${making}.pub`, `${fleet.dailyKey}.pub`);
  renameSync(making, fleet.dailyKey);
  return true;
}

/** Checks that a key exists, before a host is asked with it. @throws VzError 78 */
export function requireKey(file: string, hint: string): void {
  if (!existsSync(file)) throw new VzError(Status.badConfig, `${file}: no such key`, { hint });
}

export function requireDailyKey(fleet: Fleet): void {
  requireKey(fleet.dailyKey, "vz master deploy makes it and gives it to the slaves");
}

const lastSeen = v.record(v.string(), v.array(containerRow));

/** This fleet's containers by host, as they were last seen. */
export type LastSeen = ReadonlyMap<string, readonly ContainerRow[]>;

/** Empty where nothing was seen yet. A damaged file counts as none: it only remembers. */
export function readLastSeen(fleet: Fleet): LastSeen {
  try {
    const text = readFileSync(join(fleet.stateDir, "state.json"), "utf8");
    return new Map(Object.entries(readAnswer(lastSeen, text) ?? {}));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return new Map();
    throw error;
  }
}

/**
 * Remembers `seen`, and of the fleet's other hosts what was known before.
 * @returns what was known of hosts that the file no longer names, and is forgotten now
 */
export function writeLastSeen(fleet: Fleet, seen: LastSeen): LastSeen {
  ensureStateDir(fleet);
  const before = readLastSeen(fleet);
  const all = fleet.hosts.flatMap(({ name }) => {
    const rows = seen.get(name) ?? before.get(name);
    return rows === undefined ? [] : [[name, rows] as const];
  });
  replaceFile(
    join(fleet.stateDir, "state.json"),
    `${JSON.stringify(Object.fromEntries(all), null, 1)}\n`,
    0o600,
  );
  return new Map([...before].filter(([name]) => !fleet.hosts.some((host) => host.name === name)));
}
