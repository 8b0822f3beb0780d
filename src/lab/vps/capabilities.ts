/** What root in a VPS may do, by capability number (linux/capability.h). */

/**
 * vzctl's default mask (OpenVZ libvzctl, lib/cap.c): no sys_admin, sys_module, sys_rawio, sys_time. Its ve_admin (30 there) is
 * imitated by net_admin (12) over the VPS's own network; audit_write is 29, setfcap 31.
 */
const OPENVZ = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19, 22, 23, 24, 26, 27, 28, 29, 31],
];

/** What would reach this machine itself, which shares its kernel with its VPSes: sys_module, sys_rawio, sys_time, wake_alarm. */
const NEVER = [16, 17, 25, 35];

/** Whether capability `cap` stays in the bounding set of a VPS. */
export function keepsCapability(cap: number, openvz: boolean): boolean {
  return openvz ? OPENVZ.includes(cap) : !NEVER.includes(cap);
}
