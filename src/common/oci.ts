/**
 * `config.json` of an OCI bundle (runtime-spec 1.0 to 1.3): its fields, and a reader that takes nothing on trust.
 * A field of the wrong type is an error that names it. A field that the specification does not know must not be an error
 * ("Extensibility"), so its name is handed back for the runner to say. `null` is an absent field, as Go's JSON has it.
 */
import { Status, VzError } from "./errors.ts";

/** Reads one value; `at` is the path of the field, `unknown` gathers fields that nobody knows. */
type Reader<T> = (value: unknown, at: string, unknown: string[]) => T;
type Shape = Readonly<Record<string, Reader<unknown>>>;
type Values<S extends Shape> = { [K in keyof S]: S[K] extends Reader<infer T> ? T : never };
type Infer<R> = R extends Reader<infer T> ? T : never;

/** An error in config.json, named by the path of its field. */
export function badConfig(at: string, why: string): VzError {
  return new VzError(Status.badConfig, `config.json: ${at}: ${why}`);
}

const text: Reader<string> = (value, at) => {
  if (typeof value !== "string") throw badConfig(at, "not a string");
  if (value.includes("\0")) throw badConfig(at, "holds a NUL byte");
  return value;
};

/** A whole number from 0; above 2^53 the nearest double, which a caller takes for "no limit". */
const count: Reader<number> = (value, at) => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
    throw badConfig(at, "not a whole number from 0");
  return value;
};

const id32: Reader<number> = (value, at, unknown) => {
  const number = count(value, at, unknown);
  // the kernel takes the highest for "leave it as it is"
  if (number > 0xfffffffe) throw badConfig(at, "above 4294967294");
  return number;
};

const whole: Reader<number> = (value, at) => {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw badConfig(at, "not a whole number");
  return value;
};

const flag: Reader<boolean> = (value, at) => {
  if (typeof value !== "boolean") throw badConfig(at, "neither true nor false");
  return value;
};

const anything: Reader<unknown> = (value) => value;

function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, at, unknown) => {
    if (!Array.isArray(value)) throw badConfig(at, "not a list");
    return value.map((one, i) => item(one, `${at}[${i}]`, unknown));
  };
}

const texts = list(text);

function plainObject(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badConfig(at, "not an object");
  return value as Record<string, unknown>;
}

const textMap: Reader<Readonly<Record<string, string>>> = (value, at, unknown) => {
  const entries = Object.entries(plainObject(value, at));
  return Object.fromEntries(entries.map(([key, one]) => [key, text(one, `${at}.${key}`, unknown)]));
};

function object<R extends Shape, O extends Shape>(
  required: R,
  optional: O,
): Reader<Readonly<Values<R>> & { readonly [K in keyof Values<O>]?: Values<O>[K] }> {
  // without a prototype, so that "constructor" is no field
  const readers: Shape = Object.assign(Object.create(null), required, optional);
  const needed = Object.keys(required);
  return (value, at, unknown) => {
    const input = plainObject(value, at);
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(input)) {
      const one = input[key];
      const path = at === "" ? key : `${at}.${key}`;
      const reader = readers[key];
      if (reader === undefined) unknown.push(path);
      else if (one !== null) out[key] = reader(one, path, unknown);
    }
    const missing = needed.find((key) => out[key] === undefined);
    if (missing !== undefined) throw badConfig(at === "" ? missing : `${at}.${missing}`, "missing");
    // every key was read by the reader of its name, which is what the type says
    return out as ReturnType<ReturnType<typeof object<R, O>>>;
  };
}

const rlimit = object({ type: text, hard: count, soft: count }, {});
const mount = object(
  { destination: text },
  { source: text, type: text, options: texts, uidMappings: anything, gidMappings: anything },
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

const process = object(
  { cwd: text },
  {
    args: texts,
    env: texts,
    terminal: flag,
    consoleSize: anything,
    user: object({}, { uid: id32, gid: id32, umask: count, additionalGids: list(id32), username: text }),
    rlimits: list(rlimit),
    capabilities,
    noNewPrivileges: flag,
    oomScoreAdj: whole,
    apparmorProfile: text,
    selinuxLabel: text,
    scheduler: anything,
    ioPriority: anything,
    execCPUAffinity: anything,
    commandLine: anything,
  },
);

const hooks = object(
  {},
  {
    prestart: list(anything),
    createRuntime: list(anything),
    createContainer: list(anything),
    startContainer: list(anything),
    poststart: list(anything),
    poststop: list(anything),
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
    timeOffsets: anything,
    cgroupsPath: text,
    resources: (value, at) => plainObject(value, at),
    seccomp: (value, at) => plainObject(value, at),
    sysctl: textMap,
    intelRdt: anything,
    mountLabel: text,
    netDevices: anything,
    memoryPolicy: anything,
  },
);

const config = object(
  { ociVersion: text },
  {
    process,
    root: object({ path: text }, { readonly: flag }),
    hostname: text,
    domainname: text,
    mounts: list(mount),
    hooks,
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
export type OciProcess = Infer<typeof process>;
export type OciLinux = Infer<typeof linux>;
export type OciMount = Infer<typeof mount>;
export type OciDevice = Infer<typeof device>;
export type OciRlimit = Infer<typeof rlimit>;
export type OciNamespace = Infer<typeof namespace>;
export type OciCapabilities = Infer<typeof capabilities>;

/**
 * @returns the document, and the paths of the fields in it that the specification does not have
 * @throws VzError 78 naming the field that is wrong
 */
export function readConfig(json: string): { config: OciConfig; unknown: string[] } {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    throw new VzError(
      Status.badConfig,
      `config.json: not JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
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
