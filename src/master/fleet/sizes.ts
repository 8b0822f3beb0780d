/** Sizes of memory as people write them. */

const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** "512M" in bytes (powers of 1024; K, M or G, with or without "B" or "iB"), or undefined for what is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)\s?([KMG])(?:i?B)?$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return bytes > 0 ? bytes : undefined;
}
