/**
 * Mounts that take more than mount(2): recursive flags (mount_setattr(2), Linux 5.12), mapped ids (likewise), tmpcopyup, and
 * the container's cgroups. Loaded where config.json has one.
 */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { badConfig } from "../../../common/oci/oci-read.ts";
import { failed, failure } from "../../system/failure.ts";
import { pathOf } from "../../system/files.ts";
import { lookup, MS } from "../../system/linux.ts";
import type { IdMaps, MountExtras, MountStep } from "../model.ts";
import { openUserNamespace, readIdMap } from "../namespaces/id-maps.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { copyTree } from "./copy-tree.ts";
import { addFlags, within } from "./inside.ts";
import { RARE_OPTIONS } from "./option-table.ts";
import { isDirectory } from "./rootfs-path.ts";

const { AT_FDCWD } = sys.constants;
/** linux/mount.h, linux/fcntl.h */
const AT_RECURSIVE = 0x8000;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const ATTR_IDMAP = 0x100000;

interface Extras {
  readonly set: number;
  readonly clear: number;
  readonly copyUp: boolean;
  readonly maps: IdMaps | null;
  /** Map the mounts below it as well. */
  readonly mapsAll: boolean;
}

function readExtras(step: MountStep, own: IdMaps | null, unknown: string[]): Extras {
  const { at, type, extended } = step;
  let [set, clear, copyUp, mapped, mapsAll] = [0, 0, false, false, false];
  for (const option of extended) {
    const meaning = lookup(RARE_OPTIONS, option);
    if (meaning?.[0] === "recursive") {
      set = (set & ~meaning[2]) | meaning[1];
      clear |= meaning[2];
    } else if (option === "tmpcopyup") {
      if (type !== "tmpfs") throw badConfig(at, "option tmpcopyup: for tmpfs only");
      copyUp = true;
    } else if (option === "idmap" || option === "ridmap") {
      mapped = true;
      mapsAll = option === "ridmap";
    } else {
      throw badConfig(at, `option ${option}: runch takes its maps from uidMappings and gidMappings`);
    }
  }
  const uid = readIdMap(step.uidMappings, `${at}.uidMappings`, unknown);
  const gid = readIdMap(step.gidMappings, `${at}.gidMappings`, unknown);
  if (!mapped && uid.length + gid.length === 0) return { set, clear, copyUp, maps: null, mapsAll };
  if (type !== "bind") throw badConfig(at, "mapped ids are for bind mounts only");
  if ((uid.length === 0) !== (gid.length === 0))
    throw badConfig(at, "one of uidMappings and gidMappings is missing");
  const maps = uid.length > 0 ? { uid, gid } : own;
  if (maps === null) throw badConfig(at, "mapped ids without uidMappings and gidMappings");
  return { set, clear, copyUp, maps, mapsAll };
}

/** The source's tree with its ids mapped. */
function openMapped({ source, at }: MountStep, maps: IdMaps, mapsAll: boolean): number {
  const recursive = mapsAll ? AT_RECURSIVE : 0;
  try {
    const tree = sys.openTree(AT_FDCWD, source, OPEN_TREE_CLONE | recursive);
    const userns = openUserNamespace(maps);
    sys.mountSetattr(tree, "", AT_EMPTY_PATH | recursive, ATTR_IDMAP, 0, 0, userns);
    sys.close(userns);
    return tree;
  } catch (error) {
    // with other owners than asked for, the files would be open to others: never done without
    throw failure(`${at}: mapped ids: ${reason(error)}`, "it takes Linux 5.12 and a filesystem that can");
  }
}

/** @returns -1 on a kernel that cannot: then mount(2) is tried from inside @throws VzError 125 where there is no source */
function openSource({ source, flags, at }: MountStep): number {
  try {
    return sys.openTree(AT_FDCWD, source, OPEN_TREE_CLONE | ((flags & MS.REC) !== 0 ? AT_RECURSIVE : 0));
  } catch (error) {
    if (hasCode(error, "ENOSYS", "EPERM", "EINVAL")) return -1;
    throw failed(`${at}: source ${source}`, error);
  }
}

function moveTree(tree: number, { destination, flags }: MountStep, root: number): void {
  const kind = isDirectory(tree) ? "directory" : "file";
  within(root, destination, kind, (_, fd) => sys.moveMount(tree, fd));
  sys.close(tree);
  addFlags(root, destination, flags);
}

function setAttributes(step: MountStep, { set, clear }: Extras, root: number, short: Shortfalls): void {
  if ((set | clear) === 0) return;
  try {
    within(root, step.destination, "nothing", (place) =>
      sys.mountSetattr(AT_FDCWD, place, AT_RECURSIVE, set, clear, 0, -1),
    );
  } catch (error) {
    if (!hasCode(error, "ENOSYS", "EPERM")) throw error;
    short.add(`${step.at}: options ${step.extended.join(",")}`, reason(error));
  }
}

/**
 * @param own id maps of the container's user namespace, if it has one
 * @param cgroup makes the mount of the container's cgroups; null where there are none, "disabled" where that has been told
 */
export function planMountExtras(
  steps: readonly MountStep[],
  own: IdMaps | null,
  cgroup: ((step: MountStep, root: number) => boolean) | "disabled" | null,
  unknown: string[],
): MountExtras {
  const extras = new Map<MountStep, Extras>();
  for (const step of steps) extras.set(step, readExtras(step, own, unknown));
  const trees = new Map<MountStep, number>();
  const isCgroup = ({ type }: MountStep) => type === "cgroup" || type === "cgroup2";
  return {
    openSources() {
      for (const [step, { maps, mapsAll }] of extras) {
        if (step.type !== "bind" || (step.flags & MS.REMOUNT) !== 0) continue;
        const tree = maps === null ? openSource(step) : openMapped(step, maps, mapsAll);
        if (tree >= 0) trees.set(step, tree);
      }
    },
    replaces(step) {
      const found = extras.get(step);
      return (
        trees.has(step) || isCgroup(step) || (found !== undefined && (found.maps !== null || found.copyUp))
      );
    },
    mount(step, root, short) {
      const found = extras.get(step);
      if (isCgroup(step)) {
        if (cgroup === "disabled") return false;
        const isThere = cgroup?.(step, root) === true;
        if (!isThere) short.add(step.at, "this machine has no cgroups");
        return isThere;
      }
      if (found?.copyUp) {
        within(root, step.destination, "directory", (place, below) => {
          sys.mount(
            step.source,
            place,
            step.type,
            step.flags & ~MS.RDONLY,
            step.data === "" ? null : step.data,
          );
          within(root, step.destination, "nothing", (top) => copyTree(pathOf(below), top));
        });
      } else {
        const opened = trees.get(step);
        if (opened !== undefined) moveTree(opened, step, root);
        else if (found?.maps) moveTree(openMapped(step, found.maps, found.mapsAll), step, root);
      }
      return true;
    },
    finish(step, root, short) {
      const found = extras.get(step);
      if (found !== undefined) setAttributes(step, found, root, short);
    },
  };
}
