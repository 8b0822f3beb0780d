/** `process.rlimits` (setrlimit(2)) and `linux.personality` (personality(2)) of config.json. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { badConfig as bad, type OciLinux, type OciRlimit } from "../../../common/oci/oci.ts";
import { attempt, failed } from "../../system/failure.ts";
import { lookup } from "../../system/linux.ts";
import type { RlimitStep } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";

/** Names of the limits at their numbers, without "RLIMIT_". */
const RLIMITS: readonly string[] =
  "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME".split(
    " ",
  );

/** Above 2^53 a limit is no limit: 9 PB, or the 2^64-1 that Go writes for "unlimited". */
function limit(value: number): number {
  return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
}

/** @throws VzError 78 */
export function planRlimits(asked: readonly OciRlimit[]): RlimitStep[] {
  const seen = new Set<string>();
  return asked.map(({ type, soft, hard }, i) => {
    const at = `process.rlimits[${i}]`;
    const resource = type.startsWith("RLIMIT_") ? RLIMITS.indexOf(type.slice(7)) : -1;
    if (resource < 0) throw bad(at, `${JSON.stringify(type)} is no limit`);
    if (seen.has(type)) throw bad(at, `${type} is there twice`);
    if (soft > hard) throw bad(at, `the soft ${type} is above the hard one`);
    seen.add(type);
    return { name: type, resource, soft: limit(soft), hard: limit(hard) };
  });
}

/** Sets the limits of this process; one that is above what this machine grants falls short. */
export function setRlimits(limits: readonly RlimitStep[], short: Shortfalls): void {
  for (const { name, resource, soft, hard } of limits) {
    try {
      sys.setrlimit(resource, soft, hard);
    } catch (error) {
      if (!hasCode(error, "EPERM", "EINVAL")) throw failed(`process.rlimits ${name}`, error);
      short.add(`process.rlimits ${name}`, reason(error));
    }
  }
}

const PERSONALITIES: Readonly<Record<string, number>> = { LINUX: 0, LINUX32: 8 };

/** @returns the number of the personality @throws VzError 78 */
export function planPersonality({ domain, flags }: NonNullable<OciLinux["personality"]>): number {
  if (flags?.length) throw bad("linux.personality.flags", "the specification defines none");
  const persona = lookup(PERSONALITIES, domain);
  if (persona === undefined) throw bad("linux.personality.domain", `no such domain: ${domain}`);
  return persona;
}

export function setPersonality(persona: number): void {
  attempt("linux.personality", () => sys.personality(persona));
}
