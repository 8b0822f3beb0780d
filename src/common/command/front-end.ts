/**
 * Whether this is the master's `vzexec HOSTS -- VERB…`, and not the slave's vzexec, which sshd and login start. A login shell
 * gets `-c LINE`, or a leading `-` in argv[0]; whoever holds the daily key writes LINE, and may write `--` alone. A forced
 * command has no arguments.
 */
export function isFrontEnd(argv0: string, words: readonly string[]): boolean {
  return words.includes("--") && words[0] !== "-c" && !argv0.startsWith("-");
}
