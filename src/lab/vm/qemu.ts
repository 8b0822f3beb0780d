/** qemu's command line. */
import type { Accelerator } from "./accelerator.ts";
import type { Machine } from "./machine.ts";

export interface MachineParts {
  readonly name: string;
  /** Megabytes. */
  readonly memory: number;
  readonly accelerator: Accelerator;
  readonly kernel: string;
  readonly initramfs: string;
  /** Raw image of the disk. */
  readonly image: string;
  /** Name of an existing tap device. */
  readonly tap: string;
  readonly hardwareAddress: string;
}

/** Only errors on the console; no self-tests of ciphers and no search for ISA cards: those take half of an emulated boot. */
const PARAMETERS = "quiet cryptomgr.notests noisapnp";

/** Megabytes for translated code: qemu's own choice is a gigabyte, and it fills what it has. */
const EMULATION = "tcg,tb-size=128";

/**
 * Arguments of the machine's qemu. Its console is qemu's standard input and output. qemu itself resets a guest that reboots; a
 * guest that powers off ends qemu with 0.
 */
export function qemuArguments(machine: Machine, parts: MachineParts): string[] {
  const [accelerator, processor] =
    parts.accelerator === "kvm" ? ["kvm", "host"] : [EMULATION, machine.processor];
  return [
    ...["-name", option(parts.name), "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-machine", machine.board, "-accel", accelerator, "-cpu", processor],
    ...["-smp", "1", "-m", `${parts.memory}M`],
    ...[
      "-kernel",
      parts.kernel,
      "-initrd",
      parts.initramfs,
      "-append",
      `console=${machine.console} ${PARAMETERS}`,
    ],
    ...["-serial", "stdio"],
    // writeback: what the guest has synced outlives qemu in this machine's page cache, what it has not is lost
    ...["-drive", `if=none,id=disk,format=raw,cache=writeback,file=${option(parts.image)}`],
    ...["-device", "virtio-blk-pci,drive=disk"],
    ...["-netdev", `tap,id=net,ifname=${parts.tap},script=no,downscript=no`],
    // no romfile: nothing boots from the network
    ...["-device", `virtio-net-pci,netdev=net,mac=${parts.hardwareAddress},romfile=`],
    ...["-object", "rng-random,id=entropy,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=entropy"],
  ];
}

/** A value within an option, where a comma is doubled (qemu(1)). */
function option(value: string): string {
  return value.replaceAll(",", ",,");
}
