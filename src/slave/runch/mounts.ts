/** Mounts of a container: made before the root is changed, with every target resolved inside of its root filesystem. */
import * as sys from "vz:sys";
import { hasCode, isVzError, reason } from "../../common/errors.ts";
import { failed, failure } from "./failure.ts";
import { looker } from "./files.ts";
import { MS, S_IFDIR, S_IFMT } from "./linux.ts";
import type { MountStep, Plan } from "./plan.ts";
import { type ResolvedPath, resolveInRoot } from "./rootfs-path.ts";
import type { Shortfalls } from "./shortfalls.ts";

const { O_WRONLY = 0, O_CREAT = 0, O_EXCL = 0 } = sys.constants;

/** Flags that take a second call for a bind mount: the first one ignores them. */
const REMOUNTED = ~(MS.BIND | MS.REC | MS.REMOUNT | MS.SILENT);

/** The kernel will not mount here, whatever is asked; as against a mistake in what was asked. */
export function isRefusal(error: unknown): boolean {
  return hasCode(error, "EPERM", "EACCES", "ENOSYS", "ENODEV");
}

export function makeParents(target: ResolvedPath): void {
  for (const parent of target.parents) sys.mkdir(parent, 0o755);
}

/** A mount point inside the root filesystem, made if missing. */
function mountPoint(rootfs: string, destination: string, directory: boolean): string {
  const target = resolveInRoot(looker, rootfs, destination);
  if (target.kind !== "missing") return target.path;
  makeParents(target);
  if (directory) sys.mkdir(target.path, 0o755);
  else sys.close(sys.open(target.path, O_WRONLY | O_CREAT | O_EXCL, 0o644));
  return target.path;
}

/** Flags that stay on a mount when it is remounted: ST_* of statvfs(3) have the same bits. */
const LASTING = MS.NOSUID | MS.NODEV | MS.NOEXEC | MS.NOATIME | MS.NODIRATIME;

/** Adds flags to a bind mount. The kernel takes them for all that there are, so those that it has are given again. */
function remount(target: string, flags: number): void {
  const all = (sys.statfs(target).flags & LASTING) | flags;
  sys.mount(null, target, null, MS.REMOUNT | MS.BIND | all, null);
}

/** Binds `source` to `target` and gives the new mount these flags. */
export function bind(source: string, target: string, flags: number): void {
  sys.mount(source, target, null, MS.BIND | (flags & MS.REC), null);
  const others = flags & REMOUNTED;
  if (others !== 0) remount(target, others);
}

function mountOne(step: MountStep, rootfs: string, short: Shortfalls): void {
  const isBind = step.type === "bind" && (step.flags & MS.REMOUNT) === 0;
  let directory = true;
  try {
    if (isBind) directory = (sys.stat(step.source).mode & S_IFMT) === S_IFDIR;
  } catch (error) {
    throw failed(`${step.at}: source ${step.source}`, error);
  }
  let target: string;
  try {
    target = mountPoint(rootfs, step.destination, directory);
  } catch (error) {
    throw isVzError(error) ? error : failed(`${step.at}: mount point`, error);
  }
  try {
    if (isBind) bind(step.source, target, step.flags);
    else sys.mount(step.source, target, step.type, step.flags, step.data === "" ? null : step.data);
    for (const flags of step.propagation) sys.mount(null, target, null, flags, null);
  } catch (error) {
    if (isBind && isRefusal(error)) {
      // not done without: the program would write its data to some other place
      throw failed(step.at, error, "this kernel refuses mounts here; the bundle has to do without this one");
    }
    if (!isRefusal(error)) throw failed(step.at, error);
    short.add(step.at, reason(error));
  }
}

/**
 * Makes the mounts of config.json in their order.
 * @param own whether this is a mount namespace of the container's own
 */
export function makeMounts(plan: Plan, own: boolean, short: Shortfalls): void {
  for (const step of plan.mounts) {
    if (step.propagation.length > 0 && !own) {
      throw failure(
        `${step.at}: propagation without a mount namespace`,
        "it would change the mounts of the whole machine",
      );
    }
    mountOne(step, plan.rootfs, short);
  }
}

/** Hides `maskedPaths`, and makes `readonlyPaths` and the root read-only. Paths that do not exist are skipped. */
export function protectPaths(plan: Plan, own: boolean, short: Shortfalls): void {
  const { rootfs } = plan;
  const each = (field: string, paths: readonly string[], act: (target: ResolvedPath) => void) => {
    for (const path of paths) {
      const target = resolveInRoot(looker, rootfs, path);
      if (target.kind === "missing") continue;
      try {
        act(target);
      } catch (error) {
        if (!isRefusal(error)) throw failed(`${field} ${path}`, error);
        short.add(field, reason(error));
        return;
      }
    }
  };
  each("linux.maskedPaths", plan.maskedPaths, ({ path, kind }) => {
    if (kind === "directory") sys.mount("tmpfs", path, "tmpfs", MS.RDONLY, "size=0k");
    else bind("/dev/null", path, MS.BIND);
  });
  each("linux.readonlyPaths", plan.readonlyPaths, ({ path }) => {
    bind(path, path, MS.BIND | MS.REC | MS.RDONLY);
  });
  if (!plan.readonlyRoot) return;
  try {
    if (!own) sys.mount(rootfs, rootfs, null, MS.BIND | MS.REC, null);
    remount(rootfs, MS.RDONLY);
  } catch (error) {
    if (!isRefusal(error)) throw failed("root.readonly", error);
    short.add("root.readonly", reason(error));
  }
}
