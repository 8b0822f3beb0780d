/** The request of `vzexec start`, read from its options and checked. */
import type { Args } from "../../common/command/command.ts";
import { checkName } from "../../common/contract/names.ts";
import type { StartRequest } from "../../common/contract/protocol.ts";
import { splitVolume } from "../../common/contract/volume.ts";
import { Status, VzError } from "../../common/errors.ts";
import { isPlainPath } from "../../common/plain-path.ts";

/** @throws VzError 64 naming the option that is wrong; the image is not looked up yet */
export function readRequest(args: Args): StartRequest {
  return {
    image: required(args, "image"),
    fleet: checkName("fleet", required(args, "fleet")),
    env: readEnv(args.values("env")),
    volumes: readVolumes(args.values("volume")),
    memory: readMemory(args.value("memory")),
    restart: readRestart(args.value("restart") ?? "always"),
  };
}

function bad(why: string): VzError {
  return new VzError(Status.usage, `vzexec start: ${why}`, { hint: "vz help vzexec start" });
}

function required(args: Args, option: string): string {
  const value = args.value(option);
  if (value === undefined) throw bad(`--${option} is missing`);
  return value;
}

function readEnv(pairs: readonly string[]): Record<string, string> {
  const env = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([^\0]*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw bad(`--env ${JSON.stringify(pair.slice(0, 80))}: not NAME=VALUE`);
    }
    if (env.has(name)) throw bad(`--env ${name}: given twice`);
    env.set(name, value);
  }
  return Object.fromEntries(env);
}

function readVolumes(volumes: readonly string[]): string[] {
  const paths = new Set<string>();
  for (const volume of volumes) {
    const { name, path } = splitVolume(volume);
    checkName("volume", name);
    if (!isPlainPath(path)) throw bad(`--volume ${JSON.stringify(volume.slice(0, 80))}: not NAME:/PATH`);
    if (paths.has(path)) throw bad(`--volume ${path}: given twice`);
    paths.add(path);
  }
  return [...volumes];
}

function readMemory(text: string | undefined): number | null {
  if (text === undefined) return null;
  const bytes = Number(text);
  if (!/^[1-9][0-9]*$/.test(text) || !Number.isSafeInteger(bytes)) {
    throw bad(`--memory ${JSON.stringify(text.slice(0, 80))}: not a number of bytes`);
  }
  return bytes;
}

function readRestart(text: string): "always" | "never" {
  if (text === "always" || text === "never") return text;
  throw bad(`--restart ${JSON.stringify(text.slice(0, 80))}: always or never`);
}
