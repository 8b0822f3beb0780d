import type { Command } from "../../common/command/command.ts";
import { table } from "../../common/command/table.ts";
import { Status } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { vendorOf } from "../fleet-file.ts";
import { numbered } from "../host/groups.ts";
import { vpsAddress } from "../host/network.ts";
import { type LabSettings, labName, readSettings, vpsPaths } from "../host/state.ts";
import { vpsState } from "../vps/power.ts";
import { readPid } from "../vps/processes.ts";

export const ls: Command = {
  name: "vz lab ls",
  summary: "list the VPSes and their states",
  usage: ["vz lab ls [--json]"],
  details:
    "A VPS is up, booting, cut (it runs, its link does not) or dead (kill, or its own poweroff). " +
    "Its kind is namespace or vm; a vm is up as soon as its qemu runs.",
  options: [
    { name: "json", help: "an array of {name, address, vendor, state, kind, arch, init, pid, memory}" },
  ],
  examples: [],
  async run(args, io) {
    const settings = readSettings(labName(io));
    if (args.flag("json"))
      io.out(`${JSON.stringify(settings === undefined ? [] : rows(settings), null, 2)}\n`);
    else if (settings === undefined) io.err(`vz: lab ${labName(io)} is not up\n`);
    else showLab(settings, io);
    return Status.ok;
  },
};

/** A row of `vz lab ls --json`. */
export interface LabRow {
  name: string;
  address: string;
  vendor: string;
  state: string;
  kind: "namespace" | "vm";
  arch: string;
  init: string;
  /** PID 1 as this machine sees it, of a vm its qemu; null when the VPS is dead. */
  pid: number | null;
  /** Bytes. */
  memory: number;
}

function rows(settings: LabSettings): LabRow[] {
  return numbered(settings.groups).map(([i, { kind, arch, vendors, init, memory }]) => ({
    name: `vps${i}`,
    address: vpsAddress(settings.octet, i),
    vendor: vendorOf(i, vendors),
    state: vpsState(settings, i),
    kind,
    arch,
    init,
    pid: readPid(vpsPaths(settings.name, i).init) ?? null,
    memory: memory * 1024 * 1024,
  }));
}

export function showLab(settings: LabSettings, io: Io): void {
  const cells = rows(settings).map((row) => [
    row.name,
    row.address,
    row.vendor,
    row.state,
    row.kind,
    row.arch,
    row.init,
    row.pid === null ? "-" : String(row.pid),
    `${row.memory / 1024 / 1024} MB`,
  ]);
  const heads = ["VPS", "ADDRESS", "VENDOR", "STATE", "KIND", "ARCH", "INIT", "PID 1", "MEMORY"];
  io.out(table(heads, cells, io.outColumns));
}
