/** What qemu's machines are, by architecture. */
import type { Arch } from "../host/arch.ts";

/** Debian's kernels that a machine can have. */
export type MachineKernel = "6.1" | "5.10";

export function isMachineKernel(word: string): word is MachineKernel {
  return word === "6.1" || word === "5.10";
}

/** The Debian release of each kernel. */
export const releaseOf: Readonly<Record<MachineKernel, string>> = { "6.1": "bookworm", "5.10": "bullseye" };

export interface Machine {
  readonly qemu: string;
  /** Debian's package that depends on the newest kernel of its release. */
  readonly kernelPackage: string;
  /** qemu's name of the board. */
  readonly board: string;
  /** The processor where software emulates it. */
  readonly processor: string;
  /** The serial line, as the guest's kernel calls it. */
  readonly console: string;
  /** Megabytes with which Debian's kernel still comes up, and sshd answers. */
  readonly leastMemory: number;
}

export const machines: Readonly<Record<Arch, Machine>> = {
  i386: {
    qemu: "qemu-system-i386",
    kernelPackage: "linux-image-686",
    board: "pc",
    processor: "qemu32",
    console: "ttyS0",
    leastMemory: 64,
  },
  amd64: {
    qemu: "qemu-system-x86_64",
    kernelPackage: "linux-image-amd64",
    board: "pc",
    processor: "qemu64",
    console: "ttyS0",
    leastMemory: 96,
  },
  arm64: {
    qemu: "qemu-system-aarch64",
    kernelPackage: "linux-image-arm64",
    board: "virt",
    processor: "cortex-a57",
    console: "ttyAMA0",
    leastMemory: 96,
  },
};
