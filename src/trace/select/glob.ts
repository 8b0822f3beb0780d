/**
 * Globs over names of files, as gitignore(5) has them: `*`, `?` and `[…]` match within a component, `**` as a whole component
 * matches any number of them, a backslash takes the next character literally. Byte strings.
 */

import { shown } from "../../common/byte-strings.ts";
import { Status, VzError } from "../../common/errors.ts";

/** A component of a glob. */
export type GlobPart =
  | { readonly kind: "literal"; readonly name: string }
  | { readonly kind: "match"; readonly expression: RegExp }
  /** `**` */
  | { readonly kind: "any" };

export interface Glob {
  /** As typed. */
  readonly text: string;
  /** From the root on. */
  readonly parts: readonly GlobPart[];
  /** Whether it matches a path, or a directory above it. */
  covers(path: string): boolean;
}

/**
 * @param anywhere whether a glob without a slash may match at any depth; else it must start with one
 * @throws VzError 64 for what is no such glob
 */
export function parseGlob(text: string, anywhere: boolean): Glob {
  const bad = (why: string, hint?: string) =>
    new VzError(
      Status.usage,
      `glob ${JSON.stringify(shown(text))}: ${why}`,
      hint === undefined ? {} : { hint },
    );
  const whole = anywhere && !text.includes("/") ? `/**/${text}` : text;
  if (!whole.startsWith("/")) {
    const hint = anywhere ? "or hold no slash, and match at any depth" : "as in /etc/*.conf";
    throw bad("must start with a slash", hint);
  }
  const words = whole.split("/").filter((word) => word !== "");
  if (text === "" || words.length === 0) throw bad("names no file");
  if (words.some((word) => word === "." || word === "..")) throw bad("holds . or ..");
  const parts = words.map((word): GlobPart => {
    if (word === "**") return { kind: "any" };
    const source = sourceOf(word, bad);
    if (/^(?:[^*?[\\]|\\.)*$/s.test(word)) return { kind: "literal", name: word.replaceAll(/\\(.)/gs, "$1") };
    return { kind: "match", expression: new RegExp(`^${source}$`, "s") };
  });
  const middle = words.map((word, i) => {
    if (word !== "**") return `/${sourceOf(word, bad)}`;
    return i === words.length - 1 ? "/.+" : "(?:/[^/]+)*";
  });
  const expression = new RegExp(`^${middle.join("")}(?:/.*)?$`, "s");
  return { text, parts, covers: (path) => expression.test(path) };
}

/** A component as the source of a regular expression. */
function sourceOf(word: string, bad: (why: string) => VzError): string {
  let source = "";
  for (let i = 0; i < word.length; i++) {
    const char = word.charAt(i);
    if (char === "*") {
      // Stars in a row mean no more than one; as many expressions would take long to fail.
      if (!source.endsWith("[^/]*")) source += "[^/]*";
    } else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const { text, end } = classAt(word, i, bad);
      source += text;
      i = end;
    } else if (char === "\\") {
      if (++i === word.length) throw bad("ends with a backslash");
      source += literal(word.charAt(i));
    } else source += literal(char);
  }
  return source;
}

/** `[a-z]`, `[!a-z]`, `[]x]`; a class of names such as `[:alpha:]` is refused. */
function classAt(word: string, at: number, bad: (why: string) => VzError): { text: string; end: number } {
  const negated = /[!^]/.test(word.charAt(at + 1));
  const start = at + (negated ? 2 : 1);
  let text = "";
  for (let i = start; i < word.length; i++) {
    const char = word.charAt(i);
    if (char === "]" && i > start) return { text: `(?!/)[${negated ? "^" : ""}${text}]`, end: i };
    if (char === "[" && /[:.=]/.test(word.charAt(i + 1))) throw bad(`${word.slice(i, i + 2)} in a class`);
    if (char === "\\") i++;
    const from = word.charAt(i);
    if (word.charAt(i + 1) === "-" && i + 2 < word.length && word.charAt(i + 2) !== "]") {
      const to = word.charAt(i + 2);
      if (to < from) throw bad(`${from}-${to}: backwards`);
      text += `${literal(from)}-${literal(to)}`;
      i += 2;
    } else text += literal(from);
  }
  throw bad("[ without its ]");
}

function literal(char: string): string {
  return /[A-Za-z0-9_]/.test(char) ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
