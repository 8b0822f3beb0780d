/** Paths as POSIX has them; the words of `node:path`. */
import { invalidType } from "./errors.ts";

const SLASH = "/";

function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw invalidType(name, "of type string", value);
}

/** The segments without "", "." and, as far as they can be undone, "..". */
function collapse(path: string, absolute: boolean): string[] {
  const kept: string[] = [];
  for (const part of path.split(SLASH)) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!absolute) kept.push(part);
  }
  return kept;
}

export function isAbsolute(path: string): boolean {
  checkText("path", path);
  return path.startsWith(SLASH);
}

export function normalize(path: string): string {
  checkText("path", path);
  if (path === "") return ".";
  const absolute = path.startsWith(SLASH);
  const body = collapse(path, absolute).join(SLASH);
  if (body === "") return absolute ? SLASH : path.endsWith(SLASH) ? "./" : ".";
  return (absolute ? SLASH : "") + body + (path.endsWith(SLASH) ? SLASH : "");
}

export function join(...paths: string[]): string {
  for (const path of paths) checkText("path", path);
  const joined = paths.filter((path) => path !== "").join(SLASH);
  return joined === "" ? "." : normalize(joined);
}

export function resolve(...paths: string[]): string {
  let whole = "";
  for (let i = paths.length - 1; i >= 0 && !whole.startsWith(SLASH); i--) {
    const path = paths[i];
    checkText(`paths[${i}]`, path);
    if (path !== "") whole = whole === "" ? path : `${path}/${whole}`;
  }
  if (!whole.startsWith(SLASH)) whole = `${globalThis.process.cwd()}/${whole}`;
  return SLASH + collapse(whole, true).join(SLASH);
}

export function relative(from: string, to: string): string {
  checkText("from", from);
  checkText("to", to);
  const start = collapse(resolve(from), true);
  const end = collapse(resolve(to), true);
  let same = 0;
  while (same < start.length && same < end.length && start[same] === end[same]) same++;
  return [...start.slice(same).map(() => ".."), ...end.slice(same)].join(SLASH);
}

/** `path` without the slashes at its end, and where its last segment begins. */
function lastSegment(path: string): { trimmed: string; start: number } {
  const trimmed = path.replace(/\/+$/, "");
  return { trimmed, start: trimmed.lastIndexOf(SLASH) + 1 };
}

export function dirname(path: string): string {
  checkText("path", path);
  if (path === "") return ".";
  const { trimmed, start } = lastSegment(path);
  if (start === 0) return path.startsWith(SLASH) ? SLASH : ".";
  // "//a" keeps both of its slashes, which POSIX allows to mean something
  if (start === 2 && path.startsWith("//")) return "//";
  return trimmed.slice(0, start - 1) || SLASH;
}

export function basename(path: string, suffix?: string): string {
  if (suffix !== undefined) checkText("suffix", suffix);
  checkText("path", path);
  if (path === suffix) return "";
  const { trimmed, start } = lastSegment(path);
  const name = trimmed.slice(start);
  if (suffix === undefined || suffix === "" || name === suffix || !name.endsWith(suffix)) return name;
  return name.slice(0, -suffix.length);
}

export function extname(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return dot <= 0 || name === ".." ? "" : name.slice(dot);
}

export interface ParsedPath {
  root: string;
  dir: string;
  base: string;
  ext: string;
  name: string;
}

export function parse(path: string): ParsedPath {
  checkText("path", path);
  const root = path.startsWith(SLASH) ? SLASH : "";
  const base = basename(path);
  const ext = extname(path);
  const { start } = lastSegment(path);
  const dir = start === 0 ? "" : start === 1 ? root : path.slice(0, start - 1);
  const bare = base === "" && root !== "" ? root : dir;
  return { root, dir: bare, base, ext, name: ext === "" ? base : base.slice(0, -ext.length) };
}

export function format(parts: Partial<ParsedPath>): string {
  const base = parts.base || `${parts.name ?? ""}${extension(parts.ext)}`;
  const dir = parts.dir || parts.root;
  if (!dir) return base;
  return dir === parts.root ? dir + base : `${dir}/${base}`;
}

function extension(ext: string | undefined): string {
  return ext ? (ext.startsWith(".") ? ext : `.${ext}`) : "";
}

export function toNamespacedPath(path: string): string {
  return path;
}

export const sep = SLASH;
export const delimiter = ":";
