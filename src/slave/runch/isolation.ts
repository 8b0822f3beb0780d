/** How much of what a bundle asks for it has to get: `--isolation`, or the annotation vz.isolation. */

export const ISOLATIONS = ["auto", "strict", "chroot"] as const;
export type Isolation = (typeof ISOLATIONS)[number];

export function isIsolation(text: string): text is Isolation {
  return (ISOLATIONS as readonly string[]).includes(text);
}
