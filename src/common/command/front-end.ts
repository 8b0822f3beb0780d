/**
 * Tells the master's `vzexec HOSTS -- VERB…` from the slave's vzexec, which sshd and login start. A login shell gets its
 * words as `-c LINE`, or a leading `-` in argv[0], and whoever holds the daily key writes that line, even `--` alone; a
 * forced command has no arguments.
 */
export function isFrontEnd(argv0: string, words: readonly string[]): boolean {
  return words.includes("--") && words[0] !== "-c" && !argv0.startsWith("-");
}
