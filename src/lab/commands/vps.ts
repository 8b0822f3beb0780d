/**
 * The runner of one VPS: started by `up` and `boot`, in a session of its own, it is the parent of the VPS's init or qemu, keeps its
 * console's output, boots it again when it reboots, and ends with it. Whatever ends the runner ends the VPS.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { constants as osConstants } from "node:os";
import * as sys from "vz:sys";
import type { Command } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { groupOf, type NamespaceGroup } from "../host/groups.ts";
import { tryLock } from "../host/lock.ts";
import { needRoot } from "../host/need-root.ts";
import { type LabSettings, labName, needSettings, vpsNumber, vpsPaths } from "../host/state.ts";
import { holdInTools } from "../host/tool.ts";
import { runMachine } from "../vm/run.ts";
import { enterGroup, runnerGroup } from "../vps/cgroup.ts";
import { meminfo } from "../vps/mount-plan.ts";
import { runNamespace } from "../vps/namespace.ts";
import { removePid, writePid } from "../vps/processes.ts";

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
    const group = groupOf(settings.groups, i);
    const paths = vpsPaths(settings.name, i);
    const lock = tryLock(paths.lock);
    if (lock === undefined) throw new VzError(Status.tryAgain, `vps${i}: has a runner already`);
    holdInTools(lock);
    writePid(paths.runner, sys.getpid());
    sys.umask(0o022);
    enterGroup(runnerGroup(settings.name), sys.getpid());
    if (group.kind === "vm") await runMachine(settings, group, i);
    else await bootNamespace(settings, group, i);
    removePid(paths.runner);
    return Status.ok;
  },
};

async function bootNamespace(settings: LabSettings, group: NamespaceGroup, i: number): Promise<void> {
  const paths = vpsPaths(settings.name, i);
  mkdirSync(paths.mount, { recursive: true });
  if (group.memoryLimited) writeFileSync(paths.meminfo, meminfo(group.memory * 1024));
  // Inside a pid namespace reboot(2) ends init: by SIGHUP to start again, by SIGINT to halt. reboot(2), NOTES.
  while ((await runNamespace(settings, group, i)) === osConstants.signals.SIGHUP) {}
}
