/**
 * The `config.json` of a traced command, by the OCI runtime specification 1.0.2: what was seen, and no more, but for what
 * the operator wants otherwise.
 */

import { fromFs, toFs } from "../../common/byte-strings.ts";
import type { OciConfig, OciMount, OciProcess } from "../../common/oci/oci.ts";
import { ROOT_CAPABILITIES } from "../../common/oci/root-capabilities.ts";
import { OCI_VERSION } from "../../common/oci/version.ts";
import type { DeviceTree } from "../names/closure-notes.ts";
import { NO_OVERRIDES, type Overrides } from "./bundle-overrides.ts";
import type { User } from "./user-database.ts";

/** What is known of the run. Names of files are byte strings, words of the command strings of the file functions. */
export interface Seen {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who ran it, or who is to. */
  readonly user: User;
  /** File mode creation mask that it ran with; see umask(2). */
  readonly umask: number;
  /** Names in the root filesystem. */
  readonly files: ReadonlySet<string>;
  readonly directories: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  /** Of the directories, those below /run, and what they are on the host. */
  readonly runDirectories: ReadonlyMap<string, Access>;
  /** Files and directories that the run wrote to. */
  readonly written: ReadonlySet<string>;
  /** File systems below /dev that it used. */
  readonly deviceTrees: ReadonlySet<DeviceTree>;
}

/** Who may do what with a directory. */
export interface Access {
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type BundleConfig = OciConfig & {
  readonly process: OciProcess & Required<Pick<OciProcess, "args" | "env" | "user">>;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly mounts: readonly OciMount[];
};

/** The usual umask, which config.json does not mention. */
const USUAL_UMASK = 0o022;

/** Variables that a program may need to find its files and to speak its language; no others of the operator's. */
const KEPT_VARIABLES =
  /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|LD_LIBRARY_PATH|PERL5LIB|PYTHONPATH|PYTHONHOME|NODE_PATH|RUBYLIB|GEM_PATH|LUA_PATH|CLASSPATH)$/;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** As other runtimes mount them in every container. */
const DEVICE_MOUNTS: Readonly<Record<DeviceTree, OciMount>> = {
  "/dev/pts": {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
  },
  "/dev/shm": {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
};

/** The document: what was seen, with the operator's changes. */
export function bundleConfig(seen: Seen, overrides: Overrides = NO_OVERRIDES): BundleConfig {
  const mounts = mountsOf(seen, overrides.mounts);
  const { uid, gid, additionalGids } = seen.user;
  const all = ROOT_CAPABILITIES;
  const { hostname, annotations } = overrides;
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: false,
      user: {
        uid,
        gid,
        ...(additionalGids.length > 0 && { additionalGids }),
        ...(seen.umask !== USUAL_UMASK && { umask: seen.umask }),
      },
      args: overrides.args ?? seen.command,
      env: environment(seen, overrides.env),
      cwd: overrides.cwd ?? (hasDirectory(seen, seen.cwd) ? toFs(seen.cwd) : "/"),
      ...(uid === 0 && { capabilities: { bounding: all, effective: all, permitted: all } }),
      ...overrides.process,
    },
    root: {
      path: "rootfs",
      readonly: overrides.readonlyRoot ?? writtenOutside(seen, mounts).length === 0,
    },
    ...(hostname !== undefined && { hostname }),
    mounts,
    ...(annotations !== undefined && { annotations }),
    linux: { namespaces: [{ type: "mount" }, ...(hostname === undefined ? [] : [{ type: "uts" }])] },
  };
}

function environment(seen: Seen, overrides: Overrides["env"]): string[] {
  const seenEnv = Object.entries({ ...seen.env, PATH: searchPath(seen) });
  const env = new Map<string, string | null | undefined>(
    seenEnv.filter(([name]) => KEPT_VARIABLES.test(name)),
  );
  for (const [name, value] of overrides) env.set(name, value);
  return [...env].flatMap(([name, value]) => (value == null ? [] : `${name}=${value}`)).sort();
}

/** PATH without the directories that the root lacks, which are the operator's own. */
function searchPath(seen: Seen): string {
  const behindLink = (path: string) => [...seen.links].some((link) => `${path}/`.startsWith(`${link}/`));
  const there = (path: string) => path.startsWith("/") && (hasDirectory(seen, path) || behindLink(path));
  const entries = (seen.env["PATH"] ?? "").split(":").filter((entry) => there(fromFs(entry)));
  return [...new Set(entries)].join(":") || DEFAULT_PATH;
}

function hasDirectory(seen: Seen, path: string): boolean {
  if (path === "/" || seen.directories.has(path)) return true;
  return [...seen.files, ...seen.directories].some((name) => name.startsWith(`${path}/`));
}

/**
 * The kernel's trees, and a tmpfs for each place whose contents do not last, never over a file of the image; then the operator's
 * mounts, which replace those with the same destination.
 */
function mountsOf(seen: Seen, wanted: readonly OciMount[]): OciMount[] {
  const replaced = new Set(wanted.map(({ destination }) => destination));
  return [...usualMounts(seen).filter(({ destination }) => !replaced.has(destination)), ...wanted];
}

function usualMounts(seen: Seen): OciMount[] {
  const mounts: OciMount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"],
    },
  ];
  for (const tree of [...seen.deviceTrees].sort()) mounts.push(DEVICE_MOUNTS[tree]);
  const tmpfs = (destination: string, access: readonly string[]) => {
    const options = ["nosuid", "nodev", ...access];
    mounts.push({ destination, type: "tmpfs", source: "tmpfs", options });
  };
  const below = (directory: string, names: Iterable<string>) =>
    [...names].some((name) => name.startsWith(`${directory}/`));
  if (!below("/run", seen.files)) tmpfs("/run", ["mode=755"]);
  for (const [directory, { mode, uid, gid }] of seen.runDirectories) {
    if (below(directory, seen.files)) continue;
    const owner = uid + gid === 0 ? [] : [`uid=${uid}`, `gid=${gid}`];
    tmpfs(toFs(directory), [`mode=${mode.toString(8)}`, ...owner]);
  }
  const holds = (directory: string) =>
    [seen.files, seen.directories, seen.links].some((names) => below(directory, names));
  if (!holds("/tmp")) tmpfs("/tmp", ["mode=1777"]);
  if (seen.written.has("/var/tmp") && !holds("/var/tmp")) tmpfs("/var/tmp", ["mode=1777"]);
  return mounts;
}

/** What the run wrote to and no mount makes writable: the root must be writable, or a volume must lie there. */
export function writtenOutside(seen: Pick<Seen, "written">, mounts: readonly OciMount[]): string[] {
  const isWritable = ({ type, options }: OciMount) =>
    (type === "tmpfs" || type === "bind") && options?.includes("ro") !== true;
  const covered = mounts.filter(isWritable).map(({ destination }) => fromFs(destination));
  return [...seen.written]
    .filter((path) => !covered.some((mount) => path === mount || path.startsWith(`${mount}/`)))
    .sort();
}
