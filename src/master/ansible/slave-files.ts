/** Which vz slaves get: those that this executable carries, one for each architecture, or one that the operator names. */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import * as sys from "vz:sys";
import { Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { type File, layOut } from "./unpack.ts";

/** How the executable carries them: one behind the other, and a list of `{name: "vz-ARCHITECTURE", size}` (scripts/pack.mjs). */
const CARRIED = "slaves";
const INDEX = "slaves.json";
const PREFIX = "vz-";

/** Variables of ansible/deploy.yml: one file for all slaves, or files by architecture ("i686"). */
export type SlaveFiles =
  | { readonly vz_binary: string }
  | { readonly vz_binaries: Readonly<Record<string, string>> };

/**
 * @param given the operator's file
 * @throws VzError 64 where there is no such file, or this vz carries none
 */
export function slaveFiles(given: string | undefined, env: Io["env"]): SlaveFiles {
  if (given !== undefined) return { vz_binary: programFile(given) };
  const { directory, names } = layOut(CARRIED, carriedFiles(), env);
  if (names.length === 0) {
    throw new VzError(Status.usage, "vz master deploy: this vz carries none for slaves", {
      hint: "--binary FILE names the static vz for them",
    });
  }
  const files = names.map((name) => [name.slice(PREFIX.length), join(directory, name)]);
  return { vz_binaries: Object.fromEntries(files) };
}

/** Empty where this vz carries none. */
function carriedFiles(): File[] {
  const [bytes, index] = [sys.asset(CARRIED), sys.asset(INDEX)];
  if (bytes === null || index === null) return [];
  const rows: { name: string; size: number }[] = JSON.parse(Buffer.from(index).toString());
  let at = 0;
  return rows.map(({ name, size }) => {
    at += size;
    return { name, bytes: bytes.subarray(at - size, at) };
  });
}

function programFile(given: string): string {
  const found = statSync(given, { throwIfNoEntry: false });
  if (found === undefined) throw new VzError(Status.usage, `${given}: no such file`);
  if (!found.isFile()) throw new VzError(Status.usage, `${given}: not a file`);
  return resolve(given);
}
