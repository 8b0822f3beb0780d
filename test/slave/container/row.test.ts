import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerStateFile, RunStatus } from "../../../src/common/contract/container-state.ts";
import { type ContainerRecord, parseRecord } from "../../../src/slave/container/record.ts";
import { containerRow } from "../../../src/slave/container/row.ts";

const record: ContainerRecord = {
  name: "web-1",
  fleet: "f",
  image: "sha256:1",
  imageName: "web",
  architecture: "i386",
  spec: "s",
  restart: "always",
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
  assert.deepEqual(containerRow(record, true, seen("running"), 4096, true), {
    container: "web-1",
    state: "running",
    pid: 42,
    restarts: 3,
    since: "2026-01-02T00:00:00Z",
    image: "sha256:1",
    imageName: "web",
    architecture: "i386",
    rss: 4096,
    spec: "s",
    fleet: "f",
    reason: null,
  });
});

test("the state follows from what is wanted, what is seen and whether init knows", () => {
  const once = { ...record, restart: "never", launched: true } as const;
  const cases = [
    [record, true, seen("stopped"), true, "restarting"],
    [record, true, seen("restarting"), true, "restarting"],
    [record, true, null, true, "restarting"],
    [record, true, null, false, "stopped"],
    [record, true, seen("failed", "no such file"), true, "failed"],
    [record, false, seen("stopped"), false, "stopped"],
    [record, false, seen("failed", "no config.json"), false, "stopped"],
    [record, false, seen("running"), true, "running"],
    [once, true, seen("stopped"), false, "stopped"],
    [once, true, seen("failed", "x"), false, "failed"],
    [once, true, seen("running"), false, "running"],
  ] as const;
  for (const [of, wanted, what, supervised, state] of cases) {
    const row = containerRow(of, wanted, what, 1, supervised);
    assert.equal(row.state, state, JSON.stringify([of.restart, wanted, what?.status, supervised]));
    assert.equal(row.pid === null, state !== "running");
    assert.equal(row.rss === null, state !== "running");
  }
});

test("why a container failed or does not run is told", () => {
  assert.equal(
    containerRow(record, true, seen("failed", "cannot start: x"), 0, true).reason,
    "cannot start: x",
  );
  assert.match(containerRow(record, true, null, 0, false).reason ?? "", /init does not know/);
});

test("a record is read whole or not at all", () => {
  assert.deepEqual(parseRecord(JSON.stringify(record)), record);
  for (const damage of ["", "{", "null", "[]", JSON.stringify({ ...record, restart: "maybe" })]) {
    assert.equal(parseRecord(damage), undefined, damage);
  }
  const { architecture, ...needed } = record;
  assert.equal(architecture, "i386");
  assert.deepEqual(parseRecord(JSON.stringify(needed)), { ...record, architecture: null }, "by an older vz");
  for (const key of Object.keys(needed)) {
    const { [key as keyof ContainerRecord]: _, ...rest } = record;
    assert.equal(parseRecord(JSON.stringify(rest)), undefined, key);
  }
});
