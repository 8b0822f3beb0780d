/** Runs verbs of vzexec that change slaves: through `ansible/apply.yml`, with the daily key. */
import { Status, VzError } from "../../common/errors.ts";
import type { Screen } from "../commands/screen.ts";
import type { Fleet, Host } from "../fleet/fleet.ts";
import { refused, unreachable } from "../wire/remote.ts";
import { dailyLogin } from "../wire/ssh.ts";
import type { TaskResult } from "./events.ts";
import { inventory, type VerbAction, verbVariables } from "./inventory.ts";
import { runPlaybook } from "./playbook.ts";

/** What is to be done on one host, in this order. */
export interface HostVerbs {
  readonly host: Host;
  readonly actions: readonly VerbAction[];
}

/** How a verb ended: what it wrote and, where it failed, the error that tells why. */
export type VerbResult = { readonly stdout: string; readonly stderr: string } & (
  | object
  | { readonly error: VzError }
);

/**
 * Runs all verbs, and calls `onEnd` as each ends. For a host that cannot be reached the screen shows one error; `onEnd` is not
 * called for the verbs that were left for it.
 */
export async function runVerbs(
  fleet: Fleet,
  work: readonly HostVerbs[],
  screen: Screen,
  settings: { verbose: boolean },
  onEnd: (host: Host, action: VerbAction, result: VerbResult) => void,
): Promise<void> {
  const wanted = work.filter(({ actions }) => actions.length > 0);
  if (wanted.length === 0) return;
  const hosts = wanted.map(({ host }) => host);
  const actionsOf = (host: Host) => wanted.find((one) => one.host === host)?.actions ?? [];
  const lost = new Map<Host, TaskResult>();
  let failures = 0;
  for (const { host, actions } of wanted) screen.step(`${host.name}: ${actions[0]?.name}`);
  const end = await runPlaybook(
    {
      playbook: "apply.yml",
      inventory: inventory(fleet, hosts, fleet.dailyKey, (host) => verbVariables(actionsOf(host))),
      knownHosts: fleet.knownHosts,
      verbose: settings.verbose,
    },
    screen.io,
    (event) => {
      const host = "host" in event ? hosts.find((one) => one.name === event.host) : undefined;
      if (host === undefined || event.event === "stats" || event.event === "start") return;
      const action = event.item === null ? undefined : actionsOf(host)[event.item];
      if (event.event === "unreachable") {
        if (!lost.has(host)) lost.set(host, event);
      } else if (action !== undefined && !lost.has(host)) {
        if (event.event === "failed") failures++;
        if (settings.verbose)
          screen.note(`${host.name}: vzexec ${action.words.join(" ")}: ${event.stdout.trim()}`);
        onEnd(host, action, resultOf(host, action, event));
      }
    },
  );
  for (const [host, event] of lost) screen.fail(await unreachable(dailyLogin(fleet, host), event.msg));
  if (end.status !== 0 && failures === 0 && lost.size === 0) throw ansibleError(end.said);
}

function resultOf(host: Host, action: VerbAction, event: TaskResult): VerbResult {
  const { stdout } = event;
  if (event.event === "ok") return { stdout, stderr: event.stderr };
  // A status of 0 or none: Ansible ended it, and its message says why.
  const status = event.rc === null || event.rc === 0 ? Status.failed : event.rc;
  const stderr = event.stderr === "" ? event.msg : event.stderr;
  return { stdout, stderr, error: refused(`${host.name}: ${action.name}`, { status, stderr }) };
}

/** The error of a playbook that failed before any host did. */
export function ansibleError(said: string): VzError {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const telling = lines.find((line) => /^(ERROR!|fatal:|\[ERROR\])/.test(line)) ?? lines.at(-1);
  return new VzError(Status.failed, `ansible-playbook: ${telling ?? "failed and says nothing"}`, {
    hint: "--verbose shows all that it says",
  });
}
