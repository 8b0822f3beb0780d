/** Options of `mounts[]` in config.json: mount(8)'s filesystem-independent ones become flags, the rest is data. */
import { badConfig } from "../../../common/oci/oci.ts";
import { lookup, MS } from "../../system/linux.ts";
import type { MountOptions } from "../model.ts";
import defer * as rare from "./option-table.ts";

/** Options that set flags, and those that clear them. */
export const SETS: Readonly<Record<string, number>> = {
  bind: MS.BIND,
  rbind: MS.BIND | MS.REC,
  ro: MS.RDONLY,
  nosuid: MS.NOSUID,
  nodev: MS.NODEV,
  noexec: MS.NOEXEC,
  noatime: MS.NOATIME,
  relatime: MS.RELATIME,
  strictatime: MS.STRICTATIME,
  defaults: 0,
};
export const CLEARS: Readonly<Record<string, number>> = {
  rw: MS.RDONLY,
  suid: MS.NOSUID,
  dev: MS.NODEV,
  exec: MS.NOEXEC,
};
/** What tmpfs and devpts take. */
const USUAL_DATA = /^(mode|size|uid|gid|ptmxmode)=|^newinstance$/;

/**
 * @param at the mount, for the message: "mounts[2] (/data)"
 * @throws VzError 78 for an option that cannot be honoured
 */
export function parseMountOptions(options: readonly string[], at: string): MountOptions {
  let flags = 0;
  const propagation: number[] = [];
  const data: string[] = [];
  const extended: string[] = [];
  for (const option of options) {
    const set = lookup(SETS, option);
    const clear = lookup(CLEARS, option);
    if (set !== undefined) flags |= set;
    else if (clear !== undefined) flags &= ~clear;
    else if (USUAL_DATA.test(option)) data.push(option);
    else if (option !== "") {
      const meaning = rare.meaningOf(option, at);
      if (meaning === null) data.push(option);
      else if (meaning[0] === "set") flags |= meaning[1];
      else if (meaning[0] === "clear") flags &= ~meaning[1];
      else if (meaning[0] === "propagation") propagation.push(meaning[1]);
      else extended.push(option);
    }
  }
  if ((flags & MS.BIND) !== 0 && data.length > 0) {
    // the kernel ignores data of a bind mount without a word
    throw badConfig(at, `option ${data[0]}: of no meaning to a bind mount`);
  }
  return { flags, propagation, data: data.join(","), extended };
}
