/** The root filesystem that all VPSes share: Debian for i386, made once by mmdebstrap from this machine's own mirror. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { findMirror, type Mirror, parseDeb822, parseOneLine, sourceLine } from "./apt-sources.ts";
import { waitForLock } from "./lock.ts";
import { list } from "./state.ts";
import { cannotRun, TOOL_PATH } from "./tool.ts";

const PACKAGES = ["openssh-server", "sysvinit-core", "busybox-static", "iproute2", "procps"];

/** What VPSes do without: manuals, translations, and the languages that a slave must not be thought to have. */
const EXCLUDED = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*"];

/**
 * perl is essential to Debian's packages, not to what runs here: the interpreter goes when all is configured, and with it
 * every script that would want it. Host keys are each VPS's own.
 */
const STRIP = `cd "$1"
rm -rf usr/bin/perl* usr/lib/*/perl* usr/lib/*/libperl* usr/share/perl* etc/perl
rm -rf usr/bin/python* usr/lib/python* usr/share/python* etc/ssh/ssh_host_*
for file in $(grep -rlIE '^#! ?/usr/bin/(env )?(perl|python)' usr/bin usr/sbin usr/lib usr/share); do rm -f "$file"; done
: > etc/resolv.conf
chmod 644 etc/resolv.conf`;

/** Arguments of mmdebstrap but for release, target and mirror; whatever changes them makes another cached filesystem. */
const RECIPE = [
  "--mode=root",
  "--format=directory",
  "--architectures=i386",
  "--skip=check/qemu",
  "--variant=essential",
  `--include=${PACKAGES.join(",")}`,
  `--aptopt=APT::Sandbox::User "root"`,
  "--dpkgopt=force-unsafe-io",
  ...EXCLUDED.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
  `--customize-hook=${STRIP}`,
];

/**
 * The whole command line. It ends with its starter, whatever ends that, and what it mounts goes with it: it runs in a mount and
 * a pid namespace of its own.
 * @param proxies lines of apt.conf(5)
 */
export function buildCommand(
  release: string,
  target: string,
  mirror: Mirror,
  proxies: readonly string[],
  eatmydata: boolean,
): string[] {
  return [
    ...["setpriv", "--pdeathsig", "KILL"],
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"],
    ...(eatmydata ? ["eatmydata"] : []),
    "mmdebstrap",
    ...RECIPE,
    ...proxies.map((line) => `--aptopt=${line}`),
    release,
    target,
    sourceLine(mirror, release),
  ];
}

/** Releases to try in turn: Debian 12, which the lab is measured with, then this machine's own. */
export function releasesToTry(osRelease: string): string[] {
  const own = /^ID=debian$/m.test(osRelease)
    ? /^VERSION_CODENAME=([a-z]+)$/m.exec(osRelease)?.[1]
    : undefined;
  return own === undefined || own === "bookworm" ? ["bookworm"] : ["bookworm", own];
}

/** Name of the cached filesystem. */
export function cacheName(): string {
  return `i386-${createHash("sha256").update(RECIPE.join("\0")).digest("hex").slice(0, 12)}`;
}

export function cacheDir(env: Io["env"]): string {
  const cache = env["XDG_CACHE_HOME"];
  return `${cache?.startsWith("/") ? cache : `${homedir()}/.cache`}/vz/lab`;
}

/** Path of the root filesystem, which is made now if it is not there. Whole or not at all, however this ends. */
export function ensureRootfs(io: Io): string {
  const cache = cacheDir(io.env);
  const base = `${cache}/${cacheName()}`;
  if (existsSync(base)) return base;
  const lock = waitForLock(cache, `${cache}/lock`, () =>
    io.err("vz: lab: waiting for another vz lab, which makes the root filesystem\n"),
  );
  try {
    if (!existsSync(base)) makeRootfs(io, cache, base);
  } finally {
    closeSync(lock);
  }
  return base;
}

function makeRootfs(io: Io, cache: string, base: string): void {
  for (const name of list(cache).filter((entry) => entry.endsWith(".part")))
    rmSync(`${cache}/${name}`, { recursive: true, force: true });
  const releases = releasesToTry(readFileSync("/etc/os-release", "utf8"));
  const mirror = hostMirror(releases);
  const log = `${cache}/build.log`;
  io.err(`vz: lab: making the root filesystem from ${mirror.uri}, once, in about half a minute\n`);
  for (const release of releases) {
    const part = `${base}.part`;
    rmSync(part, { recursive: true, force: true });
    if (runBuild(buildCommand(release, part, mirror, proxyLines(), hasProgram("eatmydata")), log) === 0) {
      renameSync(part, base);
      return;
    }
  }
  throw new VzError(Status.osError, `mmdebstrap: ${lastComplaint(readFileSync(log, "utf8"))}`, {
    hint: `all that it printed is in ${log}`,
  });
}

function runBuild(command: readonly string[], log: string): number {
  const [program = "", ...args] = command;
  if (!hasProgram("mmdebstrap")) {
    throw new VzError(Status.osError, "mmdebstrap: is not installed", { hint: "apt-get install mmdebstrap" });
  }
  mkdirSync("/tmp", { recursive: true });
  const fd = openSync(log, "w");
  try {
    const run = spawnSync(program, args, {
      stdio: ["ignore", fd, fd],
      cwd: "/",
      env: { PATH: TOOL_PATH, LC_ALL: "C.UTF-8", HOME: "/root", TMPDIR: "/tmp" },
    });
    if (run.error !== undefined) throw cannotRun(program, run.error);
    return run.status ?? 1;
  } finally {
    closeSync(fd);
  }
}

/** The line that tells most: apt's or mmdebstrap's last error. */
export function lastComplaint(log: string): string {
  const lines = log.split("\n").filter((line) => /^E: /.test(line));
  return (lines[0] ?? "ended early").replace(/^E: /, "");
}

function hostMirror(releases: readonly string[]): Mirror {
  const parts = "/etc/apt/sources.list.d";
  const oneLine = ["/etc/apt/sources.list", ...list(parts).map((name) => `${parts}/${name}`)]
    .filter((path) => path.endsWith(".list") && existsSync(path))
    .flatMap((path) => parseOneLine(readFileSync(path, "utf8")));
  const deb822 = list(parts)
    .filter((name) => name.endsWith(".sources"))
    .flatMap((name) => parseDeb822(readFileSync(`${parts}/${name}`, "utf8")));
  return findMirror([...oneLine, ...deb822], releases);
}

/** Proxies of this machine's apt, which mmdebstrap does not ask. */
function proxyLines(): string[] {
  const dump = spawnSync("apt-config", ["dump"], { encoding: "utf8", env: { PATH: TOOL_PATH } });
  const lines = (dump.stdout ?? "").split("\n");
  return lines.filter((line) => /^Acquire::https?::Proxy(::\S+)? "[^"]+";$/.test(line));
}

function hasProgram(name: string): boolean {
  return TOOL_PATH.split(":").some((dir) => existsSync(`${dir}/${name}`));
}
