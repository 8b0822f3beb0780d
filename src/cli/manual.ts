/**
 * The man page and shell completion, both made from the same constants as the help on screen. Loaded only when asked for.
 */
import { type Command, type Entry, isGroup, type Option } from "../common/command/command.ts";

/** One role as the dispatcher knows it. */
export interface Chapter {
  readonly word: string;
  readonly summary: string;
  readonly entry: Entry;
}

/** Text as roff shows it literally: backslashes, leading dots and quotes escaped, hyphens kept as typed. */
export function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}

function optionTerm(option: Option): string {
  const names = option.alias === undefined ? `--${option.name}` : `-${option.alias}, --${option.name}`;
  return option.value === undefined ? names : `${names} ${option.value}`;
}

function commandSection(command: Command): string[] {
  const lines = [`.SS ${roff(command.name)}`, `${roff(command.summary)}.`, ".PP", ".nf"];
  lines.push(...command.usage.map(roff), ".fi");
  for (const paragraph of command.details?.split(/\n\s*\n/) ?? []) lines.push(".PP", roff(paragraph.trim()));
  for (const option of command.options) lines.push(".TP", roff(optionTerm(option)), roff(option.help));
  for (const example of command.examples)
    lines.push(".PP", roff(`$ ${example.command}`), ".br", roff(example.does));
  return lines;
}

/** vz(1) in man(7) macros, with every command of every role. */
export function manPage(chapters: readonly Chapter[], version: string): string {
  const lines = [
    `.TH VZ 1 "" "vz ${version}" "User Commands"`,
    ".SH NAME",
    "vz \\- a private cloud on the cheapest VPSes there are",
    ".SH SYNOPSIS",
    ".B vz",
    "COMMAND ...",
    ".SH COMMANDS",
    ...chapters.flatMap(({ word, summary }) => [".TP", roff(word), roff(summary)]),
  ];
  for (const { word, entry } of chapters) {
    lines.push(`.SH ${roff(word.toUpperCase())}`);
    const commands = isGroup(entry) ? Object.values(entry.commands) : [entry];
    lines.push(...commands.flatMap(commandSection));
  }
  lines.push(
    ".SH EXIT STATUS",
    ...[
      ["0", "done"],
      ["1", "failed"],
      ["2", "there are differences"],
      ["64", "wrong usage"],
      ["65", "bad data"],
      ["69", "a host is unreachable"],
      ["70", "a bug in vz"],
      ["71", "a system call failed"],
      ["75", "busy, try again"],
      ["77", "refused"],
      ["78", "bad configuration"],
      ["124", "timed out"],
      ["125, 126, 127", "a container could not be set up, its program not executed, not found"],
      ["128+n", "a container was ended by signal n"],
    ].flatMap(([status, meaning]) => [".TP", `${status}`, `${meaning}`]),
  );
  return `${lines.join("\n")}\n`;
}

/**
 * Completions of the last of `words`.
 * @param words what was typed behind `vz`; the last one is the beginning of a word, maybe empty
 */
export function candidates(chapters: readonly Chapter[], words: readonly string[]): string[] {
  const start = words.at(-1) ?? "";
  const [first, second] = words.slice(0, -1);
  const named = chapters.find((chapter) => chapter.word === first);
  let found: string[];
  if (first === undefined || first === "help") {
    found = [...chapters.map((chapter) => chapter.word), ...(first === undefined ? ["help"] : [])];
  } else if (named === undefined) {
    found = [];
  } else if (isGroup(named.entry) && second === undefined) {
    found = Object.keys(named.entry.commands);
  } else {
    const command = isGroup(named.entry) ? named.entry.commands[second ?? ""] : named.entry;
    found = command?.options.map((option) => `--${option.name}`) ?? [];
  }
  return found.filter((word) => word.startsWith(start)).sort();
}

/** What `vz completion SHELL` prints; undefined for a shell that is not known. */
export function completionScript(shell: string): string | undefined {
  const bash = `_vz() {
  local IFS=$'\\n'
  COMPREPLY=($(vz completion --words "\${COMP_WORDS[@]:1:COMP_CWORD}"))
}
complete -o default -F _vz vz
`;
  if (shell === "bash") return bash;
  if (shell === "zsh") return `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
  return undefined;
}
