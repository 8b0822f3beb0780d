/** The provenance of an image: reads it from the file beside a bundle's `config.json`, and checks it. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import {
  MANIFEST_NAME,
  type Manifest,
  type PackageVersion,
  type Provenance,
} from "../../common/image/manifest.ts";
import { isText, object } from "../../common/image/parse-manifest.ts";

/** Lies beside a bundle's config.json. */
export const PROVENANCE_NAME = "provenance.json";
/** Bounds the length of the command, too. */
const MAX_BYTES = 1024 * 1024;
const MAX_PACKAGES = 10_000;

/** Forms of the names, versions and architectures of packages in Debian, RPM, apk and pacman. */
const PACKAGE_FORMS = {
  name: /^[A-Za-z0-9][A-Za-z0-9+._-]{0,254}$/,
  version: /^[A-Za-z0-9.+~^:_-]{1,255}$/,
  architecture: /^[a-z0-9_-]{1,32}$/,
} as const;
const LINE = /^[^\p{Cc}\p{Cs}]{0,255}$/u;

/** The provenance beside the `config.json` of a bundle, undefined where there is none. @throws VzError 65 */
export function readProvenance(bundleDir: string): Provenance | undefined {
  const file = join(bundleDir, PROVENANCE_NAME);
  const bad = (why: string, cause?: unknown) => new VzError(Status.badData, `${file}: ${why}`, { cause });
  let text: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw bad("not a regular file");
    if (stat.size > MAX_BYTES) throw bad("too large");
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return undefined;
    throw cause;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad("not JSON", cause);
  }
  return parseProvenance(value, file);
}

/** The provenance of an image, undefined where it has none. @throws VzError 65 */
export function provenanceOf({ provenance }: Manifest, label: string): Provenance | undefined {
  return provenance === undefined
    ? undefined
    : parseProvenance(provenance, `${label}: ${MANIFEST_NAME}: provenance`);
}

/**
 * Checks a provenance. The result has its keys in one order and its packages sorted, whatever the order of `value`.
 * @throws VzError 65 for anything that is not exactly a provenance
 */
export function parseProvenance(value: unknown, label: string): Provenance {
  const fail = (where: string, why: string): never => {
    throw new VzError(Status.badData, `${label}: ${where === "" ? "" : `${where}: `}${why}`);
  };
  const fields = (part: unknown, keys: readonly string[], where: string) =>
    object(part, keys, (why) => fail(where, why));
  const list = (part: unknown, where: string): readonly unknown[] =>
    Array.isArray(part) ? part : fail(where, "not a list");
  const text = (part: unknown, form: RegExp, where: string) =>
    isText(part, form) ? part : fail(where, "not in its form");

  const plain = fields(value, ["command", "host", "packages"], "");
  const command = list(plain["command"], "command").map((word, i) => text(word, /^[^\0]*$/, `command[${i}]`));
  const listed = list(plain["packages"], "packages");
  if (listed.length > MAX_PACKAGES) fail("packages", `more than ${MAX_PACKAGES}`);
  const packages = listed.map((one, i) => {
    const part = fields(one, ["name", "version", "architecture"], `packages[${i}]`);
    const field = (key: keyof typeof PACKAGE_FORMS) =>
      text(part[key], PACKAGE_FORMS[key], `packages[${i}].${key}`);
    return { name: field("name"), version: field("version"), architecture: field("architecture") };
  });
  packages.sort(comparePackages);
  const twin = packages.find((one, i) => i > 0 && comparePackages(one, packages[i - 1] ?? one) === 0);
  if (twin !== undefined) fail("packages", `${twin.name} ${twin.architecture} comes twice`);
  if (plain["host"] === null) return { command, host: null, packages };
  const host = fields(plain["host"], ["id", "version", "name"], "host");
  const line = (key: string) => text(host[key], LINE, `host.${key}`);
  return { command, host: { id: line("id"), version: line("version"), name: line("name") }, packages };
}

/** The order of packages: by name, then architecture. */
export function comparePackages(a: PackageVersion, b: PackageVersion): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.architecture === b.architecture ? 0 : a.architecture < b.architecture ? -1 : 1;
}
