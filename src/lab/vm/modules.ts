/** Kernel modules that a machine needs until its disk and its link are there, in the order in which insmod(8) takes them. */

/** Disk, filesystem, link and entropy. */
export const WANTED = [
  "virtio_pci",
  "virtio_blk",
  "crc32c_generic",
  "ext4",
  "virtio_net",
  "virtio_rng",
] as const;

/** A module's name as its file has it ("virtio-rng.ko") and as others name it ("virtio_rng"). */
export function moduleName(file: string): string {
  return (file.split("/").at(-1) ?? "").replace(/\.ko$/, "").replaceAll("-", "_");
}

/**
 * Names of `wanted` and all that they depend on, each behind what it depends on.
 * @param dependsOn what a module depends on; undefined for one that is no module: it is built in
 */
export function loadOrder(
  wanted: readonly string[],
  dependsOn: (name: string) => readonly string[] | undefined,
): string[] {
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) return;
    const others = dependsOn(name);
    if (others === undefined) return;
    others.forEach(visit);
    order.push(name);
  };
  wanted.forEach(visit);
  return order;
}

/** What a module says that it depends on: "depends=a,b" in its .modinfo section, whose strings end with a zero each. modinfo(8). */
export function dependencies(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString("latin1");
  const found = /\0depends=([A-Za-z0-9_,-]*)\0/.exec(text)?.[1] ?? "";
  return found
    .split(",")
    .filter((name) => name !== "")
    .map(moduleName);
}
