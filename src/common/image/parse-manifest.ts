/** The checks of a manifest: one small implementation for every role, since a slave's has no room for a library. */
import { Status, VzError } from "../errors.ts";
import { isName } from "../names.ts";
import { compareNames, parentOf, whyBadPath, whyBadTarget } from "./file-names.ts";
import {
  CONFIG_NAME,
  type Entry,
  MANIFEST_NAME,
  MAX_CONFIG_BYTES,
  type Manifest,
  ROOTFS_NAME,
  SCHEMA,
  shown,
  totalsOf,
} from "./manifest.ts";

/** The highest uid and gid: (uid_t) -1 means "leave alone" to chown. */
const MAX_ID = 0xffff_fffe;

/**
 * Reads and checks the text of a `vz.json`. What it gives is safe to lay out on disk: every path is relative and unique,
 * and lies in a directory that the manifest lists before it, so never behind a symbolic link.
 * @param label names the image in errors
 * @throws VzError 65
 */
export function parseManifest(text: string, label: string): Manifest {
  const fail: Fail = (where, why) => {
    throw new VzError(Status.badData, `${label}: ${MANIFEST_NAME}: ${where}: ${why}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new VzError(Status.badData, `${label}: ${MANIFEST_NAME}: not JSON`, { cause });
  }
  checkSchema(value, label);
  const plain = object(value, "top", HEAD_KEYS, fail);
  const name = string(plain["name"], "name", fail);
  if (!isName(name)) fail("name", "not a name");
  const totals = object(plain["totals"], "totals", ["files", "bytes"], fail);
  const floor = plain["kernelFloor"];
  const manifest: Manifest = {
    name,
    created: matching(plain["created"], "created", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, fail),
    architecture: matching(plain["architecture"], "architecture", /^[a-z0-9_-]{1,32}$/, fail),
    command: array(plain["command"], "command", fail).map((word, i) => string(word, `command[${i}]`, fail)),
    kernelFloor: floor === null ? null : matching(floor, "kernelFloor", /^\d{1,3}(\.\d{1,4}){1,2}$/, fail),
    totals: {
      files: integer(totals["files"], "totals.files", Number.MAX_SAFE_INTEGER, fail),
      bytes: integer(totals["bytes"], "totals.bytes", Number.MAX_SAFE_INTEGER, fail),
    },
    files: array(plain["files"], "files", fail).map((one, i) => readEntry(one, `files[${i}]`, fail)),
  };
  checkTree(manifest, fail);
  return manifest;
}

type Fail = (where: string, why: string) => never;

const HEAD_KEYS = ["schema", "name", "created", "architecture", "command", "kernelFloor", "totals", "files"];
const NODE_KEYS = ["path", "type", "mode", "uid", "gid"];
const KEYS_OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  file: [...NODE_KEYS, "size", "sha256"],
  directory: NODE_KEYS,
  symlink: [...NODE_KEYS, "target"],
  char: [...NODE_KEYS, "major", "minor"],
  block: [...NODE_KEYS, "major", "minor"],
  fifo: NODE_KEYS,
};

/** First of all, so that an image of a later vz is called that and not a bad one. */
function checkSchema(value: unknown, label: string): void {
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (schema === SCHEMA) return;
  const newer = typeof schema === "number" && schema > SCHEMA;
  throw new VzError(
    Status.badData,
    `${label}: ${MANIFEST_NAME}: ${newer ? `schema ${schema} is newer than this vz` : "not a manifest of vz"}`,
    newer ? { hint: "upgrade vz" } : {},
  );
}

function readEntry(value: unknown, where: string, fail: Fail): Entry {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  const keys = typeof type === "string" && Object.hasOwn(KEYS_OF_TYPE, type) ? KEYS_OF_TYPE[type] : undefined;
  if (keys === undefined) return fail(`${where}.type`, "not a kind of file");
  const plain = object(value, where, keys, fail);
  const path = string(plain["path"], `${where}.path`, fail);
  const bad = whyBadPath(path);
  if (bad !== undefined) fail(shown(path), bad);
  const node = {
    path,
    mode: Number.parseInt(matching(plain["mode"], `${shown(path)}: mode`, /^[0-7]{4}$/, fail), 8),
    uid: integer(plain["uid"], `${shown(path)}: uid`, MAX_ID, fail),
    gid: integer(plain["gid"], `${shown(path)}: gid`, MAX_ID, fail),
  };
  switch (type) {
    case "file":
      return {
        ...node,
        type,
        size: integer(plain["size"], `${shown(path)}: size`, Number.MAX_SAFE_INTEGER, fail),
        sha256: matching(plain["sha256"], `${shown(path)}: sha256`, /^[0-9a-f]{64}$/, fail),
      };
    case "symlink": {
      const target = string(plain["target"], `${shown(path)}: target`, fail);
      const why = whyBadTarget(target);
      return why === undefined ? { ...node, type, target } : fail(`${shown(path)}: target`, why);
    }
    case "char":
    case "block": {
      const major = integer(plain["major"], `${shown(path)}: major`, 0xfff, fail);
      return { ...node, type, major, minor: integer(plain["minor"], `${shown(path)}: minor`, 0xfffff, fail) };
    }
    default:
      return { ...node, type: type === "fifo" ? "fifo" : "directory" };
  }
}

/** What no entry can tell alone: order, uniqueness, parents, sums. */
function checkTree({ files, totals }: Manifest, fail: Fail): void {
  const config = files[0];
  if (config?.path !== CONFIG_NAME || config.type !== "file")
    fail("files", `${CONFIG_NAME} is not the first`);
  if (config.size > MAX_CONFIG_BYTES) fail(CONFIG_NAME, "too large");
  if (files[1]?.path !== ROOTFS_NAME || files[1].type !== "directory") {
    fail("files", `directory ${ROOTFS_NAME} is not the second`);
  }
  const directories = new Set([ROOTFS_NAME]);
  let before: Entry = config;
  for (const entry of files.slice(1)) {
    const order = compareNames(before.path, entry.path);
    if (order === 0) fail(shown(entry.path), "listed twice");
    if (order > 0) fail(shown(entry.path), "out of order");
    if (entry.path !== ROOTFS_NAME && !directories.has(parentOf(entry.path))) {
      fail(shown(entry.path), "does not lie in a directory of the image");
    }
    if (entry.type === "directory") directories.add(entry.path);
    before = entry;
  }
  const sums = totalsOf(files);
  if (sums.files !== totals.files || sums.bytes !== totals.bytes) fail("totals", "not the sum of the files");
}

function object(value: unknown, where: string, keys: readonly string[], fail: Fail): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail(where, "not an object");
  const plain: Record<string, unknown> = { ...value };
  const unknown = Object.keys(plain).find((key) => !keys.includes(key));
  if (unknown !== undefined) fail(where, `unknown key ${shown(unknown)}`);
  const missing = keys.find((key) => !Object.hasOwn(plain, key));
  return missing === undefined ? plain : fail(where, `${missing} is missing`);
}

function array(value: unknown, where: string, fail: Fail): readonly unknown[] {
  return Array.isArray(value) ? value : fail(where, "not a list");
}

function string(value: unknown, where: string, fail: Fail): string {
  return typeof value === "string" ? value : fail(where, "not a string");
}

function matching(value: unknown, where: string, pattern: RegExp, fail: Fail): string {
  const text = string(value, where, fail);
  return pattern.test(text) ? text : fail(where, "not in its form");
}

function integer(value: unknown, where: string, max: number, fail: Fail): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
    return fail(where, "not a whole number in range");
  }
  return value;
}
