/** `vzexec HOSTS -- VERB…`: the same verb on many slaves, through Ansible. The slave's vzexec is in `src/slave`. */
import type { Args, Command } from "../../common/command/command.ts";
import { parseArgs } from "../../common/command/parse-args.ts";
import { Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { runVerbs, type VerbResult } from "../ansible/verbs.ts";
import { chooseHosts, type Fleet, type Host } from "../fleet/fleet.ts";
import { requireDailyKey } from "../wire/state-dir.ts";
import { logLines } from "./logs.ts";
import { fileOption, fleetOf, jsonOption, onlyWord, verboseOption } from "./options.ts";
import { Screen } from "./screen.ts";

const ALL = "all";

/** A row of `vzexec --json HOSTS -- …`. */
export interface HostAnswer {
  readonly host: string;
  /** Of the verb; 69 where the host cannot be reached. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options and hosts stand before `--`, the verb and its own options behind it. */
const own: Omit<Command, "run"> = {
  name: "vz master vzexec",
  summary: "run a verb of vzexec on many slaves, through Ansible",
  usage: ["vzexec [-f FILE] [--json] HOSTS -- VERB…", "vz master vzexec …"],
  details:
    "HOSTS is a list such as web1,web2, or all. Every line that a slave answers is printed behind its name. The status is that " +
    "of the host that fared worst, the highest: 0 when the verb ended well everywhere.",
  options: [fileOption, jsonOption, verboseOption],
  examples: [
    { command: "vzexec all -- facts", does: "What every slave of ./fleet.yaml is and can do." },
    { command: "vzexec web1,web2 -- logs hello-1 --lines 5", does: "A verb with options of its own." },
  ],
};

export const vzexec: Command = {
  ...own,
  raw: true,
  async run({ positional }, io) {
    const dashes = positional.indexOf("--");
    const end = dashes < 0 ? positional.length : dashes;
    const before = parseArgs({ ...own, run: vzexec.run }, positional.slice(0, end));
    return runOnHosts(before, positional.slice(end + 1), io);
  },
};

async function runOnHosts(args: Args, words: readonly string[], io: Io): Promise<number> {
  const names = readHosts(onlyWord(args, own.name, "list of hosts"));
  const [verb] = words;
  if (verb === undefined || verb === "") {
    throw new VzError(Status.usage, `${own.name}: which verb?`, {
      hint: "vzexec HOSTS -- VERB; vz help vzexec lists the verbs",
    });
  }
  if (verb === "subsystem") {
    throw new VzError(Status.usage, `${own.name}: subsystem is no verb: it reads requests from its caller`);
  }
  const fleet = fleetOf(args);
  const hosts = chooseHosts(fleet, names);
  requireDailyKey(fleet);
  const json = args.flag("json");
  const answers = await askHosts(fleet, hosts, words, new Screen(io, json), args.flag("verbose"));
  if (json) io.out(`${JSON.stringify(answers, null, 1)}\n`);
  return worst(answers);
}

/** @returns names of hosts, none for all. @throws VzError 64 */
export function readHosts(text: string): readonly string[] {
  const names = text.split(",");
  if (names.includes("")) {
    throw new VzError(Status.usage, `${own.name}: ${JSON.stringify(text)}: a host without a name`, {
      hint: "HOSTS is a list such as web1,web2, or all",
    });
  }
  return names.includes(ALL) ? [] : names;
}

/** In the order of the file, whoever was first to answer. */
async function askHosts(
  fleet: Fleet,
  hosts: readonly Host[],
  words: readonly string[],
  screen: Screen,
  verbose: boolean,
): Promise<HostAnswer[]> {
  const results = new Map<Host, VerbResult>();
  const actions = [{ name: stepName(words), words }];
  const work = hosts.map((host) => ({ host, actions }));
  await runVerbs(fleet, work, screen, { verbose }, (host, _, result) => {
    results.set(host, result);
    show(host, result, screen);
  });
  return hosts.map((host) => hostAnswer(host, results.get(host)));
}

/** Name of the step for Ansible, which would expand templates in any word. */
function stepName([verb = ""]: readonly string[]): string {
  return /^[a-z-]+$/.test(verb) ? verb : "verb";
}

function show({ name }: Host, result: VerbResult, screen: Screen): void {
  for (const line of logLines(result.stderr)) {
    if (!("error" in result)) screen.note(`${name}: ${line}`);
  }
  for (const line of logLines(result.stdout)) screen.line(`${name}: ${line}`);
  if ("error" in result) screen.fail(result.error);
  else if (result.stdout === "") screen.line(`${name}: done`);
}

function hostAnswer({ name: host }: Host, result: VerbResult | undefined): HostAnswer {
  // A host without a result was not reached, which was reported.
  if (result === undefined) return { host, status: Status.unreachable, stdout: "", stderr: "" };
  const { stdout, stderr } = result;
  return { host, status: "error" in result ? result.error.status : Status.ok, stdout, stderr };
}

/** The highest status. */
export function worst(answers: readonly HostAnswer[]): number {
  return Math.max(Status.ok, ...answers.map(({ status }) => status));
}
