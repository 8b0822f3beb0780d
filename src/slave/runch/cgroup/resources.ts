/**
 * `linux.resources` of config.json (runtime-spec 1.0 to 1.3, "Control groups" of config-linux.md), read as strictly as the rest
 * of the document. `runch update` reads the same form.
 */
import {
  badConfig,
  count,
  flag,
  type Infer,
  id32,
  list,
  object,
  plainObject,
  type Reader,
  text,
  textMap,
} from "../../../common/oci/oci-read.ts";

/** A limit of the form int64: -1 for none. A value above 2^53 is beyond any machine, and counts as none too. */
const limit: Reader<number> = (value, at) => {
  if (typeof value !== "number" || !Number.isInteger(value)) throw badConfig(at, "not a whole number");
  if (value < -1) throw badConfig(at, "below -1, which stands for no limit");
  return Number.isSafeInteger(value) ? value : -1;
};

/** As `limit`, for the fields of the form uint64. */
const size: Reader<number> = (value, at, unknown) => {
  const number = count(value, at, unknown);
  return Number.isSafeInteger(number) ? number : -1;
};

function within(lowest: number, highest: number): Reader<number> {
  return (value, at, unknown) => {
    const number = count(value, at, unknown);
    if (number < lowest || number > highest) throw badConfig(at, `not from ${lowest} to ${highest}`);
    return number;
  };
}

/** 0 is "not set", as engines write it out. */
const weight: Reader<number> = (value, at, unknown) =>
  value === 0 ? 0 : within(10, 1000)(value, at, unknown);

/** Text that becomes part of a line in a control file. */
function word(pattern: RegExp, what: string): Reader<string> {
  return (value, at, unknown) => {
    const read = text(value, at, unknown);
    if (!pattern.test(read)) throw badConfig(at, `${JSON.stringify(read)} is not ${what}`);
    return read;
  };
}

/** A device number, or -1 for all of them. */
const number: Reader<number> = (value, at) => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < -1 || value > 0xffffffff)
    throw badConfig(at, "not a device number");
  return value;
};

const cpuList = word(/^[0-9,\s-]*$/, "a list like 0-3,7");
const deviceRule = object(
  { allow: flag },
  {
    type: word(/^[abc]$/, "one of a, b, c"),
    major: number,
    minor: number,
    access: word(/^[rwm]+$/, "made of r, w, m"),
  },
);
const weightDevice = object({ major: count, minor: count }, { weight, leafWeight: weight });
const throttleDevice = object({ major: count, minor: count, rate: size }, {});

const rdmaLimits = object({}, { hcaHandles: id32, hcaObjects: id32 });

const rdma: Reader<Readonly<Record<string, Infer<typeof rdmaLimits>>>> = (value, at, unknown) => {
  const entries = Object.entries(plainObject(value, at)).map(([name, one]) => {
    if (!/^\S+$/.test(name)) throw badConfig(at, `${JSON.stringify(name)} is no name of a device`);
    return [name, rdmaLimits(one, `${at}.${name}`, unknown)] as const;
  });
  return Object.fromEntries(entries);
};

const unified: Reader<Readonly<Record<string, string>>> = (value, at, unknown) => {
  const files = textMap(value, at, unknown);
  for (const name of Object.keys(files)) {
    if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/.test(name))
      throw badConfig(at, `${JSON.stringify(name)} is no name of a control file`);
  }
  return files;
};

const read = object(
  {},
  {
    devices: list(deviceRule),
    memory: object(
      {},
      {
        limit,
        reservation: limit,
        swap: limit,
        kernel: limit,
        kernelTCP: limit,
        swappiness: within(0, 100),
        disableOOMKiller: flag,
        useHierarchy: flag,
        checkBeforeUpdate: flag,
      },
    ),
    cpu: object(
      {},
      {
        shares: count,
        quota: limit,
        burst: count,
        period: count,
        realtimeRuntime: limit,
        realtimePeriod: count,
        cpus: cpuList,
        mems: cpuList,
        idle: within(0, 1),
      },
    ),
    pids: object({}, { limit }),
    blockIO: object(
      {},
      {
        weight,
        leafWeight: weight,
        weightDevice: list(weightDevice),
        throttleReadBpsDevice: list(throttleDevice),
        throttleWriteBpsDevice: list(throttleDevice),
        throttleReadIOPSDevice: list(throttleDevice),
        throttleWriteIOPSDevice: list(throttleDevice),
      },
    ),
    hugepageLimits: list(
      object({ pageSize: word(/^[1-9]\d*[KMG]B$/, "a page size like 2MB"), limit: size }, {}),
    ),
    network: object(
      {},
      {
        classID: within(0, 0xffffffff),
        priorities: list(
          object({ name: word(/^[^\s/]+$/, "an interface"), priority: within(0, 0xffffffff) }, {}),
        ),
      },
    ),
    rdma,
    unified,
  },
);

export type OciResources = Infer<typeof read>;
export type DeviceRule = Infer<typeof deviceRule>;

/**
 * @param at path of the field, "linux.resources"
 * @param unknown gathers fields that the specification does not have
 * @throws VzError 78 naming the field that is wrong
 */
export const readResources: Reader<OciResources> = read;
