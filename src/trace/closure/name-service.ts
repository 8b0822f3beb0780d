/**
 * The parts of glibc's name service. A program that asked for users or hosts will ask again, for other names perhaps,
 * which other files and modules answer; see nsswitch.conf(5).
 */
import { type LibraryFiles, LibraryPath } from "../elf/loader-path.ts";
import type { Selection } from "../names/selection.ts";
import { baseOf } from "../names/walk.ts";

const SWITCH = "/etc/nsswitch.conf";
/** Each of these, once touched, is a sign that its kind was asked for. Never guessed: shadow(5), which holds secrets. */
const USERS = ["/etc/passwd", "/etc/group"];
const HOSTS = ["/etc/hosts", "/etc/resolv.conf", "/etc/host.conf"];
/** Goes with hosts, but is no sign of them: a program that turns an address into text reads these too. */
const NETWORK = ["/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/networks"];
/** Databases whose modules are taken. */
const USER_DATABASES = ["passwd", "group", "initgroups"];
const HOST_DATABASES = ["hosts"];
/** As glibc has it where nsswitch.conf says nothing. */
const DEFAULTS: Readonly<Record<string, readonly string[]>> = { hosts: ["dns", "files"] };
/** Modules that libc.so.6 itself holds since glibc 2.34. */
const BUILT_IN = new Set(["files", "dns"]);
/**
 * The modules of glibc itself, which answer from the root's own files or from the network. Others (systemd, sss, ldap,
 * mymachines …) ask a daemon that no container of one program has, and glibc passes over a module that is not there.
 */
const ANSWER_ALONE = new Set(["files", "dns", "compat", "db", "hesiod"]);
const STRINGS_PART = 1 << 20;

/** Adds these parts, on a guess, where the run asked for users or hosts. */
export function addNameService(selection: Selection, files: LibraryFiles): void {
  const libcs = selection
    .objects()
    .filter((file) => /^libc[.-].*so/.test(baseOf(file)) && !file.includes("musl"));
  const asked = (names: readonly string[]) =>
    names.some((name) => selection.files.has(files.real(name) ?? name));
  const hosts = asked(HOSTS);
  const users = asked(USERS) || (!hosts && asked([SWITCH]));
  if (libcs.length === 0 || (!users && !hosts)) return;
  const guess = (names: readonly string[], why: string) => {
    for (const name of names) selection.guess(name, "name service", why);
  };
  if (users) guess([SWITCH, ...USERS], "users were asked for by name or number");
  if (hosts) guess([SWITCH, ...HOSTS, ...NETWORK], "hosts were asked for by name or address");
  const databases = [...(users ? USER_DATABASES : []), ...(hosts ? HOST_DATABASES : [])];
  const modules = modulesOf(files.text(SWITCH) ?? "", databases);
  for (const libc of libcs) addModules(libc, modules, selection, files);
}

/** Services of these databases, each once. Actions in brackets name none. */
function modulesOf(text: string, databases: readonly string[]): Set<string> {
  const services = new Map(Object.entries(DEFAULTS));
  for (const line of text.split("\n")) {
    const [, database, rest] = /^\s*([a-z_]+)\s*:([^#]*)/.exec(line) ?? [];
    if (database === undefined || rest === undefined) continue;
    const names = rest.replaceAll(/\[[^\]]*\]/g, " ").match(/[\w-]+/g);
    services.set(database, names ?? []);
  }
  return new Set(databases.flatMap((database) => services.get(database) ?? ["files"]));
}

function addModules(
  libc: string,
  modules: ReadonlySet<string>,
  selection: Selection,
  files: LibraryFiles,
): void {
  const elf = files.elf(libc);
  if (elf === null) return;
  const own = hasOwnModules(libc, elf.strings, files);
  const path = new LibraryPath(files);
  const object = { path: libc, elf, parent: undefined };
  for (const module of modules) {
    if (own && BUILT_IN.has(module)) continue;
    const found = path.find(`libnss_${module}.so.2`, object, elf.interpreter);
    if (found === null) continue;
    const what = `module "${module}" of ${SWITCH}`;
    if (ANSWER_ALONE.has(module)) selection.guess(found, "name service", what);
    else if (!selection.has(files.real(found) ?? found))
      selection.notes.leftOut.push({ what: found, why: `${what}, which asks a daemon`, include: found });
  }
}

/** Whether this libc.so.6 is of glibc 2.34 or later, by the names of its symbol versions. */
function hasOwnModules(
  libc: string,
  strings: { offset: number; size: number },
  files: LibraryFiles,
): boolean {
  return files.part(libc, strings.offset, Math.min(strings.size, STRINGS_PART)).includes("GLIBC_2.34\0");
}
