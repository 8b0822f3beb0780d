/** The checks of a manifest: one small implementation for every role, since a slave's vz has no room for a library. */

import { isName } from "../contract/names.ts";
import { Status, VzError } from "../errors.ts";
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
export function parseManifest(json: string, label: string): Manifest {
  const fail: Fail = (where, why) => {
    throw new VzError(Status.badData, `${label}: ${MANIFEST_NAME}: ${where}: ${why}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new VzError(Status.badData, `${label}: ${MANIFEST_NAME}: not JSON`, { cause });
  }
  const later = checkSchema(value, label) > 1;
  const plain = object(value, later ? [...HEAD_KEYS, "provenance"] : HEAD_KEYS, (why) => fail("top", why));
  const totals = object(plain["totals"], ["files", "bytes"], (why) => fail("totals", why));
  const text = (key: string, pattern: RegExp) =>
    isText(plain[key], pattern) ? plain[key] : fail(key, "not in its form");
  const list = (key: string): readonly unknown[] => {
    const items = plain[key];
    return Array.isArray(items) ? items : fail(key, "not a list");
  };
  const total = (key: string) =>
    isInteger(totals[key], Number.MAX_SAFE_INTEGER)
      ? totals[key]
      : fail(`totals.${key}`, "not a whole number in range");
  const name = text("name", /^/);
  if (!isName(name)) fail("name", "not a name");
  const manifest: Manifest = {
    name,
    created: text("created", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    architecture: text("architecture", /^[a-z0-9_-]{1,32}$/),
    command: list("command").map((word, i) =>
      typeof word === "string" ? word : fail(`command[${i}]`, "not a string"),
    ),
    kernelFloor: plain["kernelFloor"] === null ? null : text("kernelFloor", /^\d{1,3}(\.\d{1,4}){1,2}$/),
    totals: { files: total("files"), bytes: total("bytes") },
    files: list("files").map((one, i) => readEntry(one, i, fail)),
    ...(later ? { provenance: plain["provenance"] } : {}),
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

/** Comes first, so that an image of a later vz is reported as such and not as a bad one. */
function checkSchema(value: unknown, label: string): number {
  const schema = isObject(value) ? value["schema"] : undefined;
  if (schema === 1 || schema === SCHEMA) return schema;
  const newer = typeof schema === "number" && schema > SCHEMA;
  throw new VzError(
    Status.badData,
    `${label}: ${MANIFEST_NAME}: ${newer ? `schema ${schema} is newer than this vz` : "not a manifest of vz"}`,
    newer ? { hint: "upgrade vz" } : {},
  );
}

/** Runs for each of maybe thousands of files at every start of a container, so it builds texts only for errors. */
function readEntry(value: unknown, index: number, fail: Fail): Entry {
  const type = isObject(value) ? value["type"] : undefined;
  const keys = typeof type === "string" && Object.hasOwn(KEYS_OF_TYPE, type) ? KEYS_OF_TYPE[type] : undefined;
  if (keys === undefined) return fail(`files[${index}].type`, "not a kind of file");
  const plain = object(value, keys, (why) => fail(`files[${index}]`, why));
  const path = plain["path"];
  if (typeof path !== "string") return fail(`files[${index}].path`, "not a string");
  const bad = whyBadPath(path);
  if (bad !== undefined) fail(shown(path), bad);
  const number = (key: string, max: number) =>
    isInteger(plain[key], max) ? plain[key] : fail(`${shown(path)}: ${key}`, "not a whole number in range");
  const text = (key: string, pattern: RegExp) =>
    isText(plain[key], pattern) ? plain[key] : fail(`${shown(path)}: ${key}`, "not in its form");
  const mode = Number.parseInt(text("mode", /^[0-7]{4}$/), 8);
  const node = { path, mode, uid: number("uid", MAX_ID), gid: number("gid", MAX_ID) };
  switch (type) {
    case "file":
      return {
        ...node,
        type,
        size: number("size", Number.MAX_SAFE_INTEGER),
        sha256: text("sha256", /^[0-9a-f]{64}$/),
      };
    case "symlink": {
      const target = text("target", /^/);
      const why = whyBadTarget(target);
      return why === undefined ? { ...node, type, target } : fail(`${shown(path)}: target`, why);
    }
    case "char":
    case "block":
      return { ...node, type, major: number("major", 0xfff), minor: number("minor", 0xfffff) };
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` as an object with exactly these keys. */
export function object(
  value: unknown,
  keys: readonly string[],
  fail: (why: string) => never,
): Record<string, unknown> {
  if (!isObject(value)) return fail("not an object");
  const found = Object.keys(value);
  for (const key of found) if (!keys.includes(key)) fail(`unknown key ${shown(key)}`);
  if (found.length === keys.length) return value;
  return fail(`${keys.find((key) => !Object.hasOwn(value, key))} is missing`);
}

/** Whether `value` is a string of this form. */
export function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

function isInteger(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}
