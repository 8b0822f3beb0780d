/** The section `config` of a recipe: keys of the OCI specification's `process`, and a few beside, shorter where that helps. */
import { isVzError } from "../../common/errors.ts";
import { type OciMount, processReader } from "../../common/oci/oci.ts";
import { isPlainPath } from "../../common/plain-path.ts";
import {
  isRefused,
  NO_OVERRIDES,
  type Overrides,
  parseMount,
  type UserIds,
} from "../make/bundle-overrides.ts";
import type { YamlNode } from "./yaml-reader.ts";

/** What is no key of `process`, or is read by more than the specification's rules. */
const OWN_KEYS = ["args", "env", "cwd", "user", "mounts", "hostname", "readonly", "annotations"];
/** Further keys of `process`; what they hold goes into config.json as it stands. */
const PROCESS_KEYS = [
  ...["terminal", "consoleSize", "rlimits", "capabilities", "noNewPrivileges", "oomScoreAdj"],
  ...["apparmorProfile", "selinuxLabel", "scheduler", "ioPriority", "execCPUAffinity"],
];
const USER_KEYS = ["uid", "gid", "umask", "additionalGids", "username"];
const MOUNT_KEYS = ["destination", "type", "source", "options"];

/** @param directory what sources of mounts are relative to */
export function readRecipeConfig(node: YamlNode, directory: string): Partial<Overrides> {
  const keys = node.map([...OWN_KEYS, ...PROCESS_KEYS]);
  const process = [...keys].filter(([key]) => PROCESS_KEYS.includes(key));
  for (const [key, one] of process) checkField(key, one);
  const text = (key: string) => keys.get(key)?.text();
  const cwd = keys.get("cwd");
  if (cwd !== undefined && cwd.text() !== "/" && !isPlainPath(cwd.text()))
    cwd.refuse("not an absolute name without ..");
  const annotations = keys.get("annotations")?.map();
  const user = keys.get("user");
  return {
    args: keys
      .get("args")
      ?.list()
      .map((one) => one.word()),
    env: variables(keys.get("env")),
    user: user === undefined ? undefined : userOf(user),
    cwd: cwd?.text(),
    mounts:
      keys
        .get("mounts")
        ?.list()
        .map((one) => mountOf(one, directory)) ?? NO_OVERRIDES.mounts,
    hostname: text("hostname"),
    readonlyRoot: keys.get("readonly")?.flag(),
    process: Object.fromEntries(process.map(([key, one]) => [key, one.value])),
    annotations: annotations && Object.fromEntries([...annotations].map(([key, one]) => [key, one.word()])),
  };
}

function variables(node: YamlNode | undefined): Map<string, string | null> {
  const entries = [...(node?.map() ?? [])];
  return new Map(
    entries.map(([name, one]) => {
      if (name === "" || name.includes("=")) one.refuse("cannot be the name of a variable");
      return [name, one.value === null ? null : one.word()];
    }),
  );
}

function userOf(node: YamlNode): string | UserIds {
  if (typeof node.value === "string" || typeof node.value === "number") return node.word();
  node.map(USER_KEYS);
  return checkField("user", node).user ?? {};
}

function mountOf(node: YamlNode, directory: string): OciMount {
  if (typeof node.value === "string") {
    const parsed = parseMount(node.text(), directory);
    return isRefused(parsed) ? node.refuse(parsed.why) : parsed;
  }
  const keys = node.map(MOUNT_KEYS);
  const destination = keys.get("destination")?.text() ?? node.refuse("destination is missing");
  if (!isPlainPath(destination)) return node.refuse("destination is not an absolute name without ..");
  const type = keys.get("type")?.text();
  const source = keys.get("source")?.text();
  const options = keys
    .get("options")
    ?.list()
    .map((one) => one.text());
  return {
    destination,
    ...(type !== undefined && { type }),
    ...(source !== undefined && { source }),
    ...(options !== undefined && { options }),
  };
}

/** Reads one field of `process` by the specification's rules. */
function checkField(key: string, node: YamlNode): ReturnType<typeof processReader> {
  const unknown: string[] = [];
  try {
    const read = processReader({ cwd: "/", [key]: node.value }, "", unknown);
    const [first] = unknown;
    return first === undefined ? read : node.refuse(`${first}: unknown key`);
  } catch (error) {
    if (!isVzError(error) || !error.message.startsWith("config.json: ")) throw error;
    return node.refuse(error.message.slice("config.json: ".length).replace(`${key}: `, ""));
  }
}
