import assert from "node:assert/strict";
import { test } from "node:test";
import type { StartRequest } from "../../../src/common/contract/protocol.ts";
import { containerConfig, mergeEnv } from "../../../src/slave/container/config.ts";
import { object } from "../../../src/slave/container/json.ts";

const request: StartRequest = {
  image: "i",
  fleet: "f",
  env: { GREETING: "hi" },
  volumes: ["data:/var/lib/data"],
  memory: null,
  restart: "always",
};

test("the request's variables replace the image's in place, and new ones follow", () => {
  assert.deepEqual(mergeEnv(["PATH=/bin", "A=1", "B=x=y"], { A: "2", Z: "" }), [
    "PATH=/bin",
    "A=2",
    "B=x=y",
    "Z=",
  ]);
});

test("what the image says and the request does not touch stays", () => {
  const image = {
    ociVersion: "1.0.2",
    root: { path: "other", readonly: true },
    process: { args: ["/bin/x"], cwd: "/", env: [], user: { uid: 5, gid: 5 } },
    mounts: [{ destination: "/proc", type: "proc" }],
    annotations: { "org.example": "1" },
  };
  const config = containerConfig(image, request, "/var/lib/vz/logs/web.log", false);
  assert.equal(config["ociVersion"], "1.0.2");
  assert.deepEqual(config["root"], { path: "rootfs", readonly: true });
  assert.deepEqual(object(config["process"])["args"], ["/bin/x"]);
  assert.deepEqual(config["annotations"], {
    "org.example": "1",
    "vz.log": "/var/lib/vz/logs/web.log",
    "vz.log.limit": "1048576",
    "vz.backoff": "true",
    "vz.root.shared": "false",
  });
});

test("a memory limit goes beside what the image limits itself", () => {
  const image = {
    linux: { namespaces: [{ type: "mount" }], resources: { pids: { limit: 9 }, memory: { swap: 5 } } },
  };
  const { linux } = containerConfig(image, { ...request, memory: 1024 }, "/l", true);
  assert.deepEqual(linux, {
    namespaces: [{ type: "mount" }],
    resources: { pids: { limit: 9 }, memory: { swap: 5, limit: 1024 } },
  });
  assert.deepEqual(containerConfig(image, request, "/l", true)["linux"], image.linux);
});

test("a volume is a bind mount of its directory, behind the image's own mounts, without devices and set-id files", () => {
  const mounts = containerConfig({ mounts: [{ destination: "/proc" }] }, request, "/l", true)["mounts"];
  assert.deepEqual(mounts, [
    { destination: "/proc" },
    {
      destination: "/var/lib/data",
      type: "bind",
      source: "/var/lib/vz/volumes/data",
      options: ["bind", "rw", "nosuid", "nodev"],
    },
  ]);
});
