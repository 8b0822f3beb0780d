/** Help pages of commands and groups, laid out for a terminal of any width. */
import { type Command, type Entry, helpTopic, isGroup } from "./command.ts";

/** Breaks `text` into lines of at most `width` columns, each behind `indent`; a blank line stays a paragraph break. */
export function wrap(text: string, width: number, indent = ""): string {
  const room = Math.max(20, width - indent.length);
  const paragraphs = text.split(/\n\s*\n/).map((paragraph) => {
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph.trim().split(/\s+/)) {
      if (line !== "" && line.length + 1 + word.length > room) {
        lines.push(indent + line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    return [...lines, indent + line].join("\n");
  });
  return paragraphs.join("\n\n");
}

/** Two columns: terms, and what they mean, wrapped beside them. */
export function definitions(rows: readonly (readonly [term: string, text: string])[], width: number): string {
  const left = Math.min(30, Math.max(0, ...rows.map(([term]) => term.length)));
  return rows
    .map(([term, text]) => {
      const body = wrap(text, width, " ".repeat(left + 4));
      const head = `  ${term.padEnd(left)}  `;
      return term.length > left ? `  ${term}\n${body}` : head + body.slice(head.length);
    })
    .join("\n");
}

/** The help page of a command or a group of commands. */
export function helpPage(entry: Entry, width: number): string {
  const parts = [`${entry.name} - ${entry.summary}`];
  if (isGroup(entry)) {
    const rows = Object.entries(entry.commands).map(([name, c]) => [name, c.summary] as const);
    parts.push(`usage: ${entry.name} COMMAND …`, `Commands:\n${definitions(rows, width)}`);
    if (entry.details !== undefined) parts.push(wrap(entry.details, width));
    parts.push(`More: vz help ${helpTopic(entry)} COMMAND`);
  } else {
    parts.push(commandBody(entry, width));
  }
  return `${parts.join("\n\n")}\n`;
}

function commandBody(command: Command, width: number): string {
  const parts = [command.usage.map((line, i) => (i === 0 ? `usage: ${line}` : `       ${line}`)).join("\n")];
  if (command.details !== undefined) parts.push(wrap(command.details, width));
  if (command.options.length > 0) {
    const rows = command.options.map((option) => {
      const names = option.alias === undefined ? `--${option.name}` : `-${option.alias}, --${option.name}`;
      return [option.value === undefined ? names : `${names} ${option.value}`, option.help] as const;
    });
    parts.push(`Options:\n${definitions(rows, width)}`);
  }
  if (command.examples.length > 0) {
    const lines = command.examples.map((e) => `  $ ${e.command}\n${wrap(e.does, width, "      ")}`);
    parts.push(`Examples:\n${lines.join("\n")}`);
  }
  return parts.join("\n\n");
}
