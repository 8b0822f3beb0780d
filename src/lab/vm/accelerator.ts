/** Whether a machine's instructions can be run by this machine's processor (KVM), or have to be emulated by software. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import type { Arch } from "../host/arch.ts";
import { TOOL_PATH } from "../host/tool.ts";
import { type Machine, machines } from "./machine.ts";

/** As qemu calls them. */
export type Accelerator = "kvm" | "tcg";

export interface Choice {
  readonly accelerator: Accelerator;
  /** For people. */
  readonly why: string;
}

/**
 * KVM where it works for this architecture; VZ_LAB_ACCEL in the environment chooses without a trial.
 * @throws VzError 64 for another word in VZ_LAB_ACCEL
 */
export function chooseAccelerator(arch: Arch, env: Io["env"]): Choice {
  const asked = env["VZ_LAB_ACCEL"] ?? "";
  if (asked === "kvm" || asked === "tcg") return { accelerator: asked, why: "VZ_LAB_ACCEL says so" };
  if (asked !== "") throw new VzError(Status.usage, `VZ_LAB_ACCEL ${JSON.stringify(asked)}: kvm or tcg`);
  if (!existsSync("/dev/kvm")) return { accelerator: "tcg", why: "this machine has no /dev/kvm" };
  if (kvmWorks(arch)) return { accelerator: "kvm", why: "it works here" };
  return { accelerator: "tcg", why: `/dev/kvm is there, but runs no ${arch} machine` };
}

/** Software emulation runs the trial in a third of a second; where KVM takes longer than this, in milliseconds, it is no gain. */
const TRIAL_MS = 3000;

/** Starts a machine with a tiny program: on some hosts /dev/kvm exists, but guests hang. */
function kvmWorks(arch: Arch): boolean {
  const dir = mkdtempSync(`${tmpdir()}/vz-lab-`);
  try {
    const { code, args, done } = arch === "arm64" ? armTrial : x86Trial;
    writeFileSync(`${dir}/code`, code);
    const run = spawnSync(machines[arch].qemu, [...trialArguments(machines[arch]), ...args(`${dir}/code`)], {
      stdio: "ignore",
      timeout: TRIAL_MS,
      killSignal: "SIGKILL",
      env: { PATH: TOOL_PATH },
    });
    return run.status === done;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function trialArguments(machine: Machine): string[] {
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-m", "64M"],
    ...["-machine", machine.board, "-accel", "kvm", "-cpu", "host"],
  ];
}

interface Trial {
  readonly code: Uint8Array;
  args(path: string): string[];
  /** qemu's status when the program has run. */
  readonly done: number;
}

/** A boot sector: `mov $0x20,%al; out %al,$0xf4; hlt; jmp .-1`. qemu's debug exit ends with twice the byte and one. */
const x86Trial: Trial = {
  code: Uint8Array.from({ length: 512 }, (_, at) =>
    at < 510 ? ([0xb0, 0x20, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd][at] ?? 0) : ([0x55, 0xaa][at - 510] ?? 0),
  ),
  args: (path) => [
    ...["-device", "isa-debug-exit,iobase=0xf4,iosize=1"],
    ...["-drive", `format=raw,if=ide,file=${path.replaceAll(",", ",,")}`],
  ],
  done: 0x41,
};

/** `movz w0,#8; movk w0,#0x8400,lsl #16; hvc #0; b .`: PSCI's SYSTEM_OFF ends qemu with 0. */
const armTrial: Trial = {
  code: Uint8Array.from([
    ...[0x00, 0x01, 0x80, 0x52],
    ...[0x00, 0x80, 0xb0, 0x72],
    ...[0x02, 0x00, 0x00, 0xd4],
    ...[0x00, 0x00, 0x00, 0x14],
  ]),
  args: (path) => ["-kernel", path],
  done: 0,
};
