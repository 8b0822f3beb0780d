/** Files of a VPS that the shared root filesystem does not have. */
import { BOOT_SCRIPT, bootScript, type Init, inittab } from "../vps/inittab.ts";

export interface DiskFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** Files of VPS `i` that are text. */
export function diskFiles(i: number, init: Init, publicKey: string): DiskFile[] {
  const host = `vps${i}`;
  return [
    { path: "/etc/hostname", mode: 0o644, text: `${host}\n` },
    { path: "/etc/hosts", mode: 0o644, text: `127.0.0.1 localhost\n127.0.1.1 ${host}\n` },
    { path: "/etc/inittab", mode: 0o644, text: inittab(init) },
    { path: BOOT_SCRIPT, mode: 0o755, text: bootScript },
    { path: "/root/.ssh/authorized_keys", mode: 0o600, text: publicKey },
  ];
}
