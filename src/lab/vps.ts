/**
 * The runner of one VPS: started by `up` and `boot`, in a session of its own, it is the parent of the VPS's init, keeps its console's
 * output, boots it again when it reboots, and ends with it. Whatever ends the runner ends the VPS.
 */
import { appendFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants as osConstants } from "node:os";
import * as sys from "vz:sys";
import type { Command } from "../common/command.ts";
import { hasCode, Status, VzError } from "../common/errors.ts";
import { enterGroup, runnerGroup, vpsGroup } from "./cgroup.ts";
import { flag, needRoot } from "./linux.ts";
import { tryLock } from "./lock.ts";
import { meminfo } from "./mount-plan.ts";
import { addPort, configureVps, plugIn, portName } from "./network.ts";
import { becomeInit } from "./pid1.ts";
import { removePid, writePid } from "./processes.ts";
import { type LabSettings, labName, needSettings, vpsNumber, vpsPaths } from "./state.ts";
import { holdInTools, ipBatch, tool } from "./tool.ts";

/** The console's file starts afresh when it is longer, in bytes. */
const CONSOLE_LIMIT = 1 << 20;

export const vps: Command = {
  name: "vz lab vps",
  summary: "be one VPS until it ends; started by up and boot",
  usage: ["vz lab vps I"],
  options: [],
  examples: [],
  async run(args, io) {
    needRoot(this.name);
    const settings = needSettings(labName(io));
    const i = vpsNumber(settings, args.positional[0]);
    const paths = vpsPaths(settings.name, i);
    const lock = tryLock(paths.lock);
    if (lock === undefined) throw new VzError(Status.tryAgain, `vps${i}: has a runner already`);
    holdInTools(lock);
    writePid(paths.runner, sys.getpid());
    sys.umask(0o022);
    enterGroup(runnerGroup(settings.name), sys.getpid());
    mkdirSync(paths.mount, { recursive: true });
    if (settings.memoryLimited) writeFileSync(paths.meminfo, meminfo(settings.memory * 1024));
    // Inside a pid namespace reboot(2) ends init: by SIGHUP to start again, by SIGINT to halt. reboot(2), NOTES.
    while ((await bootOnce(settings, i)) === osConstants.signals.SIGHUP) {}
    removePid(paths.runner);
    return Status.ok;
  },
};

/** Runs the VPS from boot to its end, and gives the signal that ended init. */
async function bootOnce(settings: LabSettings, i: number): Promise<number> {
  const paths = vpsPaths(settings.name, i);
  const { octet, count } = settings;
  writeFileSync(paths.batch, `${configureVps(octet, i, count).join("\n")}\n`);
  dropPort(octet, i);
  const terminal = sys.openpty();
  // Held open here too: with its last user away a terminal reads as an error, and init comes and goes.
  const held = sys.open(terminal.name, flag("O_RDWR") | flag("O_NOCTTY"));
  const [go, gone] = sys.pipe();
  const names = ["CLONE_NEWPID", "CLONE_NEWNS", "CLONE_NEWUTS", "CLONE_NEWIPC", "CLONE_NEWNET"];
  const pid = sys.clone(names.reduce((bits, name) => bits | flag(name), 0));
  if (pid === 0) {
    // The child's copy of this end would keep it from seeing the runner's death.
    sys.close(gone);
    becomeInit(settings, i, terminal.name, go);
  }
  const ended = new Promise<number>((resolve) => {
    sys.onChild(pid, (_code, signal) => resolve(signal));
  });
  writePid(paths.init, pid);
  enterGroup(vpsGroup(settings.name, i), pid);
  ipBatch(addPort(octet, i, pid));
  if (!existsSync(paths.cut)) tool("ip", plugIn(octet, i));
  keepConsole(terminal.master, paths.console);
  sys.close(go);
  sys.writeAll(gone, "g");
  sys.close(gone);
  const signal = await ended;
  sys.unwatch(terminal.master, "r");
  sys.close(terminal.master);
  sys.close(held);
  removePid(paths.init);
  dropPort(octet, i);
  return signal;
}

/** Removes the link if it is there: it outlives init by a moment, and longer where a connection lingers. */
function dropPort(octet: number, i: number): void {
  const port = portName(octet, i);
  if (!existsSync(`/sys/class/net/${port}`)) return;
  try {
    tool("ip", ["link", "del", port]);
  } catch (error) {
    if (existsSync(`/sys/class/net/${port}`)) throw error;
  }
}

/** Appends what comes out of the console to a file: a terminal that nobody reads would fill up and stop its writers. */
function keepConsole(master: number, path: string): void {
  const chunk = new Uint8Array(4096);
  sys.watch(master, "r", () => {
    let length = 0;
    try {
      length = sys.read(master, chunk, 0, chunk.length);
    } catch (error) {
      if (!hasCode(error, "EAGAIN")) throw error;
    }
    if (existsSync(path) && statSync(path).size > CONSOLE_LIMIT) rmSync(path, { force: true });
    appendFileSync(path, chunk.subarray(0, length));
  });
}
