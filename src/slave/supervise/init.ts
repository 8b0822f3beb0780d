/** Has the machine's own init keep containers running. */
import { readFileSync, realpathSync } from "node:fs";
import { reason, Status, VzError } from "../../common/errors.ts";
import { replaceFile } from "../../common/files.ts";
import { readTextIfAny } from "../system/files.ts";
import { INIT_LOCK, withLock } from "../system/lock.ts";
import { detectInit } from "./init-kind.ts";
import { type InittabKind, supervised, withContainer, withoutContainer } from "./inittab.ts";

const INITTAB = "/etc/inittab";

/** @throws VzError 71 on a machine whose init reads no inittab */
export function requireInittab(): InittabKind {
  const { kind, executable } = detectInit();
  if (kind === "sysvinit" || kind === "busybox") return kind;
  const name = kind === "unknown" ? "no init that vz knows" : kind;
  throw new VzError(Status.osError, `PID 1 is ${name} (${executable}): it keeps no /etc/inittab`, {
    hint: "containers need sysvinit or busybox as init",
  });
}

/** Has init start container `name`, and again whenever it ends. `renew` as in inittab.ts. */
export async function keepRunning(name: string, renew: boolean): Promise<void> {
  const kind = requireInittab();
  await edit((text) => withContainer(text, kind, name, renew));
}

/** Has init leave container `name` alone. init also sends TERM to what it started for it. */
export async function letGo(name: string): Promise<void> {
  await edit((text) => withoutContainer(text, name));
}

/** Containers that init keeps running. */
export function keptRunning(): string[] {
  return supervised(readTextIfAny(INITTAB) ?? "");
}

/**
 * Has init read its table. sysvinit forgets a signal that comes while it is still at the one before, so whoever waits for
 * what init should do tells it again.
 */
export function tellInit(): void {
  process.kill(1, "SIGHUP");
}

async function edit(change: (text: string) => string): Promise<void> {
  await withLock(INIT_LOCK, () => {
    // A link is followed, so that it stays a link.
    const file = existing(INITTAB);
    const text = readFileSync(file, "latin1");
    const changed = change(text);
    if (changed !== text) replaceFile(file, Buffer.from(changed, "latin1"), "keep");
    // Also after no change: a call before this one may have been killed before it told init.
    tellInit();
  });
}

function existing(file: string): string {
  try {
    return realpathSync(file);
  } catch (cause) {
    throw new VzError(Status.osError, `${file}: ${reason(cause)}`, {
      cause,
      hint: "init needs its own lines there before vz can add one",
    });
  }
}
