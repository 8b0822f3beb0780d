/** Control files of cgroups: one write(2) is one order, and what the kernel answers is put into words. */
import * as sys from "vz:sys";
import { hasCode, isSystemError, reason } from "../../../common/errors.ts";
import { readTextIfAny } from "../../system/files.ts";

const { O_WRONLY } = sys.constants;

/** @throws a system error; ENOENT where the kernel has no such file */
export function writeControl(path: string, text: string): void {
  const fd = sys.open(path, O_WRONLY);
  try {
    // an empty text is an order too ("no CPUs of its own"), but a write(2) of no bytes is none
    sys.writeAll(fd, text === "" ? "\n" : text);
  } finally {
    sys.close(fd);
  }
}

/** As readTextIfAny, trimmed; null also for a file that cannot be read in this kind of cgroup. */
export function readControl(path: string): string | null {
  try {
    return readTextIfAny(path)?.trim() ?? null;
  } catch (error) {
    // ENODEV: the cgroup is being removed. EOPNOTSUPP and ENOTSUPP (524): not for this cgroup
    if (hasCode(error, "ENODEV", "EOPNOTSUPP", "ENOTSUP", "E524", "EINVAL", "EIO")) return null;
    throw error;
  }
}

/** Why an order was not taken. */
export function refusal(error: unknown): string {
  if (!isSystemError(error)) return reason(error);
  switch (error.code) {
    case "EINVAL":
    case "ERANGE":
      return "the kernel does not take this value";
    case "ENOTSUP":
    case "EOPNOTSUPP":
    case "E524":
      return "this kernel no longer supports it";
    default:
      return reason(error);
  }
}

/** Words of a flat keyed file ("nr_throttled 3"), by key. */
export function keyed(text: string | null): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text?.split("\n") ?? []) {
    const space = line.indexOf(" ");
    if (space > 0) pairs.set(line.slice(0, space), line.slice(space + 1).trim());
  }
  return pairs;
}
