/**
 * The one entry: chooses the role by argv[0] or the first word, prints every error, and is the only caller of exit.
 * Each role is a bundle of its own that is loaded only when it is played; so is what people need (help, options,
 * suggestions), since this file is read at every start of a container.
 */

import { commandLine, endWith, exit, onUncaught, processIo } from "./cli/process-io.ts";
import { Args, isGroup, type Role } from "./common/command/command.ts";
import { isFrontEnd } from "./common/command/front-end.ts";
import { report } from "./common/command/report.ts";
import { hasCode } from "./common/errors.ts";
import type { Io } from "./common/io.ts";

const roles: readonly Role[] = [
  {
    words: ["master"],
    links: [],
    operator: true,
    summary: "the operator's console: deploys slaves, applies a fleet file, shows what runs",
    load: () => import("./master/index.ts"),
  },
  {
    words: ["vzexec"],
    links: ["vzexec"],
    summary: "restricted shell on a slave; on the master, the same command on many slaves",
    load: async (words = []) =>
      isFrontEnd(process.argv0, words)
        ? { default: (await import("./master/index.ts")).vzexec }
        : import("./slave/vzexec/index.ts"),
  },
  {
    words: ["runch"],
    links: ["runch"],
    summary: "OCI container runner",
    load: ([word = "--help"] = []) =>
      word === "--help" || word === "-h"
        ? import("./slave/runch/commands/help.ts")
        : import("./slave/runch/index.ts"),
  },
  {
    words: ["probe"],
    links: [],
    summary: "what this kernel and this init can do",
    load: () => import("./slave/probe/command.ts"),
  },
  {
    words: ["trace", "strace-trace"],
    links: ["strace-trace"],
    operator: true,
    summary: "root filesystem, bundle or image of a program, by tracing it",
    load: () => import("./trace/index.ts"),
  },
  {
    words: ["ldd", "ldd-trace"],
    links: ["ldd-trace", "ldd-chroot.sh"],
    operator: true,
    summary: "minimal chroot of a program, by reading its ELF files",
    load: () => import("./ldd/index.ts"),
  },
  {
    words: ["image"],
    links: [],
    operator: true,
    summary: "build, look into, compare and keep images",
    load: () => import("./image/index.ts"),
  },
  {
    words: ["lab"],
    links: [],
    operator: true,
    summary: "fake VPSes on this machine",
    load: () => import("./lab/index.ts"),
  },
  {
    words: ["load-image"],
    links: [],
    summary: "take an image into this slave's store, for vzexec load",
    hidden: true,
    load: () => import("./slave/store/load-role.ts"),
  },
];

/** Entries that read their own words (`runch`, `vzexec`) start at once; the others get help and options from cli.ts. */
async function play(role: Role, words: readonly string[], io: Io): Promise<number> {
  const { default: entry } = await role.load(words).catch((error) => absent(role, error));
  if (isGroup(entry)) {
    if (entry.play !== undefined) return entry.play(words, io);
  } else if (entry.raw && words[0] !== "--help" && words[0] !== "-h") {
    return entry.run(new Args(words, {}), io);
  }
  return (await import("./cli/cli.ts")).run(entry, words, io);
}

/** @throws VzError 64 where the error says that the role is not in this executable */
async function absent(role: Role, error: unknown): Promise<never> {
  throw hasCode(error, "ERR_MODULE_NOT_FOUND") ? (await import("./cli/cli.ts")).roleNotHere(role) : error;
}

/** @param argv argv[0] included */
async function main(argv: readonly string[], io: Io): Promise<number> {
  const name = argv[0] ?? "vz";
  const link = name.slice(name.lastIndexOf("/") + 1).replace(/^-/, "");
  const linked = roles.find((role) => role.links.includes(link));
  if (linked !== undefined) return play(linked, argv.slice(1), io);
  const [word = "", ...rest] = argv.slice(1);
  const role = roles.find((one) => one.words.includes(word));
  if (role !== undefined) return play(role, rest, io);
  return (await import("./cli/cli.ts")).general(roles, argv.slice(1), io);
}

const io = processIo();
onUncaught((error) => report(error, io));
main(commandLine(), io).then(endWith, (error: unknown) => exit(report(error, io)));
