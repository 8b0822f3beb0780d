/** Reads architectures.tsv. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./base-target.mjs";

/**
 * All architectures; a slave gets the first that it runs. `pkg` is pkg's target, `file` the name in dist/, `emulator` the
 * program of qemu-user.
 */
export const architectures = readFileSync(join(root, "scripts/build/architectures.tsv"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [name, debian, triplet, , pkg, file, emulator] = line.split("\t");
    return { name, debian, triplet, pkg, file, emulator };
  });
