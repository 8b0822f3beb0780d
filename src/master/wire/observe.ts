/** Looks at many hosts at once. */
import type { ContainerRow, FactsAnswer } from "../../common/contract/protocol.ts";
import type { Screen } from "../commands/screen.ts";
import type { Fleet, Host } from "../fleet/fleet.ts";
import { isOurs } from "../fleet/plan.ts";
import { factsAnswer, psAnswer } from "./answers.ts";
import { mapLimit } from "./program.ts";
import { askJson, PARALLEL } from "./remote.ts";
import { dailyLogin } from "./ssh.ts";
import { type LastSeen, writeLastSeen } from "./state-dir.ts";

/** What one host gave, or undefined where it failed: the screen shows why. */
export interface Answer<T> {
  readonly host: Host;
  readonly value: T | undefined;
}

/** Asks every host, at most `PARALLEL` at a time; a failure of one never keeps the others from answering. */
export async function askAll<T>(
  hosts: readonly Host[],
  screen: Screen,
  step: string,
  question: (host: Host) => Promise<T>,
): Promise<Answer<T>[]> {
  let waiting = hosts.map((host) => host.name);
  screen.step(`${step}: ${waiting.join(" ")}`);
  const answers = await mapLimit(hosts, PARALLEL, async (host) => {
    try {
      return { host, value: await question(host), error: undefined };
    } catch (error) {
      return { host, value: undefined, error };
    } finally {
      waiting = waiting.filter((name) => name !== host.name);
      if (waiting.length > 0) screen.step(`${step}: ${waiting.join(" ")}`);
    }
  });
  screen.clear();
  // In the order of the file, whoever was first to fail.
  for (const { error } of answers) if (error !== undefined) screen.fail(error);
  return answers;
}

/** This fleet's containers on the hosts; remembered for the day when a host no longer answers. */
export async function askContainers(
  fleet: Fleet,
  hosts: readonly Host[],
  screen: Screen,
): Promise<Answer<readonly ContainerRow[]>[]> {
  const answers = await askAll(hosts, screen, "ps", (host) => containersOf(fleet, host));
  remember(fleet, answers, screen);
  return answers;
}

async function containersOf(fleet: Fleet, host: Host): Promise<readonly ContainerRow[]> {
  const rows = await askJson(dailyLogin(fleet, host), ["ps"], psAnswer);
  return rows.filter((row) => isOurs(row, fleet.name));
}

export interface Look {
  readonly facts: FactsAnswer;
  /** Containers of other fleets too: their names are taken. */
  readonly rows: readonly ContainerRow[];
}

/** Facts and containers of the hosts. */
export async function look(fleet: Fleet, hosts: readonly Host[], screen: Screen): Promise<Answer<Look>[]> {
  const answers = await askAll(hosts, screen, "facts and ps", async (host) => {
    const login = dailyLogin(fleet, host);
    const facts = await askJson(login, ["facts"], factsAnswer);
    return { facts, rows: await askJson(login, ["ps"], psAnswer) };
  });
  remember(
    fleet,
    answers.map(({ host, value }) => ({
      host,
      value: value?.rows.filter((row) => isOurs(row, fleet.name)),
    })),
    screen,
  );
  return answers;
}

function remember(fleet: Fleet, answers: readonly Answer<readonly ContainerRow[]>[], screen: Screen): void {
  const seen = answers.flatMap(({ host, value }) =>
    value === undefined ? [] : [[host.name, value] as const],
  );
  const gone = writeLastSeen(fleet, new Map(seen));
  for (const one of leftBehind(gone)) screen.note(one);
}

/** What was last seen on hosts that the file no longer names: nobody stops it there. A line a host. */
export function leftBehind(gone: LastSeen): string[] {
  return [...gone].flatMap(([host, rows]) => {
    const names = rows.filter(({ state }) => state !== "stopped").map(({ container }) => container);
    return names.length === 0
      ? []
      : [
          `note: ${host} is no longer in the fleet file: what ran there is left as it is: ${names.join(", ")}`,
        ];
  });
}
