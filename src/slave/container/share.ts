/**
 * Which files of an image a container may share with others by hard links. A write through a link would change every image
 * and container that has the file, so only what the container cannot write is shared; all else is its own copy.
 */
import { Annotation } from "../../common/contract/annotations.ts";
import type { Entry, FileEntry } from "../../common/image/manifest.ts";
import { type Json, list, number, object } from "./json.ts";

export interface Powers {
  /** Ids of the container's process. */
  readonly uid: number;
  readonly gids: readonly number[];
  /** It may come to hold root's id or capabilities that pass over a file's permissions. */
  readonly mayBeRoot: boolean;
  /** Its root filesystem is mounted read-only in a mount namespace of its own, and it cannot change that. */
  readonly readOnly: boolean;
}

export function mayShare(entry: FileEntry, powers: Powers): boolean {
  if (powers.readOnly) return true;
  // A file's owner can give himself the permission to write.
  if (powers.mayBeRoot || entry.uid === powers.uid) return false;
  const groupWrites = (entry.mode & 0o020) !== 0 && powers.gids.includes(entry.gid);
  return !groupWrites && (entry.mode & 0o002) === 0;
}

/** Capabilities with which a process that is not root writes, or comes to write, what is not its own. */
const STRONG = new Set(
  ["DAC_OVERRIDE", "CHOWN", "FOWNER", "SETUID", "SETGID", "SETFCAP", "MKNOD", "SYS_ADMIN", "SYS_PTRACE"].map(
    (name) => `CAP_${name}`,
  ),
);
/** Capabilities with which it could remount its root filesystem, or reach the device below. */
const REMOUNTING = [
  "CAP_SYS_ADMIN",
  "CAP_MKNOD",
  "CAP_SYS_PTRACE",
  "CAP_SYS_CHROOT",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
];

/** What this slave's kernel can hold a container to. */
export interface Enforced {
  /** It gives a process a mount namespace of its own. */
  readonly mountNamespace: boolean;
  /** It has no_new_privs: Linux 3.5. */
  readonly noNewPrivileges: boolean;
}

/**
 * @param config a checked `config.json`
 * @param files of the image: a set-id program in it can lend its owner's rights
 */
export function powersOf(config: Json, files: readonly Entry[], enforced: Enforced): Powers {
  const process = object(config["process"]);
  const user = object(process["user"]);
  const uid = number(user["uid"]);
  const gids = [number(user["gid"]), ...list(user["additionalGids"]).map(number)];
  const held = Object.values(object(process["capabilities"])).flatMap((set) => list(set).map(String));
  const lends =
    !(process["noNewPrivileges"] === true && enforced.noNewPrivileges) &&
    files.some((entry) => entry.type === "file" && (entry.mode & 0o6000) !== 0);
  const readOnly =
    object(config["root"])["readonly"] === true &&
    object(config["annotations"])[Annotation.isolation] !== "chroot" &&
    enforced.mountNamespace &&
    !list(config["mounts"]).some(isBind) &&
    !held.some((c) => REMOUNTING.includes(c));
  return { uid, gids, mayBeRoot: uid === 0 || lends || held.some((c) => STRONG.has(c)), readOnly };
}

/** A bind mount may show a part of the root filesystem at another place, where it can be written. */
function isBind(mount: unknown): boolean {
  const { type, options } = object(mount);
  return type === "bind" || list(options).some((option) => option === "bind" || option === "rbind");
}
