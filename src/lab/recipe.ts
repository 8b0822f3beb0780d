/** How the VPSes' root filesystem is made and where it is kept: the command line of mmdebstrap. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import type { Io } from "../common/io.ts";
import { type Mirror, sourceLine } from "./apt-sources.ts";

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

/** The line that tells most: apt's or mmdebstrap's last error. */
export function lastComplaint(log: string): string {
  const lines = log.split("\n").filter((line) => /^E: /.test(line));
  return (lines[0] ?? "ended early").replace(/^E: /, "");
}
