/**
 * How vzexec was called, and what it is asked to do. sshd and login give it words in more than one way:
 *
 * - forced command (`command="/usr/local/bin/vzexec"` of authorized_keys, ForceCommand): no arguments; what the user typed is
 *   in SSH_ORIGINAL_COMMAND, which is unset where he asked for a shell
 * - login shell (passwd(5)): `vzexec -c COMMAND`, or argv[0] with a leading `-` for an interactive login
 * - subsystem (`Subsystem vzexec /usr/local/bin/vzexec subsystem`): that text, in one of the ways above
 * - typed by root on the slave: plain words
 *
 * (`vzexec HOSTS -- VERB…` is the master's, which src/main.ts has told apart: src/common/command/front-end.ts.)
 */
import { Status, VzError } from "../../common/errors.ts";
import { splitWords } from "../../common/shell-words.ts";

export type Call =
  /** Words of a verb. `remote`: they came through sshd or login, so from whoever holds the daily key. */
  | { readonly kind: "verb"; readonly words: readonly string[]; readonly remote: boolean }
  /** Somebody wants a shell. */
  | { readonly kind: "login" };

/** Longer command lines are refused: no request of the master comes near. */
const MAX_LINE = 64 * 1024;
const OWN_NAMES = ["vzexec", "/usr/local/bin/vzexec"];

/**
 * @param argv0 as given, with the `-` of a login shell
 * @param original SSH_ORIGINAL_COMMAND, undefined where it is unset
 * @throws VzError 77 for a line that only a shell could obey
 */
export function readCall(argv0: string, words: readonly string[], original: string | undefined): Call {
  const [first, text] = words;
  if (first === "-c") {
    if (text === undefined || words.length > 2) throw refused("-c takes one argument");
    const own = lineWords(text);
    // sshd runs a forced command by the login shell: where that is vzexec, the command comes as `-c`.
    return own.length > 0 || original === undefined ? remote(own) : remote(lineWords(original));
  }
  if (argv0.startsWith("-")) return { kind: "login" };
  if (first === undefined) return original === undefined ? { kind: "login" } : remote(lineWords(original));
  return { kind: "verb", words, remote: false };
}

/** Words of a line that sshd handed over; the name of vzexec before a verb may be left out. */
function lineWords(line: string): string[] {
  if (line.length > MAX_LINE) throw refused(`longer than ${MAX_LINE} characters`);
  const words = splitWords(line);
  return OWN_NAMES.includes(words[0] ?? "") ? words.slice(1) : words;
}

function remote(words: readonly string[]): Call {
  return words.length === 0 ? { kind: "login" } : { kind: "verb", words, remote: true };
}

export function refused(why: string): VzError {
  return new VzError(Status.refused, `command line: ${why}`, {
    hint: "this account runs vzexec verbs, not a shell",
  });
}
