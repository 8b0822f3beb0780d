/**
 * Questions to `vzexec` on slaves, straight over ssh: what only reads. (What changes a slave goes through a playbook.)
 * Every failure is a VzError whose message begins with the host and the step.
 */
import type { GenericSchema } from "valibot";
import { Status, VzError } from "../../common/errors.ts";
import { printable } from "../../common/printable.ts";
import { readAnswer } from "./answers.ts";
import { type Outcome, runProgram } from "./program.ts";
import { type Login, probeKeyCommand, sshCommand } from "./ssh.ts";
import { explainSsh, readFingerprint, type SshFailure } from "./ssh-failure.ts";
import { Unreachable } from "./unreachable.ts";

/** Milliseconds and bytes that a question may take. */
const READ_LIMITS = { timeout: 30_000, maxBytes: 16 * 1024 * 1024 };
/** How ssh itself ends when it fails; vz never ends so. */
const SSH_FAILED = 255;
/** Logins at a time: enough to wait for many slow hosts at once, few enough for a small master. */
export const PARALLEL = 16;

/**
 * Runs `vzexec WORDS` on the host and gives its standard output.
 * @throws VzError 69 where it is unreachable or gives no answer in time, 1 for an answer without end, or the verb's status
 */
export async function ask(login: Login, words: readonly string[]): Promise<string> {
  const step = `${login.host.name}: ${words[0]}`;
  const outcome = await runProgram(sshCommand(login, ["vzexec", ...words]), READ_LIMITS);
  if (outcome.stopped === "time") {
    const seconds = READ_LIMITS.timeout / 1000;
    throw new VzError(Status.unreachable, `${step}: no answer within ${seconds} s`);
  }
  if (outcome.stopped === "output") throw new VzError(Status.failed, `${step}: answers without end`);
  if (outcome.status === SSH_FAILED) throw await unreachable(login, outcome.stderr);
  if (outcome.status !== 0) throw refused(step, outcome);
  return outcome.stdout;
}

/** As `ask`, for a verb that answers JSON. */
export async function askJson<T>(
  login: Login,
  words: readonly string[],
  schema: GenericSchema<unknown, T>,
): Promise<T> {
  const text = await ask(login, [...words, "--json"]);
  const answer = readAnswer(schema, text);
  if (answer !== undefined) return answer;
  throw new VzError(Status.failed, `${login.host.name}: ${words[0]}: not an answer of vzexec`, {
    hint: "is the vz there of this version? vz master deploy",
  });
}

/** The error of an ssh that ended with 255. */
export async function unreachable(login: Login, stderr: string): Promise<VzError> {
  return unreachableError(login, await explain(login, stderr));
}

/** Reads ssh's words, and asks the host once more for its key where that is unknown. */
async function explain(login: Login, stderr: string): Promise<SshFailure> {
  const failure = explainSsh(stderr);
  if (failure.kind !== "unknown host key") return failure;
  const probe = await runProgram(probeKeyCommand(login), READ_LIMITS);
  const fingerprint = readFingerprint(probe.stderr);
  return fingerprint === undefined ? failure : { ...failure, why: `${failure.why}: ${fingerprint}` };
}

function unreachableError(login: Login, { kind, why, hint }: SshFailure): VzError {
  const { host, key } = login;
  const place = host.port === 22 ? host.address : `${host.address} port ${host.port}`;
  const what = kind === "wrong key" ? `${why} ${key}` : why;
  return new Unreachable(host.name, place, what, {
    ...(hint !== undefined && { hint }),
    ...(kind === "wrong key" && { hint: whoseKey(login) }),
  });
}

function whoseKey({ rights, user, host }: Login): string {
  return rights === "root"
    ? `ssh.key of the fleet file must be a key of ${user} on ${host.name}`
    : "vz master deploy gives it to the slaves";
}

/** The first error line of a verb that failed, as one of ours. */
export function refused(step: string, { status, stderr }: Pick<Outcome, "status" | "stderr">): VzError {
  const lines = stderr.split("\n").map((line) => printable(line.trim()));
  const own = lines.find((line) => line.startsWith("vz: ")) ?? lines.find((line) => line !== "");
  const hint = lines.find((line) => line.startsWith("hint: "));
  const why = own?.replace(/^vz: /, "") ?? `status ${status}`;
  return new VzError(status, `${step}: ${why}`, hint === undefined ? {} : { hint: hint.slice(6) });
}
