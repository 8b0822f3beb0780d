import type { Args, Command } from "../../common/command/command.ts";
import { Status } from "../../common/errors.ts";
import type { TaskResult } from "../ansible/events.ts";
import { inventory } from "../ansible/inventory.ts";
import { runPlaybook } from "../ansible/playbook.ts";
import { type SlaveFiles, slaveFiles } from "../ansible/slave-files.ts";
import { ansibleError } from "../ansible/verbs.ts";
import { chooseHosts, type Fleet, type Host } from "../fleet/fleet.ts";
import { mapLimit } from "../wire/program.ts";
import { PARALLEL, refused, unreachable } from "../wire/remote.ts";
import { SftpSession } from "../wire/sftp.ts";
import { dailyLogin, rootLogin, uploadLogin } from "../wire/ssh.ts";
import { ensureDailyKey, ensureStateDir, requireKey } from "../wire/state-dir.ts";
import { fileOption, fleetOf, jsonOption, verboseOption } from "./options.ts";
import { Screen } from "./screen.ts";

/** Tag of the task that logs in with the daily key; all others do so with the root key. */
const DAILY_KEY = "daily_key";

interface Row {
  readonly host: string;
  state: "unchanged" | "changed" | "failed" | "unreachable";
  readonly changes: string[];
}

export const deploy: Command = {
  name: "vz master deploy",
  summary: "install or upgrade vz on slaves, with the root key",
  usage: ["vz master deploy [-f FILE] [--accept-new] [--check] [HOST…]"],
  details:
    "A slave needs an init, an sshd and a shell: no Python, nothing of ours. It gets the first of vz for i686, x86_64 and aarch64 " +
    "that its kernel itself runs, which is found by starting a tiny program of each there, at every deploy. The first deploy makes the daily key, which every " +
    "other command uses: on a slave it reaches the verbs of vzexec and the upload directory, no more. A second deploy changes " +
    "nothing and says so. sshd's configuration is put back by the slave itself when the master cannot log in with the new one.",
  options: [
    fileOption,
    {
      name: "accept-new",
      help: "take the host key of a slave that was never met; a changed one is refused all the same",
    },
    {
      name: "check",
      help: "change nothing on the slaves; tell what would be changed, and end with 2 if anything would",
    },
    {
      name: "binary",
      value: "FILE",
      help: "the vz to install on all of them, instead of those that this one carries",
    },
    jsonOption,
    verboseOption,
  ],
  examples: [
    {
      command: "vz master deploy --accept-new",
      does: "Sets up all hosts of ./fleet.yaml for the first time.",
    },
    { command: "vz master deploy web3", does: "Only this one." },
  ],
  async run(args, io) {
    const fleet = fleetOf(args);
    const hosts = chooseHosts(fleet, args.positional);
    requireKey(fleet.rootKey, "ssh.key of the fleet file names the key that root has on the slaves");
    const files = slaveFiles(args.value("binary"), io.env);
    ensureStateDir(fleet);
    const screen = new Screen(io, args.flag("json"));
    if (ensureDailyKey(fleet)) screen.line(`made the daily key ${fleet.dailyKey}`);
    const rows = await play(fleet, hosts, files, args, screen);
    if (!args.flag("check")) await tryUploads(fleet, hosts, rows, screen);
    for (const row of rows.values()) screen.line(summary(row, args.flag("check")));
    if (args.flag("json")) io.out(`${JSON.stringify([...rows.values()], null, 1)}\n`);
    const differs = args.flag("check") && [...rows.values()].some(({ state }) => state === "changed");
    return screen.status === Status.ok && differs ? Status.differs : screen.status;
  },
};

async function play(
  fleet: Fleet,
  hosts: readonly Host[],
  files: SlaveFiles,
  args: Args,
  screen: Screen,
): Promise<ReadonlyMap<Host, Row>> {
  const rows = new Map<Host, Row>();
  for (const host of hosts) rows.set(host, { host: host.name, state: "unchanged", changes: [] });
  const lost: [Host, TaskResult][] = [];
  const end = await runPlaybook(
    {
      playbook: "deploy.yml",
      inventory: inventory(fleet, hosts, fleet.rootKey),
      variables: { ...files, vz_fleet: fleet.name, vz_daily_key: fleet.dailyKey },
      knownHosts: fleet.knownHosts,
      ssh: { acceptNew: args.flag("accept-new") },
      check: args.flag("check"),
      verbose: args.flag("verbose"),
    },
    screen.io,
    (event) => {
      const host = "host" in event ? hosts.find((one) => one.name === event.host) : undefined;
      const row = host === undefined ? undefined : rows.get(host);
      if (event.event === "stats" || host === undefined || row === undefined) return;
      if (event.event === "start") screen.step(`${host.name}: ${event.task.replace(/^slave : /, "")}`);
      else if (event.event === "unreachable") lost.push([host, event]);
      else note(host, row, event, args, screen);
    },
  );
  lost.sort(([a], [b]) => hosts.indexOf(a) - hosts.indexOf(b));
  for (const [host, event] of lost) {
    const row = rows.get(host);
    if (row !== undefined) row.state = "unreachable";
    const login = event.tags.includes(DAILY_KEY) ? dailyLogin(fleet, host) : rootLogin(fleet, host);
    screen.fail(await unreachable(login, event.msg));
    if (event.hint !== "") screen.note(`${host.name}: ${event.hint}`);
  }
  if (end.status !== 0 && screen.status === Status.ok) throw ansibleError(end.said);
  return rows;
}

function note(host: Host, row: Row, event: TaskResult, args: Args, screen: Screen): void {
  const task = event.task.replace(/^slave : /, "");
  row.changes.push(...event.changes);
  if (event.changed && row.state === "unchanged") row.state = "changed";
  if (args.flag("verbose")) {
    const what = event.changes.length > 0 ? `: ${event.changes.join(", ")}` : "";
    screen.note(`${host.name}: ${task}: ${event.event}${what}`);
  }
  if (event.event !== "failed") return;
  row.state = "failed";
  const stderr = event.stderr === "" ? event.msg : event.stderr;
  screen.fail(refused(`${host.name}: ${task}`, { status: Status.failed, stderr }));
}

/** Logs in as the upload account where all else went well. */
async function tryUploads(
  fleet: Fleet,
  hosts: readonly Host[],
  rows: ReadonlyMap<Host, Row>,
  screen: Screen,
): Promise<void> {
  await mapLimit(hosts, PARALLEL, async (host) => {
    const row = rows.get(host);
    if (row === undefined || row.state === "failed" || row.state === "unreachable") return;
    screen.step(`${host.name}: try the upload account`);
    try {
      const session = await SftpSession.open(uploadLogin(fleet, host));
      try {
        await session.sizeOf("/incoming");
      } finally {
        session.close();
      }
    } catch (error) {
      row.state = "failed";
      screen.fail(error);
    }
  });
}

function summary({ host, state, changes }: Row, check: boolean): string {
  if (state === "unchanged") return `${host}: up to date, nothing changed`;
  if (state !== "changed") return `${host}: ${state}`;
  const [first, ...more] = changes;
  const rest = more.length === 0 ? "" : ` and ${more.length} more (--verbose lists them)`;
  return `${host}: ${check ? "would change" : "deployed"}: ${first}${rest}`;
}
