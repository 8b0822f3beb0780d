/** Reading figures out of control files. */
import { keyed } from "./control-files.ts";
import type { Figure, Figures } from "./stats.ts";

/** The trimmed text of a control file of the container's; null where there is none. */
export type Read = (file: string) => string | null;

export type BlockTable = readonly { major: number; minor: number; op: string; value: Figure }[];

/** A count of 64 bits; 0 for a text that is no number. */
export function exact(text: string): Figure {
  if (!/^-?\d+$/.test(text)) return 0;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** All pairs of a flat keyed file. */
export function flat(text: string | null): Record<string, Figure> {
  return Object.fromEntries([...keyed(text)].map(([name, value]) => [name, exact(value)]));
}

/** Page sizes that a kernel can have, on the machines that vz runs on and others. */
const PAGE_SIZES = ["64KB", "1MB", "2MB", "4MB", "16MB", "32MB", "256MB", "512MB", "1GB", "2GB", "16GB"];

/** Figures by page size; undefined where there are none. */
export function hugePages(
  figures: (size: string) => Figures | undefined,
): Record<string, Figures> | undefined {
  const pages = PAGE_SIZES.flatMap((size) => {
    const part = figures(size);
    return part === undefined ? [] : [[size, part] as const];
  });
  return pages.length === 0 ? undefined : Object.fromEntries(pages);
}
