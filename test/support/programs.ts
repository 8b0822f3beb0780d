/** Ten programs of everyday, and two smaller ones, that images are made of by watching them run. */
import type { Program } from "./program.ts";
import { once, smallest } from "./programs-once.ts";
import { services } from "./programs-services.ts";

export const TEN: readonly Program[] = [...once, ...services];
export const ALL: readonly Program[] = [...smallest, ...TEN];
