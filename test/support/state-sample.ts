/** What runch remembers of a container that runs, for tests that need some state. */
import type { ContainerStateFile } from "../../src/common/contract/container-state.ts";

export const sampleState: ContainerStateFile = {
  version: 1,
  id: "web",
  bundle: "/b",
  rootfs: "/b/rootfs",
  status: "running",
  pid: 42,
  starttime: 777,
  boot: "boot",
  created: "2026-01-01T00:00:00.000Z",
  started: "2026-01-01T00:00:00.000Z",
  restarts: 3,
  quick: 2,
  backoff: true,
  reason: null,
  hostMounts: null,
  ociVersion: "1.0.2",
  annotations: {},
};
