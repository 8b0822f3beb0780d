/** A container as `vzexec ps` tells of it. */
import type { ContainerRow, ContainerState } from "../../common/contract/protocol.ts";
import type { ContainerRecord } from "./record.ts";
import type { Observed } from "./state.ts";

/**
 * @param wanted whether it is meant to run
 * @param rss resident bytes of all its processes
 * @param supervised whether init keeps it running
 */
export function containerRow(
  record: ContainerRecord,
  wanted: boolean,
  seen: Observed | null,
  rss: number,
  supervised: boolean,
): ContainerRow {
  const { state, reason } = stateOf(record, wanted, seen, supervised);
  const running = state === "running" ? seen?.file : undefined;
  return {
    container: record.name,
    state,
    pid: running?.pid ?? null,
    restarts: seen?.file.restarts ?? 0,
    since: running?.started ?? null,
    image: record.image,
    imageName: record.imageName,
    architecture: record.architecture,
    rss: running === undefined ? null : rss,
    spec: record.spec,
    fleet: record.fleet,
    reason,
  };
}

/** The row of a container of which no more is known than its name. */
export function damagedRow(name: string, reason: string): ContainerRow {
  const unknown = { image: "", imageName: "", architecture: null, spec: "", fleet: "" };
  return {
    container: name,
    state: "failed",
    pid: null,
    restarts: 0,
    since: null,
    ...unknown,
    rss: null,
    reason,
  };
}

function stateOf(
  record: ContainerRecord,
  wanted: boolean,
  seen: Observed | null,
  supervised: boolean,
): { state: ContainerState; reason: string | null } {
  const reason = seen?.file.reason ?? null;
  // Also when it is not meant to run: so a stop that was cut short shows, and can be repeated.
  if (seen?.status === "running") return { state: "running", reason: null };
  if (!wanted) return { state: "stopped", reason: null };
  if (seen?.status === "failed") return { state: "failed", reason };
  if (record.restart === "never") {
    return { state: "stopped", reason: record.launched ? reason : "was never started: start it again" };
  }
  if (!supervised) return { state: "stopped", reason: "init does not know of it: start it again" };
  return { state: "restarting", reason: reason ?? (seen === null ? null : "its program ended") };
}
