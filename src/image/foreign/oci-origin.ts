/**
 * The label that brings an image of vz back unchanged from other tools. It holds config.json, for which their formats have no
 * place, and what the manifest says beside the files.
 */
import { isVzError, Status, VzError } from "../../common/errors.ts";
import { type Manifest, shown } from "../../common/image/manifest.ts";
import { type OciConfig, readConfig } from "../../common/oci/oci.ts";
import { anything, type Infer, object, text } from "../../common/oci/oci-read.ts";
import { checked } from "./exchange-file.ts";
import { askNotes } from "./import-notes.ts";
import { type Execution, executionOf, type ImageConfig, ORIGIN_LABEL } from "./oci-image-config.ts";

const origin = object(
  {
    id: text,
    config: text,
    head: object(
      { name: text, created: text, architecture: text },
      { kernelFloor: text, provenance: anything },
    ),
  },
  {},
);
export type Origin = Infer<typeof origin>;

/** @param config the text of config.json */
export function originLabel(id: string, config: string, manifest: Manifest): string {
  const { files: _, totals: _sums, command: _words, ...head } = manifest;
  return JSON.stringify({ id, config, head });
}

/**
 * What the label of `image` says; undefined where there is none, or where another tool has changed how the program is run.
 * Adds a line about such a change to `notes`, and lines about what config.json asks for: anybody can write such a label.
 * @throws VzError 65 for a label that vz did not write
 */
export function originOf(image: ImageConfig, label: string, notes: string[]): Origin | undefined {
  const json = image.config?.Labels?.[ORIGIN_LABEL];
  if (json === undefined) return undefined;
  const name = `${label}: label ${ORIGIN_LABEL}`;
  const found = checked(parsed(json, name), name, origin);
  const config = configOf(found.config, name);
  if (sameRun(executionOf(config), image.config ?? {})) {
    notes.push(...askNotes(config));
    return found;
  }
  notes.push("its command, user or environment was changed since vz exported it: config.json is made anew");
  return undefined;
}

function parsed(json: string, label: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new VzError(Status.badData, `${label}: not JSON`, { cause });
  }
}

function configOf(json: string, label: string): OciConfig {
  try {
    return readConfig(json).config;
  } catch (cause) {
    if (!isVzError(cause)) throw cause;
    throw new VzError(Status.badData, `${label}: ${cause.message}`, { cause });
  }
}

/** Whether both run the same program in the same way; tools leave out empty fields. */
function sameRun(one: Execution, other: Execution): boolean {
  const [a, b] = [one, other].map(({ Entrypoint = [], Cmd = [], Env = [], WorkingDir = "", User = "" }) =>
    JSON.stringify([Entrypoint, Cmd, Env, WorkingDir || "/", User]),
  );
  return a === b;
}

export function originNote({ head }: Origin, isUnchanged: boolean): string {
  return isUnchanged
    ? `the image ${shown(head.name)} that vz exported, config.json and all`
    : `config.json is that of the image ${shown(head.name)}, whose files were changed since vz exported it`;
}
