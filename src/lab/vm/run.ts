/** Runs a VPS that is a machine, by qemu, from power on to power off. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants as osConstants } from "node:os";
import * as sys from "vz:sys";
import { reason } from "../../common/errors.ts";
import { type MachineGroup, total } from "../host/groups.ts";
import { addTap, hardwareAddress, plugIn, portName } from "../host/network.ts";
import { type LabSettings, vpsPaths } from "../host/state.ts";
import { findProgram, ipBatch, TOOL_PATH, tool } from "../host/tool.ts";
import { enterGroup, vpsGroup } from "../vps/cgroup.ts";
import { removePid, writePid } from "../vps/processes.ts";
import { dropPort, openConsole } from "../vps/runner.ts";
import { concat } from "./cpio.ts";
import { ownArchive } from "./initramfs.ts";
import { INITRAMFS, LINUX } from "./kernel.ts";
import { machines } from "./machine.ts";
import { qemuArguments } from "./qemu.ts";

/** Boots machine `i`, and returns when its qemu has ended. A reboot does not end it: qemu resets the machine by itself. */
export async function runMachine(settings: LabSettings, group: MachineGroup, i: number): Promise<void> {
  const paths = vpsPaths(settings.name, i);
  const { octet, groups } = settings;
  const machine = machines[group.arch];
  const own = ownArchive(octet, i, total(groups));
  writeFileSync(paths.initramfs, concat(readFileSync(`${group.boot}/${INITRAMFS}`), own));
  dropPort(octet, i);
  ipBatch(addTap(octet, i));
  if (!existsSync(paths.cut)) tool("ip", plugIn(octet, i));
  const terminal = openConsole(paths.console);
  const words = qemuArguments(machine, {
    name: `vps${i}`,
    memory: group.memory,
    accelerator: group.accelerator,
    kernel: `${group.boot}/${LINUX}`,
    initramfs: paths.initramfs,
    image: paths.image,
    tap: portName(octet, i),
    hardwareAddress: hardwareAddress(octet, i),
  });
  const program = findProgram(machine.qemu);
  const runner = sys.getpid();
  const pid = sys.fork();
  if (pid === 0) becomeQemu(program, [machine.qemu, ...words], terminal.name, runner);
  const ended = new Promise<void>((resolve) => {
    sys.onChild(pid, () => resolve());
  });
  writePid(paths.init, pid);
  enterGroup(vpsGroup(settings.name, i), pid);
  await ended;
  terminal.close();
  removePid(paths.init);
  dropPort(octet, i);
}

/** Called in the child: only system calls are made here. Standard error stays the runner's, which keeps it in a file. */
function becomeQemu(program: string, argv: readonly string[], console: string, runner: number): never {
  try {
    sys.prctl(sys.constants.PR_SET_PDEATHSIG, osConstants.signals.SIGKILL);
    // The runner may have died before the line above.
    if (sys.getppid() !== runner) sys.exit(1);
    sys.setsid();
    const terminal = sys.open(console, sys.constants.O_RDWR | sys.constants.O_NOCTTY);
    for (const fd of [0, 1]) sys.dup2(terminal, fd);
    sys.closeFrom(3);
    sys.execve(program, argv, [`PATH=${TOOL_PATH}`]);
  } catch (error) {
    sys.writeAll(2, `${argv[0]}: ${reason(error)}\n`);
    return sys.exit(1);
  }
}
