/**
 * Which files of src/ travel together as one bundle of bytecode, and which of the bundles are packed. A file of src/ is a concern;
 * when it is read is a fact about start-up, and stands here and at the import that is late (`import()`, `import defer`: split.mjs).
 * A file that is imported late and not listed here is a bundle of its own.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { nodeFile, root } from "./base-target.mjs";

const { resolve: packageFile } = createRequire(import.meta.url);
const source = (path) => join(root, "src", `${path}.ts`);

/** Name -> file of a bundle that is read once for all bundles that use it: modules of Node's, packages, files of src/. */
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
    files: [
      ...inSystem(["complain", "failure", "files", "linux", "replace-text"]),
      ...inRunch(["shortfalls", "state/state-store"]),
      ...["common/contract/container-state", "common/proc-stat"].map(source),
    ],
  },
  // for what asks for containers by their ids
  { name: "lib/runch-register", among: [RUNCH], files: inRunch(["state/register"]) },
  // what every command line needs except that of init
  { name: "lib/runch-line", among: [RUNCH], files: inRunch(["commands/options", "usage-error"]) },
  {
    // what every start of a process does
    name: "lib/runch-core",
    among: [RUNCH],
    files: [
      ...inRunch(["config/plan", "life/bundle", "life/container"]),
      ...inRunch(["devices/plan", "devices/make", "namespaces/make"]),
      ...inRunch(["mounts/options", "mounts/make", "mounts/inside", "mounts/rootfs-path"]),
      ...inRunch(["process/plan", "process/capabilities", "process/credentials"]),
      ...inRunch(["program/path", "program/head", "program/execute"]),
      ...["common/oci/oci", "common/oci/oci-read"].map(source),
    ],
  },
  // for filters, and for what is told of them
  { name: "lib/system-calls", among: [RUNCH], files: inRunch(["seccomp/abis", "seccomp/syscall-tables"]) },
  {
    name: "lib/cgroup",
    among: [RUNCH],
    files: [
      ...inCgroup(["hierarchies", "tree", "path", "control-files"]),
      ...inCgroup(["plan", "create", "remove", "freezer", "resources"]),
      ...inCgroup(["limits", "limits-v1", "limits-v2", "apply-limits"]),
      ...inCgroup(["device-rules", "device-program", "attach-devices"]),
    ],
  },
];

/** What is imported late, and then all at once. */
export const late = [
  {
    // what changes something, or takes long: `vzexec ps`, `logs` and `version` start without it
    name: "slave/vzexec/work",
    files: [
      ...["container/containers", "container/request", "container/tree", "probe/facts"],
      ...["store/real-system", "vzexec/subsystem", "vzexec/verbs/load-upload"],
    ].map((name) => source(`slave/${name}`)),
  },
  {
    // what is read while the traced run lasts, so that it starts early, and what only some options ask for before it
    name: "trace/after",
    files: [
      ...["after", "check/check", "make/user-database", "recipe/recipe", "report/packages", "report/report"],
      ...["select/ahead", "select/glob", "select/spec", "watch/exercise", "watch/root"],
    ].map((name) => source(`trace/${name}`)),
  },
  {
    // what is done to the cgroups of an existing container
    name: "slave/runch/cgroup",
    files: inCgroup(["freezer", "owner", "remove", "tree"]),
  },
];

/** Folders and files of which a slave reads nothing. */
const HOST = ["master", "trace", "ldd", "image", "lab", "cli/manual"];

/**
 * What a slave reads seldom, and not when a container starts: it takes the time to unpack these, and saves room on its disk.
 * The reader of archives is among them: the loading of an image does not wait for its start.
 */
const SELDOM = new Set([
  ...["lib/stream", "lib/streamx", "lib/tar-stream", "common/image/zstd", "slave/store/load-role"],
  ...["slave/probe/command", "slave/runch/commands/help"],
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
 * What runs on a slave for every container must start in a millisecond or two: the most bytes of bundled source that it may read,
 * with the bundles that it reads. Every role reads what main reads; that is not counted again.
 */
export const LIMITS = [
  { what: "main", names: ["main"], limit: 40 * 1024 },
  {
    what: "runch start BUNDLE-DIR",
    names: ["slave/runch", "slave/runch/life/start-bundle"],
    limit: 60 * 1024,
  },
  { what: "vzexec", names: ["slave/vzexec"], limit: 60 * 1024 },
];
