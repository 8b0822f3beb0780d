/** Keeps a caller's environment away from us: sshd may be set up to accept variables from the client. */

/** What vzexec looks at itself. */
export interface Caller {
  /** SSH_ORIGINAL_COMMAND */
  readonly original: string | undefined;
  /** SSH_CLIENT (the address and port of the client, the port of sshd), or "local". */
  readonly from: string;
}

const OWN: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/",
};
/** Only shows stacks of our own errors. */
const KEPT = ["VZ_DEBUG"];

/** Reads what is needed out of `env` and leaves in it only what every program that we start may see. */
export function takeEnvironment(env: Record<string, string | undefined>): Caller {
  const caller = { original: env["SSH_ORIGINAL_COMMAND"], from: env["SSH_CLIENT"] ?? "local" };
  for (const name of Object.keys(env)) if (!KEPT.includes(name)) delete env[name];
  Object.assign(env, OWN);
  return caller;
}
