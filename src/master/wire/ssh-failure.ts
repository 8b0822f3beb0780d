/** What ssh says when it ends with 255, in one line of ours. Its texts are those of OpenSSH 5.3 to 10. */
import { printable } from "../../common/printable.ts";

export type SshFailureKind =
  | "wrong key"
  | "unknown host key"
  | "changed host key"
  | "refused"
  | "timed out"
  | "no such host"
  | "no route"
  | "lost"
  | "other";

export interface SshFailure {
  readonly kind: SshFailureKind;
  /** Behind `HOST: `. */
  readonly why: string;
  readonly hint?: string;
}

interface Pattern {
  readonly kind: SshFailureKind;
  readonly match: RegExp;
  readonly why: string;
  readonly hint?: string;
}

/** The first that matches counts. */
const PATTERNS: readonly Pattern[] = [
  {
    kind: "changed host key",
    match: /REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed/i,
    why: "its host key has changed: another machine answers there, or it was installed anew",
    hint: "if that is so, take its lines out of the known hosts (ssh-keygen -R) and deploy --accept-new",
  },
  {
    kind: "unknown host key",
    match: /No .* host key is known for|Host key verification failed/i,
    why: "its host key is unknown",
    hint: "compare it with what the vendor's console shows, then vz master deploy --accept-new",
  },
  {
    kind: "wrong key",
    match: /Permission denied|Too many authentication failures|No more authentication methods/i,
    why: "it does not take the key",
  },
  { kind: "refused", match: /Connection refused/i, why: "connection refused: no sshd on that port" },
  { kind: "timed out", match: /timed out|Timeout, server .* not responding/i, why: "timed out" },
  {
    kind: "no such host",
    match: /Could not resolve hostname|Name or service not known/i,
    why: "its name does not resolve",
  },
  {
    kind: "no route",
    match: /No route to host|Network is unreachable|Host is down/i,
    why: "no route to it",
  },
  {
    kind: "lost",
    match: /Connection (closed|reset)|Broken pipe|kex_exchange_identification|Connection to .* closed/i,
    why: "the connection broke",
  },
];

/** @param stderr what ssh wrote; lines of a server's banner may be among it */
export function explainSsh(stderr: string): SshFailure {
  for (const { kind, match, why, hint } of PATTERNS) {
    if (match.test(stderr)) return hint === undefined ? { kind, why } : { kind, why, hint };
  }
  const last = stderr
    .split(/[\r\n]+/)
    .map((line) => line.replace(/^.*Failed to connect to the host via ssh:/, "").trim())
    .filter((line) => line !== "")
    .at(-1);
  // a connection that ends under way leaves nothing to read
  return last === undefined
    ? { kind: "lost", why: "the connection broke" }
    : { kind: "other", why: printable(last) };
}

/** The host key in the words of `ssh -o LogLevel=DEBUG1`: "ED25519 SHA256:…". */
export function readFingerprint(stderr: string): string | undefined {
  const match = /Server host key: (\S+) (SHA256:[A-Za-z0-9+/=]+|(?:[0-9a-f]{2}:){15}[0-9a-f]{2})/.exec(
    stderr,
  );
  const type = match?.[1]?.replace(/^ssh-/, "").toUpperCase();
  return match === null ? undefined : `${type} ${match[2]}`;
}
