/** Volumes as they are written: "NAME:/PATH", in fleet.yaml and in the requests of vzexec. */
import { isPlainPath } from "../plain-path.ts";
import { isName } from "./names.ts";

export interface Volume {
  readonly name: string;
  /** Where it is in the container. */
  readonly path: string;
}

/** Splits at the first colon: no name holds one. */
export function splitVolume(volume: string): Volume {
  const colon = volume.indexOf(":");
  return { name: volume.slice(0, Math.max(0, colon)), path: volume.slice(colon + 1) };
}

export function isVolume(volume: string): boolean {
  const { name, path } = splitVolume(volume);
  return isName(name) && isPlainPath(path);
}
