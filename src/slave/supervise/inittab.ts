/**
 * Edits of /etc/inittab, text in and text out. Our lines stand between two marker comments; every other byte of the file
 * stays as it is. Sources: inittab(5) of sysvinit 3.06, busybox init/init.c.
 */

import { CONTAINERS_DIR, RUNCH_BINARY } from "../../common/contract/paths.ts";
import { Status, VzError } from "../../common/errors.ts";

export type InittabKind = "sysvinit" | "busybox";

export const BEGIN = "# vz containers: vzexec keeps the lines from here on";
export const END = "# vz containers: end";

const COMMAND = `${RUNCH_BINARY} start ${CONTAINERS_DIR}/`;
/** A line of a container, between our markers; lines outside them may be anything. */
const OUR_LINE = /^([^:#]*):[^:]*:respawn:(.*)$/;

interface Parts {
  before: string[];
  ours: string[];
  after: string[];
}

/** Containers that init is told to keep running, in the order of their lines. */
export function supervised(text: string): string[] {
  return split(text).ours.flatMap((line) => containerOf(line) ?? []);
}

/**
 * `text` with a line that keeps container `name` running.
 * @param renew give a line that is there already another id, so that sysvinit takes it for a new one: it does not start a
 *   changed command by itself, and the five minutes of rest that it gives to a failing id end with the id
 */
export function withContainer(text: string, kind: InittabKind, name: string, renew: boolean): string {
  const parts = split(text);
  const mine = parts.ours.filter((line) => containerOf(line) === name);
  const [old] = mine;
  if (old !== undefined && mine.length === 1 && matchesKind(old, kind) && !(renew && kind === "sysvinit")) {
    return text;
  }
  const line = kind === "busybox" ? `::respawn:${COMMAND}${name}` : sysvLine(text, name, idOf(old ?? ""));
  const at = old === undefined ? parts.ours.length : parts.ours.indexOf(old);
  const others = (lines: string[]) => lines.filter((one) => containerOf(one) !== name);
  return join({
    ...parts,
    ours: [...others(parts.ours.slice(0, at)), line, ...others(parts.ours.slice(at))],
  });
}

/** `text` without container `name`, and without the markers when nothing is left between them. */
export function withoutContainer(text: string, name: string): string {
  const parts = split(text);
  const ours = parts.ours.filter((line) => containerOf(line) !== name);
  return ours.length === parts.ours.length ? text : join({ ...parts, ours });
}

function sysvLine(text: string, name: string, oldId: string): string {
  const taken = new Set(text.split("\n").map(idOf));
  return `${freeId(name, taken, oldId)}:2345:respawn:${COMMAND}${name}`;
}

const ID_SPACE = 36 ** 3;

/** Four characters, for sysvinit keeps no more: by the container's name, or the next after `oldId`; the first that is free. */
function freeId(name: string, taken: ReadonlySet<string>, oldId: string): string {
  const isOurs = /^v[0-9a-z]{3}$/.test(oldId);
  let number = isOurs ? Number.parseInt(oldId.slice(1), 36) + 1 : hash(name);
  for (let tries = 0; tries < ID_SPACE; tries++) {
    const id = `v${(number % ID_SPACE).toString(36).padStart(3, "0")}`;
    if (!taken.has(id)) return id;
    number++;
  }
  throw new VzError(Status.failed, "/etc/inittab: no id is free");
}

function hash(name: string): number {
  let value = 0;
  for (const character of name) value = (value * 31 + (character.codePointAt(0) ?? 0)) % ID_SPACE;
  return value;
}

function idOf(line: string): string {
  return /^\s*([^:#]*):/.exec(line)?.[1] ?? "";
}

function matchesKind(line: string, kind: InittabKind): boolean {
  return (idOf(line) === "") === (kind === "busybox");
}

function containerOf(line: string): string | undefined {
  const command = OUR_LINE.exec(line)?.[2] ?? "";
  const name = command.startsWith(COMMAND) ? command.slice(COMMAND.length) : "";
  return /^[A-Za-z0-9_.-]+$/.test(name) ? name : undefined;
}

function split(text: string): Parts {
  const lines = text.split("\n");
  const begin = lines.indexOf(BEGIN);
  const end = lines.indexOf(END);
  if (begin < 0 && end < 0) {
    // A file without a final newline gets one; one with it ends in an empty string here, which goes behind our lines.
    const tail = lines.at(-1) === "" ? lines.pop() : "";
    return { before: lines, ours: [], after: [tail ?? ""] };
  }
  if (begin < 0 || end < begin || lines.lastIndexOf(BEGIN) !== begin || lines.lastIndexOf(END) !== end) {
    throw new VzError(Status.badConfig, "/etc/inittab: the marker lines of vz are damaged", {
      hint: `our lines stand between one '${BEGIN}' and one '${END}'`,
    });
  }
  return { before: lines.slice(0, begin), ours: lines.slice(begin + 1, end), after: lines.slice(end + 1) };
}

function join({ before, ours, after }: Parts): string {
  const block = ours.length === 0 ? [] : [BEGIN, ...ours, END];
  return [...before, ...block, ...after].join("\n");
}
