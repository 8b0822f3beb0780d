/** How the VPSes' root filesystems are made: the command lines of mmdebstrap. */

import { sha256 } from "../../common/digest.ts";
import { type Mirror, sourceLine } from "../host/apt-sources.ts";
import type { Arch } from "../host/arch.ts";

const PACKAGES = ["openssh-server", "sysvinit-core", "busybox-static", "iproute2", "procps"];

/** What VPSes do without: manuals, documents and translations. */
const EXCLUDED = ["man", "doc", "info", "locale"].map((name) => `/usr/share/${name}/*`);

/**
 * Removes perl and python with all their scripts: Debian's packages need perl only until they are configured, and a slave must
 * not be thought to have either. Host keys go too: each VPS makes its own.
 */
const STRIP = `cd "$1"
rm -rf usr/bin/perl* usr/lib/*/perl* usr/lib/*/libperl* usr/share/perl* etc/perl
rm -rf usr/bin/python* usr/lib/python* usr/share/python* etc/ssh/ssh_host_*
for file in $(grep -rlIE '^#! ?/usr/bin/(env )?(perl|python)' usr/bin usr/sbin usr/lib usr/share); do rm -f "$file"; done
: > etc/resolv.conf
chmod 644 etc/resolv.conf`;

/** Makes, with this machine's programs alone, what maintainer scripts would make and init and sshd need. */
const CONFIGURE = `set -e
cd "$1"
rm -rf usr/share/man usr/share/doc usr/share/info usr/share/locale
cp usr/share/base-passwd/passwd.master etc/passwd
cp usr/share/base-passwd/group.master etc/group
echo 'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin' >> etc/passwd
sed 's/^\\([^:]*\\):.*/\\1:*:19000:0:99999:7:::/' etc/passwd > etc/shadow
sed 's/^\\([^:]*\\):.*/\\1:*::/' etc/group > etc/gshadow
chmod 644 etc/passwd etc/group
chmod 640 etc/shadow etc/gshadow
chgrp 42 etc/shadow etc/gshadow
cp usr/share/libc-bin/nsswitch.conf etc/nsswitch.conf
cp usr/share/base-files/profile etc/profile
cp usr/share/base-files/dot.profile root/.profile
cp usr/share/base-files/dot.bashrc root/.bashrc
sed 's/^UsePAM .*/UsePAM no/' usr/share/openssh/sshd_config > etc/ssh/sshd_config
ln -s mawk usr/bin/awk
ln -s which.debianutils usr/bin/which
mkdir -p -m 755 run/sshd`;

export interface Recipe {
  /** Name of the cached filesystem; it changes with the recipe. */
  readonly name: string;
  /** Arguments of mmdebstrap but for release, target and mirror. */
  readonly args: readonly string[];
}

/** A root filesystem whose packages are configured, by their own programs, which this machine's kernel runs. */
export function configuredRoot(arch: Arch): Recipe {
  return named("", arch, [
    ...common(arch),
    "--variant=essential",
    `--include=${PACKAGES.join(",")}`,
    `--aptopt=APT::Sandbox::User "root"`,
    "--dpkgopt=force-unsafe-io",
    ...EXCLUDED.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    `--customize-hook=${STRIP}`,
  ]);
}

/** A root filesystem of packages that are only unpacked, for machines: nothing of it runs here, so any architecture will do. */
export function unpackedRoot(arch: Arch): Recipe {
  return named("vm-", arch, [
    ...common(arch),
    "--variant=extract",
    "--include=?essential",
    `--include=${PACKAGES.join(",")}`,
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    `--aptopt=APT::Sandbox::User "root"`,
    `--extract-hook=${CONFIGURE}`,
    `--extract-hook=${STRIP}`,
  ]);
}

function common(arch: Arch): string[] {
  return ["--mode=root", "--format=directory", `--architectures=${arch}`, "--skip=check/qemu"];
}

function named(prefix: string, arch: Arch, args: readonly string[]): Recipe {
  const hash = sha256(args.join("\0")).slice(0, 12);
  return { name: `${prefix}${arch}-${hash}`, args };
}

/**
 * The whole command line. The build has a mount and a pid namespace of its own: it dies with its starter, whatever ends that,
 * and its mounts go with it.
 * @param proxies lines of apt.conf(5)
 */
export function buildCommand(
  recipe: Recipe,
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
    ...recipe.args,
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

/** The line that tells most: apt's or mmdebstrap's first error. */
export function lastComplaint(log: string): string {
  const lines = log.split("\n").filter((line) => /^E: /.test(line));
  return (lines[0] ?? "ended early").replace(/^E: /, "");
}
