/** Runs a VPS that is a namespace of this machine's kernel, from boot to its end. */
import { existsSync, writeFileSync } from "node:fs";
import * as sys from "vz:sys";
import { type NamespaceGroup, total } from "../host/groups.ts";
import { addPort, configureVps, plugIn } from "../host/network.ts";
import { type LabSettings, vpsPaths } from "../host/state.ts";
import { ipBatch, tool } from "../host/tool.ts";
import { enterGroup, vpsGroup } from "./cgroup.ts";
import { becomeInit } from "./pid1.ts";
import { removePid, writePid } from "./processes.ts";
import { dropPort, openConsole } from "./runner.ts";

/** Boots VPS `i`, and gives the signal that ended its init. */
export async function runNamespace(settings: LabSettings, group: NamespaceGroup, i: number): Promise<number> {
  const paths = vpsPaths(settings.name, i);
  const { octet } = settings;
  writeFileSync(paths.batch, `${configureVps(octet, i, total(settings.groups)).join("\n")}\n`);
  dropPort(octet, i);
  const terminal = openConsole(paths.console);
  const [go, gone] = sys.pipe();
  const { CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET } = sys.constants;
  const pid = sys.clone(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET);
  if (pid === 0) {
    // The child's copy of this end would keep it from seeing the runner's death.
    sys.close(gone);
    becomeInit(settings.name, group, i, terminal.name, go);
  }
  const ended = new Promise<number>((resolve) => {
    sys.onChild(pid, (_code, signal) => resolve(signal));
  });
  writePid(paths.init, pid);
  enterGroup(vpsGroup(settings.name, i), pid);
  ipBatch(addPort(octet, i, pid));
  if (!existsSync(paths.cut)) tool("ip", plugIn(octet, i));
  sys.close(go);
  sys.writeAll(gone, "g");
  sys.close(gone);
  const signal = await ended;
  terminal.close();
  removePid(paths.init);
  dropPort(octet, i);
  return signal;
}
