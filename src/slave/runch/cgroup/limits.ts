/** What the limits of both versions have in common. */

export interface ControlFile {
  /** Name in the container's directory: "memory.max". */
  readonly file: string;
  readonly text: string;
}

/** One thing to write for a field of config.json. */
export interface Limit {
  /** "linux.resources.memory.limit" */
  readonly field: string;
  /** The text goes to the first of these files that the kernel has. Empty: the field cannot be had, and `why` tells the reason. */
  readonly tries: readonly ControlFile[];
  readonly why?: string;
  /** Asks for no more than a new cgroup has anyway: nothing is lost where it cannot be written. */
  readonly free?: boolean;
  /** Beside another limit of the same field; nothing is lost where its file does not exist. */
  readonly extra?: boolean;
  /** Not to be tried again behind the others: it would undo them. */
  readonly once?: boolean;
}

export const FIELD = "linux.resources";

export function limit(field: string, file: string, text: string | number, free = false): Limit {
  return { field: `${FIELD}.${field}`, tries: [{ file, text: String(text) }], free };
}

/** A field that the version of cgroups at hand has no control file for. */
export function lacking(field: string, why: string, free = false): Limit {
  return { field: `${FIELD}.${field}`, tries: [], why, free };
}

/** Whether a number is to be set. Engines write 0 for "not set" into fields that cannot sensibly be 0. */
export function isSet(value: number | undefined): value is number {
  return value !== undefined && value !== 0;
}

/** Limits of a list's items, all under the list's name: only the first that fails is told. */
export function each<T>(items: readonly T[] | undefined, limits: (item: T) => readonly Limit[]): Limit[] {
  return (items ?? []).flatMap(limits);
}
