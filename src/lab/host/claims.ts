/** Which lab has which third octet of 10.213.0.0/16, and so which bridge. */
import { mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { hasCode } from "../../common/errors.ts";
import { list, RUN, removeIfEmpty } from "./state.ts";

/** One symbolic link for each lab: its name is the octet, its target the lab. To make it is to claim the octet. */
const CLAIMS = `${RUN}/.net`;

/** Octets that labs have claimed, with the lab of each. */
export function claims(): Map<number, string> {
  const found = new Map<number, string>();
  for (const octet of list(CLAIMS)) {
    try {
      found.set(Number(octet), readlinkSync(`${CLAIMS}/${octet}`));
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
  return found;
}

/** Claims an octet for the lab `name`; false when another lab was faster. */
export function claim(octet: number, name: string): boolean {
  mkdirSync(CLAIMS, { recursive: true });
  try {
    symlinkSync(name, `${CLAIMS}/${octet}`);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST", "ENOENT")) return false;
    throw error;
  }
}

export function dropClaim(octet: number): void {
  rmSync(`${CLAIMS}/${octet}`, { force: true });
  removeIfEmpty(CLAIMS);
}
