/** Options of `mounts[]` in config.json: mount(8)'s filesystem-independent ones become flags, the rest is data. */
import { badConfig } from "../../common/oci.ts";
import { lookup, MS } from "./linux.ts";

/** Options that set flags, and those that clear them. */
const SETS: Readonly<Record<string, number>> = {
  bind: MS.BIND,
  rbind: MS.BIND | MS.REC,
  ro: MS.RDONLY,
  nosuid: MS.NOSUID,
  nodev: MS.NODEV,
  noexec: MS.NOEXEC,
  sync: MS.SYNCHRONOUS,
  dirsync: MS.DIRSYNC,
  remount: MS.REMOUNT,
  mand: MS.MANDLOCK,
  noatime: MS.NOATIME,
  nodiratime: MS.NODIRATIME,
  relatime: MS.RELATIME,
  strictatime: MS.STRICTATIME,
  lazytime: MS.LAZYTIME,
  iversion: MS.IVERSION,
  silent: MS.SILENT,
  nosymfollow: MS.NOSYMFOLLOW,
  defaults: 0,
};
const CLEARS: Readonly<Record<string, number>> = {
  rw: MS.RDONLY,
  suid: MS.NOSUID,
  dev: MS.NODEV,
  exec: MS.NOEXEC,
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
/** More than flags or data: read by mount-extras.ts, which is loaded when one is there. */
const EXTENDED =
  /^(r(ro|rw|(no)?(suid|dev|exec|atime|diratime|relatime|strictatime|symfollow))|r?idmap|tmpcopyup)(=.*)?$/;
/** Known to other runners: to pass them on as data would drop or misread them. */
const UNSUPPORTED = /^(copy-symlink|(src|dest)-nofollow)(=.*)?$/;

export interface MountOptions {
  /** MS_* of mount(2). */
  readonly flags: number;
  /** MS_SHARED and its like, each for a call of its own. */
  readonly propagation: readonly number[];
  /** The filesystem's own options, parted by commas. */
  readonly data: string;
  /** Options as they are written that are neither. */
  readonly extended: readonly string[];
}

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
    const spread = lookup(PROPAGATION, option);
    if (set !== undefined) flags |= set;
    else if (clear !== undefined) flags &= ~clear;
    else if (spread !== undefined) propagation.push(spread);
    else if (EXTENDED.test(option)) extended.push(option);
    else if (UNSUPPORTED.test(option)) {
      throw badConfig(at, `option ${option}: runch does not have it`);
    } else if (option !== "") data.push(option);
  }
  if ((flags & MS.BIND) !== 0 && data.length > 0) {
    // the kernel ignores data of a bind mount without a word
    throw badConfig(at, `option ${data[0]}: of no meaning to a bind mount`);
  }
  return { flags, propagation, data: data.join(","), extended };
}

/** Names of all options that are honoured here, sorted; those of a filesystem are not among them. */
export function mountOptionNames(): string[] {
  return [SETS, CLEARS, PROPAGATION].flatMap(Object.keys).sort();
}
