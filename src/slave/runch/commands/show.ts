/** `runch state` and `runch list`: the containers, in the JSON and the columns of runc. */
import type { ContainerStateFile, RunStatus } from "../../../common/contract/container-state.ts";
import { readTextIfAny } from "../../system/files.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";

/** The specification's four states ("State", runtime.md), and runc's "paused"; RunStatus has more. */
export type OciStatus = "creating" | "created" | "running" | "paused" | "stopped";

export function ociStatus(status: RunStatus): OciStatus {
  if (status === "restarting") return "creating";
  return status === "failed" ? "stopped" : status;
}

/** What the container is doing now; its cgroup knows whether it is paused. */
export async function statusNow(state: ContainerStateFile): Promise<OciStatus> {
  const status = ociStatus(register.currentStatus(state));
  if (status !== "running" || !state.cgroups?.length) return status;
  return (await import("../cgroup/freezer.ts")).isFrozen(state.cgroups) ? "paused" : status;
}

export interface OciState {
  readonly ociVersion: string;
  readonly id: string;
  readonly pid: number;
  readonly status: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly created: string;
  readonly owner: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export function ociState(state: ContainerStateFile, status: OciStatus): OciState {
  return {
    ociVersion: state.ociVersion,
    id: state.id,
    pid: status === "stopped" ? 0 : state.pid,
    status,
    bundle: state.bundle,
    rootfs: state.rootfs,
    created: state.created,
    owner: ownerName(state.owner ?? 0),
    annotations: state.annotations,
  };
}

/** runc's columns, as wide as their widest cell. */
export function listTable(states: readonly OciState[]): string {
  const rows = [
    ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"],
    ...states.map((s) => [s.id, String(s.pid), s.status, s.bundle, s.created, s.owner]),
  ];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(12, ...rows.map((row) => (row[i]?.length ?? 0) + 3)));
  return rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("")}\n`).join("");
}

/** By the machine's /etc/passwd; the number where it has no name. */
function ownerName(uid: number): string {
  if (uid === 0) return "root";
  const line = readTextIfAny("/etc/passwd")
    ?.split("\n")
    .find((one) => one.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? String(uid);
}

export async function showState(root: string, id: string): Promise<string> {
  const state = register.needState(root, id);
  return `${JSON.stringify(ociState(state, await statusNow(state)), null, 2)}\n`;
}

export async function showList(root: string, format: "table" | "json", quiet: boolean): Promise<string> {
  const ids = register.listIds(root);
  if (quiet) return ids.map((id) => `${id}\n`).join("");
  const states: OciState[] = [];
  for (const id of ids) {
    const state = store.readState(root, id);
    if (state !== null) states.push(ociState(state, await statusNow(state)));
  }
  return format === "json" ? `${JSON.stringify(states)}\n` : listTable(states);
}
