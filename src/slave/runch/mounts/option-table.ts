/** Options of mounts that few bundles have, and the words for propagation. */
import { badConfig } from "../../../common/oci/oci.ts";
import { lookup, MS } from "../../system/linux.ts";

/** Options that set flags, and those that clear them. */
export const RARE_SETS: Readonly<Record<string, number>> = {
  sync: MS.SYNCHRONOUS,
  dirsync: MS.DIRSYNC,
  remount: MS.REMOUNT,
  mand: MS.MANDLOCK,
  nodiratime: MS.NODIRATIME,
  lazytime: MS.LAZYTIME,
  iversion: MS.IVERSION,
  silent: MS.SILENT,
  nosymfollow: MS.NOSYMFOLLOW,
};
export const RARE_CLEARS: Readonly<Record<string, number>> = {
  async: MS.SYNCHRONOUS,
  nomand: MS.MANDLOCK,
  atime: MS.NOATIME,
  diratime: MS.NODIRATIME,
  norelatime: MS.RELATIME,
  nostrictatime: MS.STRICTATIME,
  nolazytime: MS.LAZYTIME,
  noiversion: MS.IVERSION,
  loud: MS.SILENT,
  symfollow: MS.NOSYMFOLLOW,
};
export const PROPAGATION: Readonly<Record<string, number>> = {
  private: MS.PRIVATE,
  rprivate: MS.PRIVATE | MS.REC,
  slave: MS.SLAVE,
  rslave: MS.SLAVE | MS.REC,
  shared: MS.SHARED,
  rshared: MS.SHARED | MS.REC,
  unbindable: MS.UNBINDABLE,
  runbindable: MS.UNBINDABLE | MS.REC,
};
/** More than flags or data: read by extras.ts, which is loaded when one is there. */
const EXTENDED =
  /^(r(ro|rw|(no)?(suid|dev|exec|atime|diratime|relatime|strictatime|symfollow))|r?idmap|tmpcopyup)(=.*)?$/;
/** Known to other runners: to pass them on as data would drop or misread them. */
const UNSUPPORTED = /^(copy-symlink|(src|dest)-nofollow)(=.*)?$/;

/** Flags of a word like "rslave"; undefined for another. */
export function propagationOf(word: string): number | undefined {
  return lookup(PROPAGATION, word);
}

/** What an option is: a flag to set or to clear, a propagation, more than mount(2) takes, or the filesystem's own. */
export type Meaning = readonly [kind: "set" | "clear" | "propagation", flags: number] | "extended" | "data";

/**
 * @param at the mount, for the message
 * @throws VzError 78 for an option that cannot be honoured
 */
export function meaningOf(option: string, at: string): Meaning {
  const set = lookup(RARE_SETS, option);
  if (set !== undefined) return ["set", set];
  const clear = lookup(RARE_CLEARS, option);
  if (clear !== undefined) return ["clear", clear];
  const spread = propagationOf(option);
  if (spread !== undefined) return ["propagation", spread];
  if (UNSUPPORTED.test(option)) throw badConfig(at, `option ${option}: runch does not have it`);
  return EXTENDED.test(option) ? "extended" : "data";
}
