/** `runch state` and `runch list`: what there is, in the JSON and the columns of runc. */
import type { ContainerStateFile, RunStatus } from "../../common/container-state.ts";
import * as store from "./state-store.ts";

/** The specification's four states ("State", runtime.md); ours have more to tell. */
export function ociStatus(status: RunStatus): "creating" | "created" | "running" | "stopped" {
  if (status === "restarting") return "creating";
  return status === "failed" ? "stopped" : status;
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

export function ociState(state: ContainerStateFile, now: RunStatus): OciState {
  const status = ociStatus(now);
  return {
    ociVersion: state.ociVersion,
    id: state.id,
    pid: status === "stopped" ? 0 : state.pid,
    status,
    bundle: state.bundle,
    rootfs: state.rootfs,
    created: state.created,
    owner: "root",
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

export function showState(root: string, id: string): string {
  const state = store.needState(root, id);
  return `${JSON.stringify(ociState(state, store.currentStatus(state)), null, 2)}\n`;
}

export function showList(root: string, format: "table" | "json", quiet: boolean): string {
  const ids = store.listIds(root);
  if (quiet) return ids.map((id) => `${id}\n`).join("");
  const states = ids
    .map((id) => store.readState(root, id))
    .filter((state) => state !== null)
    .map((state) => ociState(state, store.currentStatus(state)));
  return format === "json" ? `${JSON.stringify(states)}\n` : listTable(states);
}
