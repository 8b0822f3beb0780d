/** Users by name, as passwd(5) and group(5) have them in the traced root. */

import { fromFs } from "../../common/byte-strings.ts";
import { Status, VzError } from "../../common/errors.ts";
import { eachLine } from "../names/lines.ts";

export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Without `gid`, in ascending order. */
  readonly additionalGids: readonly number[];
}

/**
 * `NAME`, `UID`, `NAME:GROUP` or `UID:GID`. Without a group: the user's own, and all groups that list the user.
 * @param root "" or the directory that stands for it
 * @throws VzError 64 for an unknown user or group
 */
export function findUser(text: string, root: string): User {
  const [who = "", group, ...rest] = text.split(":");
  const bad = (why: string, hint?: string) =>
    new VzError(Status.usage, `user ${JSON.stringify(text)}: ${why}`, hint === undefined ? {} : { hint });
  if (rest.length > 0 || who === "" || group === "") throw bad("neither USER nor USER:GROUP");
  const known = lineOf(`${root}/etc/passwd`, ([name, , uid]) => name === fromFs(who) || uid === who);
  const uid = idOf(who) ?? idOf(known?.[2]);
  if (uid === undefined) throw bad(`${root}/etc/passwd does not have it`);
  if (group !== undefined) {
    const line = lineOf(`${root}/etc/group`, ([name]) => name === fromFs(group));
    const gid = idOf(group) ?? idOf(line?.[2]);
    if (gid === undefined) throw bad(`${root}/etc/group does not have ${group}`);
    return { uid, gid, additionalGids: [] };
  }
  const gid = idOf(known?.[3]);
  if (known === undefined || gid === undefined)
    throw bad("/etc/passwd does not tell the group", `${who}:GID tells it`);
  return { uid, gid, additionalGids: groupsOf(known[0] ?? "", gid, root) };
}

function groupsOf(name: string, gid: number, root: string): number[] {
  const ids = new Set<number>();
  eachLine(`${root}/etc/group`, (line) => {
    const [, , id, members = ""] = line.split(":");
    const one = idOf(id);
    if (one !== undefined && one !== gid && members.split(",").includes(name)) ids.add(one);
  });
  return [...ids].sort((a, b) => a - b);
}

function lineOf(file: string, matches: (fields: string[]) => boolean): string[] | undefined {
  let found: string[] | undefined;
  eachLine(file, (line) => {
    const fields = line.split(":");
    if (found === undefined && fields.length > 2 && matches(fields)) found = fields;
  });
  return found;
}

/** The highest number means "leave it as it is" to the kernel. */
function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 0xffffffff
    ? Number(text)
    : undefined;
}
