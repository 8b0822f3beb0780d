/** How a lab's VPS boots: the inittab(5) of sysvinit and that of busybox's init. Both start sshd again when it ends. */

export type Init = "busybox" | "sysv";

export function isInit(word: string): word is Init {
  return word === "busybox" || word === "sysv";
}

/** The script that both inits run first. sshd's privilege separation wants its directory, which a boot empties. */
export const BOOT_SCRIPT = "/etc/init.d/vps-boot";

export const bootScript = `#!/bin/sh
# First thing at boot.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
mkdir -p /run/sshd /run/lock
: > /run/utmp
`;

const sysv = `# /etc/inittab: the whole system.
id:2:initdefault:
si::sysinit:${BOOT_SCRIPT}
ssh:2345:respawn:/usr/sbin/sshd -D
l0:0:wait:/sbin/halt -d -f -p
l6:6:wait:/sbin/reboot -d -f
`;

/** busybox's init knows no halt lines: it ends what runs and calls reboot(2) itself. */
const busybox = `# /etc/inittab: the whole system.
::sysinit:${BOOT_SCRIPT}
::respawn:/usr/sbin/sshd -D
::restart:/sbin/init
`;

export function inittab(init: Init): string {
  return init === "sysv" ? sysv : busybox;
}

/** Programs of sysvinit that a VPS with busybox's init has from busybox. */
export const busyboxApplets: readonly string[] = ["init", "halt", "poweroff", "reboot"];
/** Programs of sysvinit that a VPS with busybox's init does not have. */
export const sysvOnly: readonly string[] = ["telinit", "shutdown", "runlevel"];
