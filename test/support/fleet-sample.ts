/** A fleet of two hosts and a container that runs on one of them, for tests that need some fleet. */
import type { ContainerRow } from "../../src/common/contract/protocol.ts";
import { parseFleet } from "../../src/master/fleet/fleet.ts";

export const sampleFleet = parseFleet(
  `fleet: f
ssh: {key: k}
hosts:
  a: {address: h1, vendor: alpha}
  b: {address: h2, vendor: beta}
services:
  web: {image: web.tar, replicas: 2}
`,
  "/fleet.yaml",
  "/root",
);

export const sampleRow: ContainerRow = {
  container: "web-1",
  state: "running",
  pid: 7,
  restarts: 2,
  since: "2026-01-01T00:00:00Z",
  image: `sha256:${"ab".repeat(32)}`,
  imageName: "web",
  architecture: "i386",
  rss: 2048,
  spec: "s",
  fleet: "f",
  reason: null,
};
