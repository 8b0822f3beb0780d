/** Texts that a VPS's mounts are made of. */

/** Overlay filesystems take commas and colons in names behind a backslash. */
const escaped = (path: string) => path.replace(/[\\,:]/g, "\\$&");

export function overlayOptions(lower: string, upper: string, work: string): string {
  // Without redirect_dir a directory of the lower layer cannot be renamed.
  return `lowerdir=${escaped(lower)},upperdir=${escaped(upper)},workdir=${escaped(work)},redirect_dir=on`;
}

/** Options of a read-only overlay: what is in the upper layer hides what is below. */
export function readOnlyOverlay(upper: string, lower: string): string {
  return `ro,lowerdir=${escaped(upper)}:${escaped(lower)}`;
}

/** /proc/meminfo of a machine with so many kB of memory and no swap, nothing of it used: the host's own would mislead. */
export function meminfo(kilobytes: number): string {
  const rows = { MemTotal: kilobytes, MemFree: kilobytes, MemAvailable: kilobytes, Buffers: 0, Cached: 0 };
  return Object.entries({ ...rows, SwapTotal: 0, SwapFree: 0 })
    .map(([name, value]) => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`)
    .join("");
}
