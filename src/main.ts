/**
 * The one entry: chooses the role by argv[0] or the first word, prints every error, and is the only caller of exit.
 * Each role is a bundle of its own that is loaded only when it is played.
 */
import { basename } from "node:path";
import { Args, type Entry, isGroup, parseArgs } from "./common/command.ts";
import { Status, VzError } from "./common/errors.ts";
import { definitions, helpPage } from "./common/help.ts";
import type { Io } from "./common/io.ts";
import { report } from "./common/report.ts";
import { suggest } from "./common/suggest.ts";
import { version, versionLine } from "./common/version.ts";
import { processIo } from "./process-io.ts";

interface Role {
  /** First words of `vz WORD …` that play it. */
  readonly words: readonly string[];
  /** Names of links to the executable (argv[0]) that play it. */
  readonly links: readonly string[];
  readonly summary: string;
  /** For vz's own use: not in the help. */
  readonly hidden?: boolean;
  load(): Promise<{ default: Entry }>;
}

const roles: readonly Role[] = [
  {
    words: ["master"],
    links: [],
    summary: "the operator's console: deploys slaves, applies a fleet file, shows what runs",
    load: () => import("./master/index.ts"),
  },
  {
    words: ["vzexec"],
    links: ["vzexec"],
    summary: "restricted shell on a slave; on the master, the same command on many slaves",
    load: () => import("./slave/vzexec/index.ts"),
  },
  {
    words: ["runch"],
    links: ["runch"],
    summary: "OCI container runner",
    load: () => import("./slave/runch/index.ts"),
  },
  {
    words: ["trace", "strace-trace"],
    links: ["strace-trace"],
    summary: "root filesystem, bundle or image of a program, by tracing it",
    load: () => import("./build/strace-trace.ts"),
  },
  {
    words: ["ldd", "ldd-trace"],
    links: ["ldd-trace", "ldd-chroot.sh"],
    summary: "minimal chroot of a program, by reading its ELF files",
    load: () => import("./build/ldd-trace.ts"),
  },
  {
    words: ["image"],
    links: [],
    summary: "images: build, inspect, verify",
    load: () => import("./build/image/index.ts"),
  },
  { words: ["lab"], links: [], summary: "fake VPSes on this machine", load: () => import("./lab/index.ts") },
  {
    words: ["load-image"],
    links: [],
    summary: "take an image into this slave's store, for vzexec load",
    hidden: true,
    load: () => import("./slave/store/load-role.ts"),
  },
];

const shown = roles.filter((role) => role.hidden !== true);

function overview(width: number): string {
  const rows = shown.map((role) => [role.words[0] ?? "", role.summary] as const);
  return `vz - a private cloud on the cheapest VPSes there are

usage: vz COMMAND …
       vz help [COMMAND…]        vz help --man >vz.1
       vz completion bash|zsh    vz --version

Commands:
${definitions(rows, width)}

Links to this file named runch, vzexec, strace-trace and ldd-trace play that role.
`;
}

function findRole(word: string): Role {
  const role = roles.find((one) => one.words.includes(word));
  if (role !== undefined) return role;
  const near = suggest(word, [...shown.flatMap((one) => one.words), "help", "completion"]);
  throw new VzError(Status.usage, `${word}: no such command`, {
    hint: near === undefined ? "vz help lists the commands" : `did you mean vz ${near}?`,
  });
}

/** Follows `words` from a role to one of its commands. */
function findCommand(entry: Entry, words: readonly string[]): { entry: Entry; rest: readonly string[] } {
  const [word, ...rest] = words;
  if (!isGroup(entry) || word === undefined) return { entry, rest: words };
  const command = Object.hasOwn(entry.commands, word) ? entry.commands[word] : undefined;
  if (command !== undefined) return { entry: command, rest };
  const near = suggest(word, Object.keys(entry.commands));
  throw new VzError(Status.usage, `${entry.name} ${word}: no such command`, {
    hint:
      near === undefined ? `${entry.name} --help lists the commands` : `did you mean ${entry.name} ${near}?`,
  });
}

async function chapters() {
  return Promise.all(
    shown.map(async ({ words, summary, load }) => ({
      word: words[0] ?? "",
      summary,
      entry: (await load()).default,
    })),
  );
}

async function completion(words: readonly string[], io: Io): Promise<number> {
  const manual = await import("./manual.ts");
  const [what = "", ...rest] = words;
  if (what === "--words") {
    const found = manual.candidates(await chapters(), rest);
    io.out(found.map((word) => `${word}\n`).join(""));
    return Status.ok;
  }
  const script = manual.completionScript(what);
  if (script === undefined) {
    throw new VzError(Status.usage, `completion ${what}: no such shell`, {
      hint: "vz completion bash, or zsh",
    });
  }
  io.out(script);
  return Status.ok;
}

async function help(words: readonly string[], io: Io): Promise<number> {
  const width = Math.min(io.outColumns ?? 80, 100);
  const [first, ...rest] = words;
  if (first === undefined) {
    io.out(overview(width));
  } else if (first === "--man") {
    io.out((await import("./manual.ts")).manPage(await chapters(), version().version));
  } else {
    io.out(helpPage(findCommand((await findRole(first).load()).default, rest).entry, width));
  }
  return Status.ok;
}

async function play(role: Role, words: readonly string[], io: Io): Promise<number> {
  const top = (await role.load()).default;
  if (isGroup(top) && top.play !== undefined) return top.play(words, io);
  const { entry, rest } = findCommand(top, words[0]?.startsWith("-") ? [] : words);
  const argv = isGroup(entry) || words[0]?.startsWith("-") ? words : rest;
  if (asksForHelp(entry, argv)) {
    io.out(helpPage(entry, Math.min(io.outColumns ?? 80, 100)));
    return Status.ok;
  }
  if (isGroup(entry)) {
    const why = argv[0] === undefined ? "which command?" : `unknown option ${argv[0]}`;
    throw new VzError(Status.usage, `${entry.name}: ${why}`, {
      hint: `${entry.name} --help lists the commands`,
    });
  }
  return entry.run(entry.raw ? new Args(argv, {}) : parseArgs(entry, argv), io);
}

/** `--help` among a command's own options; not among those of a command that it is to run. */
function asksForHelp(entry: Entry, argv: readonly string[]): boolean {
  const own = isGroup(entry) || entry.passThrough || entry.raw ? argv.slice(0, 1) : argv;
  const end = own.indexOf("--");
  return (end < 0 ? own : own.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

/** @param argv argv[0] included */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const link = basename(argv[0] ?? "vz").replace(/^-/, "");
  const linked = roles.find((role) => role.links.includes(link));
  if (linked !== undefined) return play(linked, argv.slice(1), io);
  const [word, ...rest] = argv.slice(1);
  if (word === undefined) {
    io.err(overview(Math.min(io.errColumns ?? 80, 100)));
    return Status.usage;
  }
  if (word === "help" || word === "--help" || word === "-h") return help(rest, io);
  if (word === "completion") return completion(rest, io);
  if (word === "--version" || word === "-V" || word === "version") {
    io.out(`${versionLine()}\n`);
    return Status.ok;
  }
  return play(findRole(word), rest, io);
}

const io = processIo();
process.on("uncaughtException", (error) => process.exit(report(error, io)));
process.on("unhandledRejection", (error) => process.exit(report(error, io)));
main([process.argv0, ...process.argv.slice(2)], io).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => process.exit(report(error, io)),
);
