/**
 * `config.json` of an OCI bundle (runtime-spec 1.0 to 1.3): its fields, and a reader that takes nothing on trust.
 * A field of the wrong type is an error that names it. A field that the specification does not know must not be an error
 * ("Extensibility"), so its name is handed back for the runner to report. `null` is an absent field, as Go's JSON has it.
 *
 * Each field of type `unknown` is read by its own part of the runner, which is loaded only where the field is present.
 */
import { Status, VzError } from "../errors.ts";
import {
  anything,
  badConfig,
  count,
  flag,
  type Infer,
  id32,
  list,
  object,
  plainObject,
  text,
  textMap,
  texts,
  whole,
} from "./oci-read.ts";

export { badConfig };

const rlimit = object({ type: text, hard: count, soft: count }, {});
const mount = object(
  { destination: text },
  { source: text, type: text, options: texts, uidMappings: list(anything), gidMappings: list(anything) },
);
const device = object(
  { type: text, path: text },
  { major: whole, minor: whole, fileMode: count, uid: id32, gid: id32 },
);
const namespace = object({ type: text }, { path: text });
const capabilities = object(
  {},
  { effective: texts, bounding: texts, inheritable: texts, permitted: texts, ambient: texts },
);

/** Also what `exec --process` reads. */
export const processReader = object(
  { cwd: text },
  {
    args: texts,
    env: texts,
    terminal: flag,
    consoleSize: object({ height: count, width: count }, {}),
    user: object({}, { uid: id32, gid: id32, umask: count, additionalGids: list(id32), username: text }),
    rlimits: list(rlimit),
    capabilities,
    noNewPrivileges: flag,
    oomScoreAdj: whole,
    apparmorProfile: text,
    selinuxLabel: text,
    scheduler: plainObject,
    ioPriority: plainObject,
    execCPUAffinity: plainObject,
    // Windows' form of args
    commandLine: anything,
  },
);

const linux = object(
  {},
  {
    namespaces: list(namespace),
    devices: list(device),
    maskedPaths: texts,
    readonlyPaths: texts,
    rootfsPropagation: text,
    personality: object({ domain: text }, { flags: texts }),
    uidMappings: list(anything),
    gidMappings: list(anything),
    timeOffsets: plainObject,
    cgroupsPath: text,
    resources: plainObject,
    seccomp: plainObject,
    sysctl: textMap,
    intelRdt: plainObject,
    mountLabel: text,
    netDevices: plainObject,
    memoryPolicy: plainObject,
  },
);

const config = object(
  { ociVersion: text },
  {
    process: processReader,
    root: object({ path: text }, { readonly: flag }),
    hostname: text,
    domainname: text,
    mounts: list(mount),
    hooks: plainObject,
    annotations: textMap,
    linux,
    // other systems' parts, of no meaning here
    solaris: anything,
    windows: anything,
    vm: anything,
    zos: anything,
    freebsd: anything,
  },
);

export type OciConfig = Infer<typeof config>;
export type OciProcess = Infer<typeof processReader>;
export type OciLinux = Infer<typeof linux>;
export type OciMount = Infer<typeof mount>;
export type OciDevice = Infer<typeof device>;
export type OciRlimit = Infer<typeof rlimit>;
export type OciNamespace = Infer<typeof namespace>;
export type OciCapabilities = Infer<typeof capabilities>;

/** @param file names the text in errors @throws VzError 78 for what is not JSON */
export function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new VzError(
      Status.badConfig,
      `${file}: not JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * @returns the document, and the paths of the fields in it that the specification does not have
 * @throws VzError 78 naming the field that is wrong
 */
export function readConfig(json: string): { config: OciConfig; unknown: string[] } {
  const document = parseJson(json, "config.json");
  const unknown: string[] = [];
  const read = config(document, "", unknown);
  if (!/^1\.\d+\.\d+([-+].*)?$/.test(read.ociVersion)) {
    throw badConfig(
      "ociVersion",
      `${JSON.stringify(read.ociVersion)} is not a version 1 of the specification`,
    );
  }
  return { config: read, unknown };
}
