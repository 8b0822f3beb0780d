/**
 * The quoting of a POSIX shell's words, without any expansion. The master quotes with it, and `vzexec` reads with it what
 * sshd hands over, so that a command line means the same on both sides and never reaches a shell.
 */
import { Status, VzError } from "./errors.ts";

/** One word, quoted so that a POSIX shell and `splitWords` read it back as it was. */
export function quoteWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

/**
 * Splits a command line into words by the rules of quoting in POSIX (XCU 2.2): backslash, '…' and "…".
 * @throws VzError 77 for anything that only a shell could obey: operators, expansions, comments, unquoted line breaks.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let i = 0;
  const refuse = (what: string) =>
    new VzError(Status.refused, `command line: ${what}`, {
      hint: "this account runs vzexec verbs, not a shell",
    });
  while (i < line.length) {
    const c = line.charAt(i);
    if (c === " " || c === "\t") {
      if (word !== undefined) words.push(word);
      word = undefined;
      i++;
    } else if (c === "'") {
      const end = line.indexOf("'", i + 1);
      if (end < 0) throw refuse("unclosed '");
      word = (word ?? "") + line.slice(i + 1, end);
      i = end + 1;
    } else if (c === '"') {
      const quoted = readDoubleQuoted(line, i + 1, refuse);
      word = (word ?? "") + quoted.text;
      i = quoted.next;
    } else if (c === "\\") {
      const next = line.charAt(i + 1);
      if (next === "" || next === "\n") throw refuse("stray backslash");
      word = (word ?? "") + next;
      i += 2;
    } else if (
      /[|&;<>()$`\n\r*?[\]{}!]/.test(c) ||
      (c === "#" && word === undefined) ||
      (c === "~" && word === undefined)
    ) {
      throw refuse(`${JSON.stringify(c)} has no meaning here`);
    } else {
      word = (word ?? "") + c;
      i++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function readDoubleQuoted(
  line: string,
  start: number,
  refuse: (what: string) => VzError,
): { text: string; next: number } {
  let text = "";
  let i = start;
  for (;;) {
    const c = line.charAt(i);
    if (c === "") throw refuse('unclosed "');
    if (c === '"') return { text, next: i + 1 };
    if (c === "$" || c === "`") throw refuse(`${JSON.stringify(c)} has no meaning here`);
    const escaped = c === "\\" && /["\\$`]/.test(line.charAt(i + 1));
    text += escaped ? line.charAt(i + 1) : c;
    i += escaped ? 2 : 1;
  }
}
