/** The `config.json` of an image that comes from another tool. */

import { Status, VzError } from "../../common/errors.ts";
import { shown } from "../../common/image/manifest.ts";
import { ROOT_CAPABILITIES } from "../../common/oci/root-capabilities.ts";
import { OCI_VERSION } from "../../common/oci/version.ts";
import type { Tree } from "../layers/flatten-tree.ts";
import { readStretch } from "../layers/layer-member.ts";
import { annotationsOf, type ImageConfig } from "./oci-image-config.ts";

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Most bytes of /etc/passwd and of /etc/group, which are read whole. */
const MAX_DATABASE = 1024 * 1024;
const MAX_ID = 0xffff_fffe;

const MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777"],
  },
];

/**
 * @param words the command instead of the image's own; empty for that
 * @throws VzError 65 for an image without a command, or without the user that it names
 */
export function runtimeConfig(
  image: ImageConfig,
  tree: Tree,
  words: readonly string[],
  label: string,
): string {
  const { Entrypoint = [], Cmd = [], Env = [], WorkingDir = "", User = "" } = image.config ?? {};
  const args = words.length > 0 ? words : [...Entrypoint, ...Cmd];
  if (args[0] === undefined || args[0] === "")
    throw new VzError(Status.badData, `${label}: the image has no command`, { hint: "say one behind --" });
  const user = userOf(User, tree, label);
  const set = ROOT_CAPABILITIES;
  const annotations = annotationsOf(image);
  const document = {
    ociVersion: OCI_VERSION,
    process: {
      terminal: false,
      user,
      args,
      env: Env.some((variable) => variable.startsWith("PATH=")) ? Env : [DEFAULT_PATH, ...Env],
      cwd: WorkingDir.startsWith("/") ? WorkingDir : `/${WorkingDir}`,
      // Other users than root begin with none, but may run a program with the set-user-id bit.
      capabilities: user.uid === 0 ? { bounding: set, effective: set, permitted: set } : { bounding: set },
    },
    root: { path: "rootfs", readonly: false },
    mounts: MOUNTS,
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    linux: { namespaces: [{ type: "mount" }] },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

interface User {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids?: readonly number[];
}

/** USER, USER:GROUP, each a name or a number, by the image's own /etc/passwd and /etc/group (passwd(5), group(5)). */
function userOf(text: string, tree: Tree, label: string): User {
  if (text === "") return { uid: 0, gid: 0 };
  const [name = "", group] = text.split(/:(.*)/s);
  const passwd = databaseOf(tree, "/etc/passwd");
  const groups = databaseOf(tree, "/etc/group");
  const line = passwd.find((fields) =>
    isNumber(name) ? Number(fields[2]) === Number(name) : fields[0] === name,
  );
  const bad = (what: string, file: string) =>
    new VzError(Status.badData, `${label}: its user ${shown(text)}: no ${what} in its ${file}`);
  const uid = isNumber(name) ? Number(name) : idOf(line?.[2]);
  if (uid === undefined || uid > MAX_ID) throw bad("such user", "/etc/passwd");
  if (group !== undefined && group !== "") {
    const gid = isNumber(group) ? Number(group) : idOf(groups.find((fields) => fields[0] === group)?.[2]);
    if (gid === undefined || gid > MAX_ID) throw bad("such group", "/etc/group");
    return { uid, gid };
  }
  const gid = idOf(line?.[3]) ?? 0;
  const others = isNumber(name) ? [] : groups.filter((fields) => fields[3]?.split(",").includes(name));
  const additionalGids = [...new Set(others.flatMap((fields) => idOf(fields[2]) ?? []))].filter(
    (id) => id !== gid,
  );
  return additionalGids.length > 0 ? { uid, gid, additionalGids } : { uid, gid };
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && isNumber(text) && Number(text) <= MAX_ID ? Number(text) : undefined;
}

function databaseOf(tree: Tree, path: string): string[][] {
  const content = tree.findFile(path);
  if (content === undefined || content.size > MAX_DATABASE) return [];
  const bytes = readStretch(content);
  const lines = Buffer.from(bytes.buffer, 0, bytes.length).toString("utf8").split("\n");
  return lines.map((line) => line.trim().split(":"));
}
