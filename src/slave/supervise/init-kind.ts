/** Which init is PID 1: it decides how containers are supervised. */
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { FactsAnswer } from "../../common/contract/protocol.ts";

export type InitKind = FactsAnswer["init"];

const BY_NAME: Readonly<Record<string, InitKind>> = {
  busybox: "busybox",
  systemd: "systemd",
  upstart: "upstart",
  "openrc-init": "openrc",
  runit: "runit",
  "runit-init": "runit",
  sysvinit: "sysvinit",
};

/** Strings that only one init's executable holds: variables that it sets for its children, or the prefix of its messages. */
const BY_CONTENT: readonly (readonly [mark: string, kind: InitKind])[] = [
  ["UPSTART_JOB", "upstart"],
  ["INIT_VERSION", "sysvinit"],
  ["runit: ", "runit"],
];

/**
 * @param executable where /proc/1/exe points
 * @param content gives the executable's bytes as Latin-1; asked for only when the name says nothing, as "init" does
 */
export function initKind(executable: string, content: () => string): InitKind {
  const name = basename(executable.replace(/ \(deleted\)$/, ""));
  const known = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  if (known !== undefined) return known;
  const bytes = content();
  return BY_CONTENT.find(([mark]) => bytes.includes(mark))?.[1] ?? "unknown";
}

/** What PID 1 of this machine is. */
export function detectInit(): { kind: InitKind; executable: string } {
  let executable: string;
  try {
    executable = readlinkSync("/proc/1/exe");
  } catch {
    return { kind: "unknown", executable: "unreadable /proc/1/exe" };
  }
  const content = () => {
    try {
      return readFileSync("/proc/1/exe", "latin1");
    } catch {
      return "";
    }
  };
  return { kind: initKind(executable, content), executable };
}
