/** Putting a device program into force for a cgroup of version 2. */
import * as sys from "vz:sys";
import { hasCode, isSystemError, reason } from "../../../common/errors.ts";
import { deviceProgram } from "./device-program.ts";
import type { DeviceRules } from "./device-rules.ts";
import { FIELD } from "./limits.ts";
import type { Teller } from "./plan.ts";

const { O_RDONLY, O_DIRECTORY } = sys.constants;

function attach(directory: string, rules: DeviceRules): void {
  const program = sys.bpfLoadDeviceProgram(deviceProgram(rules));
  try {
    const cgroup = sys.open(directory, O_RDONLY | O_DIRECTORY);
    try {
      // the cgroup keeps the program from now on
      sys.bpfAttachDevice(program, cgroup);
    } finally {
      sys.close(cgroup);
    }
  } finally {
    sys.close(program);
  }
}

export function attachDevices(directory: string, rules: DeviceRules, tell: Teller): void {
  try {
    attach(directory, rules);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const isOld = hasCode(error, "ENOSYS", "EINVAL");
    tell.add(
      `${FIELD}.devices`,
      isOld ? "no cgroup controller devices here, and no programs in its place" : reason(error),
    );
  }
}
