/** What the programs in an image ask of the machine that is to run them. */

import { compareVersions } from "../../common/compare-versions.ts";
import type { Elf } from "../../common/elf/elf.ts";

export class Requirements {
  readonly #machines = new Set<string>();
  #floor: string | undefined;

  /** Takes one ELF file of the image into account. Object files and kernel modules do not count: they are not executed. */
  add(elf: Elf): void {
    if (elf.type === "other") return;
    this.#machines.add(elf.machine);
    const floor = elf.abiFloor;
    if (floor === null || floor.split(".").some((part) => Number(part) > 999)) return;
    if (this.#floor === undefined || compareVersions(floor, this.#floor) > 0) this.#floor = floor;
  }

  /** A 64-bit kernel runs the 32-bit programs of its processor too, so an image with both asks for the 64-bit one. */
  get architecture(): string {
    const [known] = ["amd64", "i386", "arm64"].filter((machine) => this.#machines.has(machine));
    const other = [...this.#machines]
      .sort()[0]
      ?.toLowerCase()
      .replace(/[^a-z0-9_-]/g, "-");
    return known ?? other ?? "any";
  }

  /** Highest NT_GNU_ABI_TAG of all ("3.2.0"), or null where no file has one. */
  get kernelFloor(): string | null {
    return this.#floor ?? null;
  }
}
