/**
 * Which files of src/ travel together as one bundle of bytecode, and which of the bundles are packed. A file of src/ is a concern; when it is
 * read is a fact about start-up, and stands here and at the import that is late (`import()`, `import defer`: split.mjs). What is
 * imported late by one name in one place and is not listed is a bundle of its own.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { nodeFile, root } from "./base-target.mjs";

const { resolve: packageFile } = createRequire(import.meta.url);
const source = (path) => join(root, "src", `${path}.ts`);

/** Name -> what every bundle that uses it takes from there, read once: modules of Node's, packages, files of src/. */
export const libraries = new Map([
  ["lib/buffer", nodeFile("buffer")],
  ["lib/stream", nodeFile("stream")],
  ["lib/fs", nodeFile("internal/fs-sync")],
  ["lib/timers", nodeFile("internal/timers")],
  ["lib/streamx", packageFile("streamx")],
  ["lib/tar-stream", packageFile("tar-stream")],
  ["lib/command", source("common/command/command")],
  ["lib/errors", source("common/errors")],
  ["lib/help", source("common/command/help")],
  ["lib/yaml-file", source("common/yaml-file")],
]);

/** All of runch: what others use of it is little, and bundled in. */
export const RUNCH = join(root, "src/slave/runch/");
const SYSTEM = join(root, "src/slave/system/");

const inRunch = (names) => names.map((name) => source(`slave/runch/${name}`));
const inSystem = (names) => names.map((name) => source(`slave/system/${name}`));
const inCgroup = (names) => inRunch(names.map((name) => `cgroup/${name}`));

/** What is one bundle for all bundles of runch. */
export const shared = [
  {
    // what every command of runch reads
    name: "lib/runch-state",
    among: [RUNCH, SYSTEM],
    files: [...inSystem(["complain", "failure", "files", "linux"]), ...inRunch(["isolation", "state-store"])],
  },
  // what every command line needs but that of init
  { name: "lib/runch-line", among: [RUNCH, SYSTEM], files: inRunch(["options"]) },
  {
    // what every start of a process does
    name: "lib/runch-core",
    among: [RUNCH, SYSTEM],
    files: [
      ...inRunch(["bundle", "capabilities", "container", "credentials", "devices", "enter", "mount-options"]),
      ...inRunch(["mounts", "parts", "plan", "plan-devices", "plan-process", "program", "program-check"]),
      ...inRunch(["program-path", "rootfs-path", "shortfalls"]),
      ...["common/oci/oci", "common/oci/oci-read"].map(source),
    ],
  },
  {
    name: "lib/cgroup",
    among: [join(RUNCH, "cgroup/")],
    files: [
      ...inCgroup(["apply-limits", "attach-devices", "cgroup-path", "cgroup-tree", "control-files"]),
      ...inCgroup(["create-cgroup", "device-program", "device-rules", "find-hierarchies", "freezer"]),
      ...inCgroup(["hierarchies", "limits", "limits-v1", "limits-v2", "plan-cgroup", "remove-cgroup"]),
      ...inCgroup(["resources"]),
    ],
  },
];

/** Folders and files of which a slave reads nothing. */
const HOST = ["master", "trace", "ldd", "image", "lab", "cli/manual"];

/**
 * What a slave reads seldom, and not when a container starts: it takes the time to unpack them, and has room on its disk.
 * The archive's reader is among them, for whose start the loading of an image does not wait.
 */
const SELDOM = new Set([
  ...["lib/stream", "lib/streamx", "lib/tar-stream", "common/image/zstd", "slave/store/load-role"],
  ...["slave/probe/command", "slave/runch/runch-help"],
  ...["events", "features", "ps", "spec", "update"].map((name) => `slave/runch/commands/${name}`),
]);

/** Whether only a master, a build host or a lab reads the bundle `name`, and never a slave. */
export function isOfHost(name) {
  return HOST.some((one) => `${name}/`.startsWith(`${one}/`));
}

/** Whether the bundle `name` is packed, to save room. */
export function isPacked(name) {
  return isOfHost(name) || SELDOM.has(name);
}

/**
 * What runs on a slave for every container must start in a millisecond or two: bytes of bundled source that are read by it, with
 * the bundles that it is read from. What main reads is read in every role and is not counted again.
 */
export const LIMITS = [
  { what: "main", names: ["main"], limit: 40 * 1024 },
  { what: "runch start BUNDLE-DIR", names: ["slave/runch", "slave/runch/start-bundle"], limit: 60 * 1024 },
  { what: "vzexec", names: ["slave/vzexec"], limit: 60 * 1024 },
];
