/** Notes what the run used and the root will not hold as it was, so that nobody has to find out by a failure. */

import { fromFs } from "../../common/byte-strings.ts";
import type { LibraryFiles } from "../elf/loader-path.ts";
import { type DeviceTree, literalGlob } from "../names/closure-notes.ts";
import { COMMON_DEVICES, type Selection } from "../names/selection.ts";
import { baseOf, parentOf } from "../names/walk.ts";
import { ROOT_END } from "../watch/touch.ts";
import type { RunFacts } from "./closure.ts";

const KERNEL_TREES = /^\/(?:dev|run|var\/run)\//;
/** First letters of the names of those trees. */
const FIRST_LETTERS = "drv";
const TREES: readonly DeviceTree[] = ["/dev/pts", "/dev/shm"];

/** Writes it into the notes of the selection, which a report reads. */
export function noteLeftOut(selection: Selection, files: LibraryFiles, run: RunFacts): void {
  noteKernelTrees(selection, files, run.touched);
  noteLocale(selection, files, run.env);
  // Only a report asks for it, and it reads every directory that was opened.
  selection.notes.postpone(() => noteDirectories(selection, files));
}

/** The root has a directory that was opened, but of its entries only those that were opened themselves. */
function noteDirectories(selection: Selection, files: LibraryFiles): void {
  const held = new Map<string, Set<string>>();
  const seen = new Set<string>();
  for (const path of [...selection.files, ...selection.directories, ...selection.links]) {
    for (let at = path; at !== "/" && !seen.has(at); at = parentOf(at)) {
      seen.add(at);
      const parent = parentOf(at);
      if (selection.directories.has(parent))
        held.set(parent, (held.get(parent) ?? new Set()).add(baseOf(at)));
    }
  }
  for (const path of [...selection.directories].sort()) {
    if (path === "/tmp" || path === "/var/tmp" || path === "/run") continue;
    const there = files.list(path).filter((name) => !selection.made.has(`${path}/${name}`));
    const missing = there.filter((name) => held.get(path)?.has(name) !== true).length;
    if (missing === 0) continue;
    const why = `a directory that was opened; ${missing} of its ${there.length} entries ${missing === 1 ? "is" : "are"} not here`;
    selection.notes.leftOut.push({ what: path, why, include: `${literalGlob(path)}/**` });
  }
}

/** Devices and state of this system: a container has its own, or none. */
function noteKernelTrees(
  selection: Selection,
  files: LibraryFiles,
  touched: ReadonlyMap<string, number>,
): void {
  const told = new Set<string>();
  for (const key of touched.keys()) {
    // Most names are of other trees.
    if (!FIRST_LETTERS.includes(key[1] ?? "/")) continue;
    const path = key.replace(ROOT_END, "");
    if (!KERNEL_TREES.test(path)) continue;
    const real = files.real(path) ?? path;
    if (path === "/dev/ptmx") selection.notes.deviceTrees.add("/dev/pts");
    for (const tree of TREES)
      if (path === tree || path.startsWith(`${tree}/`)) selection.notes.deviceTrees.add(tree);
    if (told.has(real) || files.real(path) === null || selection.has(real) || selection.isMade(real))
      continue;
    told.add(real);
    if (real.startsWith("/run/")) {
      const why = "state of this system, of no use to the next start";
      selection.notes.leftOut.push({ what: real, why });
    } else if (/^\/dev\/(?!(pts|shm)(\/|$))./.test(real) && !Object.hasOwn(COMMON_DEVICES, real)) {
      selection.notes.leftOut.push({ what: real, why: "of this system's /dev; a container has its own" });
    }
  }
}

/** Variables that point to what was not there for the run either, and tables that only other data would ask for. */
function noteLocale(selection: Selection, files: LibraryFiles, env: RunFacts["env"]): void {
  const { leftOut } = selection.notes;
  const zone = fromFs(env["TZ"] ?? "").replace(/^:/, "");
  const zoneFile = zone.startsWith("/") ? zone : `/usr/share/zoneinfo/${zone}`;
  const isRule = /[\d,<]/.test(zone) && !zone.includes("/");
  const usesLibc = selection.objects().some((path) => /^(libc|ld-)[\w.-]*\.so/.test(baseOf(path)));
  if (usesLibc && zone !== "" && zone !== "UTC" && !isRule && files.real(zoneFile) === null)
    leftOut.push({ what: zoneFile, why: "not on this system, though TZ names it" });
  for (const [name, value] of Object.entries(env)) {
    if (!/^(LANG|LC_[A-Z]+)$/.test(name) || value === undefined || !usesLibc) continue;
    if (/^(C|POSIX|C\.(UTF-?8|utf-?8)|)$/.test(value) || hasLocale(fromFs(value), files)) continue;
    leftOut.push({ what: `locale ${fromFs(value)}`, why: `not on this system, though ${name} names it` });
  }
  const gconv = [...selection.files].find((path) => path.endsWith("/gconv-modules.cache"));
  if (gconv === undefined) return;
  const include = `${literalGlob(parentOf(gconv))}/**`;
  leftOut.push({ what: parentOf(gconv), why: "tables of character sets that were not asked for", include });
}

/** Whether a locale has a directory, under its name or the normalized one. Where glibc's archive exists, takes it to hold it. */
function hasLocale(name: string, files: LibraryFiles): boolean {
  const normal = name.replace(
    /\.([\w-]+)/,
    (_all, set: string) => `.${set.toLowerCase().replaceAll("-", "")}`,
  );
  const places = [`/usr/lib/locale/${name}`, `/usr/lib/locale/${normal}`, "/usr/lib/locale/locale-archive"];
  return places.some((place) => !place.includes("..") && files.real(place) !== null);
}
