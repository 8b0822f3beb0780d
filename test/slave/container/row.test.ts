import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerStateFile, RunStatus } from "../../../src/common/container-state.ts";
import { type ContainerRecord, parseRecord } from "../../../src/slave/container/record.ts";
import { containerRow } from "../../../src/slave/container/row.ts";

const record: ContainerRecord = {
  name: "web-1",
  fleet: "f",
  image: "sha256:1",
  imageName: "web",
  spec: "s",
  restart: "always",
  desired: "running",
  launched: false,
};

function seen(status: RunStatus, reason: string | null = null) {
  const file: ContainerStateFile = {
    version: 1,
    id: "web-1",
    bundle: "/b",
    rootfs: "/b/rootfs",
    status,
    pid: 42,
    starttime: 7,
    boot: "",
    created: "2026-01-01T00:00:00Z",
    started: "2026-01-02T00:00:00Z",
    restarts: 3,
    quick: 0,
    backoff: true,
    reason,
    hostMounts: null,
    ociVersion: "1.0.2",
    annotations: {},
  };
  return { file, status };
}

test("a running container tells its process, its age and its memory", () => {
  assert.deepEqual(containerRow(record, seen("running"), 4096, true), {
    container: "web-1",
    state: "running",
    pid: 42,
    restarts: 3,
    since: "2026-01-02T00:00:00Z",
    image: "sha256:1",
    imageName: "web",
    rss: 4096,
    spec: "s",
    fleet: "f",
    reason: null,
  });
});

test("the state follows from what is wanted, what is seen and whether init knows", () => {
  const stopped = { ...record, desired: "stopped" } as const;
  const once = { ...record, restart: "never", launched: true } as const;
  const cases = [
    [record, seen("stopped"), true, "restarting"],
    [record, seen("restarting"), true, "restarting"],
    [record, null, true, "restarting"],
    [record, null, false, "stopped"],
    [record, seen("failed", "no such file"), true, "failed"],
    [stopped, seen("stopped"), false, "stopped"],
    [stopped, seen("failed", "no config.json"), false, "stopped"],
    [stopped, seen("running"), true, "running"],
    [once, seen("stopped"), false, "stopped"],
    [once, seen("failed", "x"), false, "failed"],
    [once, seen("running"), false, "running"],
  ] as const;
  for (const [wanted, what, supervised, state] of cases) {
    const row = containerRow(wanted, what, 1, supervised);
    assert.equal(row.state, state, JSON.stringify([wanted, what?.status, supervised]));
    assert.equal(row.pid === null, state !== "running");
    assert.equal(row.rss === null, state !== "running");
  }
});

test("why a container failed or does not run is told", () => {
  assert.equal(containerRow(record, seen("failed", "cannot start: x"), 0, true).reason, "cannot start: x");
  assert.match(containerRow(record, null, 0, false).reason ?? "", /init does not know/);
});

test("a record is read whole or not at all", () => {
  assert.deepEqual(parseRecord(JSON.stringify(record)), record);
  for (const damage of ["", "{", "null", "[]", JSON.stringify({ ...record, desired: "maybe" })]) {
    assert.equal(parseRecord(damage), undefined, damage);
  }
  for (const key of Object.keys(record)) {
    const { [key as keyof ContainerRecord]: _, ...rest } = record;
    assert.equal(parseRecord(JSON.stringify(rest)), undefined, key);
  }
});
