/** The options of `runch update`, which are runc's, as the part of config.json that they stand for. */
import type { Option } from "../../../common/command/command.ts";
import { isVzError, reason, Status, VzError } from "../../../common/errors.ts";
import { readAll, readText } from "../../system/files.ts";
import type { Values } from "../commands/options.ts";
import { type OciResources, readResources } from "./resources.ts";

type Unit = "number" | "bytes" | "text";

/** Option, field, what the value is, help. */
const FIELDS: readonly (readonly [name: string, field: string, unit: Unit, help: string])[] = [
  ["blkio-weight", "blockIO.weight", "number", "share of the disks' time, 10 to 1000"],
  ["cpu-period", "cpu.period", "number", "period of --cpu-quota in microseconds"],
  ["cpu-quota", "cpu.quota", "number", "microseconds of CPU in a period; -1: no limit"],
  ["cpu-burst", "cpu.burst", "number", "microseconds that may be saved up from quiet periods"],
  ["cpu-rt-period", "cpu.realtimePeriod", "number", "as --cpu-period, for realtime processes"],
  ["cpu-rt-runtime", "cpu.realtimeRuntime", "number", "as --cpu-quota, for realtime processes"],
  ["cpu-share", "cpu.shares", "number", "share of the CPUs under load; 1024 is usual"],
  ["cpu-idle", "cpu.idle", "number", "1: only when nothing else wants to run"],
  ["cpuset-cpus", "cpu.cpus", "text", "CPUs that it may run on: 0-3,7"],
  ["cpuset-mems", "cpu.mems", "text", "memory nodes that it may use"],
  ["memory", "memory.limit", "bytes", "memory; -1: no limit"],
  ["memory-reservation", "memory.reservation", "bytes", "memory that it keeps when the machine runs short"],
  ["memory-swap", "memory.swap", "bytes", "memory and swap together; -1: no limit"],
  ["kernel-memory", "memory.kernel", "bytes", "the kernel's memory for it"],
  ["kernel-memory-tcp", "memory.kernelTCP", "bytes", "of that, for TCP"],
  ["pids-limit", "pids.limit", "number", "processes and threads; -1: no limit"],
];

const REFUSED = ["l3-cache-schema", "mem-bw-schema"] as const;

export const updateOptions: readonly Option[] = [
  {
    name: "resources",
    alias: "r",
    value: "FILE",
    help: "an object like linux.resources of config.json; - for standard input. All other options are ignored then",
  },
  ...FIELDS.map(([name, , unit, help]) => ({
    name,
    value: unit === "bytes" ? "BYTES" : unit.toUpperCase(),
    help,
  })),
  ...REFUSED.map((name) => ({ name, value: "TEXT", help: "refused: runch does not do resctrl" })),
];

function usage(what: string, why: string): VzError {
  return new VzError(Status.usage, `${what}: ${why}`, { hint: "runch update --help" });
}

/** "64m", "1.5GiB", "-1": powers of 1024 as in docker and runc. */
export function parseBytes(text: string): number | null {
  if (text === "-1") return -1;
  const [, number, letter = ""] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (number === undefined) return null;
  const bytes = Math.floor(
    Number(number) * 1024 ** " kmgtp".indexOf(letter === "" ? " " : letter.toLowerCase()),
  );
  return Number.isSafeInteger(bytes) ? bytes : null;
}

function read(name: string, text: string, unit: Unit): string | number {
  if (unit === "text") return text;
  if (unit === "bytes") {
    const bytes = parseBytes(text);
    if (bytes === null) throw usage(`--${name}=${text}`, "not a number of bytes (512M, 1G, -1 for no limit)");
    return bytes;
  }
  if (!/^-?\d{1,15}$/.test(text)) throw usage(`--${name}=${text}`, "not a whole number");
  return Number(text);
}

/** Reads `value` as `linux.resources`; errors name `origin`, and an unknown field is one too. */
function checked(value: unknown, origin: string): OciResources {
  const unknown: string[] = [];
  let resources: OciResources;
  try {
    resources = readResources(value, "", unknown);
  } catch (error) {
    if (!isVzError(error)) throw error;
    throw usage(origin, error.message.replace(/^config\.json: (: )?/, ""));
  }
  if (unknown.length > 0) throw usage(origin, `unknown: ${unknown.join(", ")}`);
  if (resources.devices !== undefined && resources.devices.length > 0)
    throw usage(origin, "devices: cannot be changed while the container is there");
  return resources;
}

/** @throws VzError 64 */
export function resourcesFrom(values: Values, readFile: (path: string) => string): OciResources {
  for (const name of REFUSED) {
    if (values[name] !== undefined) throw usage(`--${name}`, "runch does not do resctrl (linux.intelRdt)");
  }
  const file = values["resources"];
  if (file !== undefined) {
    let document: unknown;
    try {
      document = JSON.parse(readFile(file));
    } catch (error) {
      throw usage(
        `--resources ${file}`,
        error instanceof SyntaxError ? `not JSON: ${error.message}` : reason(error),
      );
    }
    return checked(document, `--resources ${file}`);
  }
  const object: Record<string, Record<string, string | number>> = {};
  for (const [name, path, unit] of FIELDS) {
    const text = values[name];
    const [part = "", field = ""] = path.split(".");
    if (text !== undefined) object[part] = { ...object[part], [field]: read(name, text, unit) };
  }
  if (Object.keys(object).length === 0) throw usage("runch update", "what is to be changed?");
  return checked(object, "runch update");
}

/**
 * What the command line of `update` asks for.
 * @throws VzError 64 for values that mean nothing, on the command line or in the file
 */
export function resourcesFromUpdate(values: Values): OciResources {
  return resourcesFrom(values, (path) => (path === "-" ? readAll(0) : readText(path)));
}
