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
  /** The first of these files that the kernel has takes its text; none: the field cannot be had, `why` says so. */
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

/** Whether a number is to be set: 0 is "not set" for the fields that cannot sensibly be 0, as engines write it out. */
export function isSet(value: number | undefined): value is number {
  return value !== undefined && value !== 0;
}

/** Limits of a list's items, all under the list's name: the first that fails tells of it. */
export function each<T>(items: readonly T[] | undefined, limits: (item: T) => readonly Limit[]): Limit[] {
  return (items ?? []).flatMap(limits);
}
