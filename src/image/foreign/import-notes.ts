/** What an importer is told of an image beside its size. */

import { type Entry, shown } from "../../common/image/manifest.ts";
import type { OciConfig } from "../../common/oci/oci.ts";
import { ROOT_CAPABILITIES } from "../../common/oci/root-capabilities.ts";
import { type ImageConfig, ORIGIN_LABEL, OWN_PREFIX } from "./oci-image-config.ts";

/** Names that a line shows. */
const SHOWN = 5;
const SET_ID = 0o6000;

/** @param attributes number of members of layers that had extended attributes */
export function importNotes(config: ImageConfig, entries: readonly Entry[], attributes: number): string[] {
  const { Volumes = {}, Labels = {} } = config.config ?? {};
  const setId = entries.filter(({ type, mode }) => type === "file" && (mode & SET_ID) !== 0);
  const devices = entries.filter(({ type }) => type === "char" || type === "block");
  const own = Object.keys(Labels).filter((key) => key.startsWith(OWN_PREFIX) && key !== ORIGIN_LABEL);
  return [
    ...(attributes > 0
      ? [`extended attributes (file capabilities, too) of ${attributes} files left out`]
      : []),
    ...line("has set-user-id or set-group-id bits", setId.map(pathOf)),
    ...line("has devices", devices.map(pathOf)),
    ...line("wants volumes", Object.keys(Volumes)),
    ...line("labels left out that only vz may give", own),
  ];
}

/** What a config.json from a label, which anybody may have written, asks for; one that is made anew asks for none of it. */
export function askNotes({ mounts = [], process, hooks = {}, linux = {} }: OciConfig): string[] {
  const bound = mounts.filter(
    ({ type, options = [] }) => type === "bind" || options.some((one) => one === "bind" || one === "rbind"),
  );
  const capabilities = new Set(Object.values(process?.capabilities ?? {}).flat());
  const joined = (linux.namespaces ?? []).flatMap(({ path }) => (path === undefined ? [] : [path]));
  return [
    ...line(
      "config.json asks for files of the machine",
      bound.map(({ source = "" }) => source),
    ),
    ...line(
      "config.json asks for capabilities",
      [...capabilities].filter((one) => !ROOT_CAPABILITIES.includes(one)),
    ),
    ...line(
      "config.json asks for devices",
      (linux.devices ?? []).map(({ path }) => path),
    ),
    ...line("config.json asks for namespaces of others", joined),
    ...line("config.json has hooks, which slaves refuse", Object.keys(hooks)),
  ];
}

function pathOf({ path }: Entry): string {
  return path.replace(/^rootfs/, "");
}

function line(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return [`${what}: ${names.slice(0, SHOWN).map(shown).join(", ")}${more}`];
}
