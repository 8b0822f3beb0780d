/** Options of mounts that few bundles have, each with what it is; the usual ones are in options.ts. */
import { badConfig } from "../../../common/oci/oci.ts";
import { lookup, MS } from "../../system/linux.ts";

/**
 * - set, clear: a flag of mount(2)
 * - propagation: a flag that takes a call of its own
 * - recursive: MOUNT_ATTR_* of mount_setattr(2) to set and to clear, for the mounts below as well
 * - extended: more than flags (extras.ts)
 */
export type Meaning =
  | readonly [kind: "set" | "clear" | "propagation", flags: number]
  | readonly [kind: "recursive", set: number, clear: number]
  | readonly [kind: "extended"];

/** MOUNT_ATTR_* of linux/mount.h. ATIME is a field of its own: relatime is 0 in it. */
const ATTR = {
  RDONLY: 0x01,
  NOSUID: 0x02,
  NODEV: 0x04,
  NOEXEC: 0x08,
  NOATIME: 0x10,
  STRICTATIME: 0x20,
  ATIME: 0x70,
  NODIRATIME: 0x80,
  NOSYMFOLLOW: 0x200000,
} as const;

export const RARE_OPTIONS: Readonly<Record<string, Meaning>> = {
  sync: ["set", MS.SYNCHRONOUS],
  async: ["clear", MS.SYNCHRONOUS],
  dirsync: ["set", MS.DIRSYNC],
  remount: ["set", MS.REMOUNT],
  mand: ["set", MS.MANDLOCK],
  nomand: ["clear", MS.MANDLOCK],
  atime: ["clear", MS.NOATIME],
  nodiratime: ["set", MS.NODIRATIME],
  diratime: ["clear", MS.NODIRATIME],
  norelatime: ["clear", MS.RELATIME],
  nostrictatime: ["clear", MS.STRICTATIME],
  lazytime: ["set", MS.LAZYTIME],
  nolazytime: ["clear", MS.LAZYTIME],
  iversion: ["set", MS.IVERSION],
  noiversion: ["clear", MS.IVERSION],
  silent: ["set", MS.SILENT],
  loud: ["clear", MS.SILENT],
  nosymfollow: ["set", MS.NOSYMFOLLOW],
  symfollow: ["clear", MS.NOSYMFOLLOW],
  private: ["propagation", MS.PRIVATE],
  rprivate: ["propagation", MS.PRIVATE | MS.REC],
  slave: ["propagation", MS.SLAVE],
  rslave: ["propagation", MS.SLAVE | MS.REC],
  shared: ["propagation", MS.SHARED],
  rshared: ["propagation", MS.SHARED | MS.REC],
  unbindable: ["propagation", MS.UNBINDABLE],
  runbindable: ["propagation", MS.UNBINDABLE | MS.REC],
  rro: ["recursive", ATTR.RDONLY, 0],
  rrw: ["recursive", 0, ATTR.RDONLY],
  rnosuid: ["recursive", ATTR.NOSUID, 0],
  rsuid: ["recursive", 0, ATTR.NOSUID],
  rnodev: ["recursive", ATTR.NODEV, 0],
  rdev: ["recursive", 0, ATTR.NODEV],
  rnoexec: ["recursive", ATTR.NOEXEC, 0],
  rexec: ["recursive", 0, ATTR.NOEXEC],
  rrelatime: ["recursive", 0, ATTR.ATIME],
  rnorelatime: ["recursive", ATTR.STRICTATIME, ATTR.ATIME],
  rnoatime: ["recursive", ATTR.NOATIME, ATTR.ATIME],
  ratime: ["recursive", 0, ATTR.ATIME],
  rstrictatime: ["recursive", ATTR.STRICTATIME, ATTR.ATIME],
  rnostrictatime: ["recursive", 0, ATTR.ATIME],
  rnodiratime: ["recursive", ATTR.NODIRATIME, 0],
  rdiratime: ["recursive", 0, ATTR.NODIRATIME],
  rnosymfollow: ["recursive", ATTR.NOSYMFOLLOW, 0],
  rsymfollow: ["recursive", 0, ATTR.NOSYMFOLLOW],
  idmap: ["extended"],
  ridmap: ["extended"],
  tmpcopyup: ["extended"],
};
/** Known to other runners: to pass them on as data would drop or misread them. */
const UNSUPPORTED = /^(copy-symlink|(src|dest)-nofollow)(=.*)?$/;

/** Flags of a word like "rslave"; undefined for another. */
export function propagationOf(word: string): number | undefined {
  const meaning = lookup(RARE_OPTIONS, word);
  return meaning?.[0] === "propagation" ? meaning[1] : undefined;
}

/**
 * @param at the mount, for the message
 * @returns null for what is the filesystem's own
 * @throws VzError 78 for an option that cannot be honoured
 */
export function meaningOf(option: string, at: string): Meaning | null {
  if (UNSUPPORTED.test(option)) throw badConfig(at, `option ${option}: runch does not have it`);
  const meaning = lookup(RARE_OPTIONS, option);
  if (meaning !== undefined) return meaning;
  // a value does not make it another option: extras.ts says what it takes
  const [name = ""] = option.split("=", 1);
  const named = lookup(RARE_OPTIONS, name);
  return named?.[0] === "recursive" || named?.[0] === "extended" ? named : null;
}
