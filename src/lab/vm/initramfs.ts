/** What a machine's kernel starts: busybox, modules, and a script that makes disk and link ready and hands over to the disk's init. */

import { startSha256 } from "../../common/digest.ts";
import { hardwareAddress, hostAddress, vpsAddress } from "../host/network.ts";
import { cpio, DIRECTORY, type Entry, FILE, PROGRAM } from "./cpio.ts";
import { WANTED } from "./modules.ts";

/** The script with each machine's own part, in an archive behind the common one. */
const OWN = "own.sh";

/** Runs as PID 1, without programs of the disk: whatever becomes of the disk, the machine has its link. */
const INIT = `#!/busybox sh
/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod "$module"; done
. /${OWN}
until [ -b /dev/vda ]; do sleep 0.1; done
mount -t ext4 /dev/vda /root
mkdir /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=755 run /root/run
for dir in proc sys dev; do mount -o move /$dir /root/$dir; done
exec switch_root /root /sbin/init
`;

/** Changes with those parts of the archive that are not Debian's. */
export const initramfsVersion = startSha256().update(INIT).update(WANTED.join()).digest("hex").slice(0, 12);

/** The archive that all machines of one kernel share. @param modules in the order in which they are loaded */
export function commonArchive(
  busybox: Uint8Array,
  modules: readonly { name: string; bytes: Uint8Array }[],
): Uint8Array {
  const directories = ["bin", "dev", "modules", "proc", "root", "sys"];
  return cpio([
    ...directories.map((name): Entry => ({ name, mode: DIRECTORY, bytes: new Uint8Array(0) })),
    { name: "busybox", mode: PROGRAM, bytes: busybox },
    { name: "init", mode: PROGRAM, bytes: new TextEncoder().encode(INIT) },
    ...modules.map(
      ({ name, bytes }, at): Entry => ({
        name: `modules/${String(at).padStart(2, "0")}-${name}`,
        mode: FILE,
        bytes,
      }),
    ),
  ]);
}

/** The archive of VPS `i`: its name and its link, with no default route, so that nothing leaves the lab. */
export function ownArchive(octet: number, i: number, count: number): Uint8Array {
  return cpio([{ name: OWN, mode: FILE, bytes: new TextEncoder().encode(ownScript(octet, i, count)) }]);
}

/** Does what `configureVps` does for a namespace, with busybox, whose ip cannot set neighbours. */
export function ownScript(octet: number, i: number, count: number): string {
  const others = Array.from({ length: count + 1 }, (_, other) => other).filter((other) => other !== i);
  const address = (other: number) => (other === 0 ? hostAddress(octet) : vpsAddress(octet, other));
  return [
    `hostname vps${i}`,
    "ip link set lo up",
    // no IPv6 address by itself
    "echo 1 > /proc/sys/net/ipv6/conf/eth0/addr_gen_mode",
    `ip addr add ${vpsAddress(octet, i)}/24 dev eth0`,
    "ip link set eth0 up",
    ...others.map((other) => `arp -i eth0 -s ${address(other)} ${hardwareAddress(octet, other)}`),
    "",
  ].join("\n");
}
