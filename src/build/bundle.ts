/** The `config.json` of a traced command, by the OCI runtime specification 1.0.2: what was seen, and no more. */
import { fromFs, toFs } from "./names.ts";

/** What is known of the run. Names of files are byte strings, words of the command strings of the file functions. */
export interface Seen {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly gid: number;
  /** Names in the root filesystem. */
  readonly files: ReadonlySet<string>;
  readonly directories: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  /** Files and directories that the run wrote to. */
  readonly written: ReadonlySet<string>;
}

export interface Mount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface BundleConfig {
  ociVersion: "1.0.2";
  process: {
    terminal: false;
    user: { uid: number; gid: number };
    args: readonly string[];
    env: string[];
    cwd: string;
    capabilities?: Record<"bounding" | "effective" | "permitted", readonly string[]>;
  };
  root: { path: "rootfs"; readonly: boolean };
  mounts: Mount[];
  linux: { namespaces: { type: string }[] };
}

/** What a program may need to find its own files and to speak as it did; nothing of the operator's beside. */
const KEPT_VARIABLES =
  /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|LD_LIBRARY_PATH|PERL5LIB|PYTHONPATH|PYTHONHOME|NODE_PATH|RUBYLIB|GEM_PATH|LUA_PATH|CLASSPATH)$/;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What daemons of distributions start with and give up by themselves; neither devices nor the network's set-up. */
export const ROOT_CAPABILITIES = [
  "CAP_AUDIT_WRITE",
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

export function bundleConfig(seen: Seen): BundleConfig {
  const mounts = mountsOf(seen);
  const all = ROOT_CAPABILITIES;
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: seen.uid, gid: seen.gid },
      args: seen.command,
      env: environment(seen),
      cwd: hasDirectory(seen, seen.cwd) ? toFs(seen.cwd) : "/",
      ...(seen.uid === 0 ? { capabilities: { bounding: all, effective: all, permitted: all } } : {}),
    },
    root: { path: "rootfs", readonly: writtenOutside(seen, mounts).length === 0 },
    mounts,
    linux: { namespaces: [{ type: "mount" }] },
  };
}

function environment(seen: Seen): string[] {
  const env = { ...seen.env, PATH: searchPath(seen) };
  const kept = Object.entries(env).filter(([name]) => KEPT_VARIABLES.test(name));
  return kept.flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`)).sort();
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

/** The kernel's trees, and memory for what is written to places that do not last; never over a file of the image. */
function mountsOf(seen: Seen): Mount[] {
  const mounts: Mount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"],
    },
  ];
  const hides = (directory: string) => [...seen.files].some((file) => file.startsWith(`${directory}/`));
  const tmpfs = (destination: string, mode: string) => {
    if (hides(fromFs(destination))) return;
    mounts.push({
      destination,
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "nodev", `mode=${mode}`],
    });
  };
  tmpfs("/run", "755");
  for (const directory of [...seen.directories].sort()) {
    if (directory.startsWith("/run/")) tmpfs(toFs(directory), "755");
  }
  tmpfs("/tmp", "1777");
  if (seen.written.has("/var/tmp")) tmpfs("/var/tmp", "1777");
  return mounts;
}

/** What the run wrote to that no mount makes writable: the root must be, or a volume lie there. */
export function writtenOutside(seen: Seen, mounts: readonly Mount[]): string[] {
  const covered = mounts.filter(({ type }) => type === "tmpfs").map(({ destination }) => fromFs(destination));
  return [...seen.written]
    .filter((path) => !covered.some((mount) => path === mount || path.startsWith(`${mount}/`)))
    .sort();
}
