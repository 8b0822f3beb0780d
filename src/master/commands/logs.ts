import type { Command } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { findService } from "../fleet/fleet.ts";
import { readContainerName } from "../fleet/placement.ts";
import { askAll, askContainers } from "../wire/observe.ts";
import { ask } from "../wire/remote.ts";
import { dailyLogin } from "../wire/ssh.ts";
import { requireDailyKey } from "../wire/state-dir.ts";
import { fileOption, fleetOf, jsonOption, onlyWord } from "./options.ts";
import { Screen } from "./screen.ts";

const DEFAULT_LINES = 100;

export const logs: Command = {
  name: "vz master logs",
  summary: "show what a service's containers wrote last",
  usage: ["vz master logs [-f FILE] [--lines N] SERVICE"],
  options: [
    fileOption,
    {
      name: "lines",
      alias: "n",
      value: "N",
      help: `last lines of each container; ${DEFAULT_LINES} when absent`,
    },
    jsonOption,
  ],
  examples: [
    { command: "vz master logs -n 20 hello", does: "The last 20 lines of every container of hello." },
  ],
  async run(args, io) {
    const fleet = fleetOf(args);
    const service = findService(fleet, onlyWord(args, "vz master logs", "service"));
    const lines = parseLines(args.value("lines"));
    requireDailyKey(fleet);
    const screen = new Screen(io, args.flag("json"));
    const found = await askContainers(fleet, fleet.hosts, screen);
    const containers = new Map(
      found.map(({ host, value }) => [
        host,
        (value ?? [])
          .map((row) => row.container)
          .filter((name) => readContainerName(name)?.service === service.name),
      ]),
    );
    const hosts = fleet.hosts.filter((host) => (containers.get(host) ?? []).length > 0);
    const answers = await askAll(hosts, screen, "logs", async (host) => {
      const texts: { container: string; lines: string[] }[] = [];
      for (const container of containers.get(host) ?? []) {
        const text = await ask(dailyLogin(fleet, host), ["logs", container, "--lines", String(lines)]);
        texts.push({ container, lines: logLines(text) });
      }
      return texts;
    });
    if (hosts.length === 0) screen.note(`${service.name}: no containers are found`);
    const rows = answers.flatMap(({ host, value }) =>
      (value ?? []).map((one) => ({ host: host.name, ...one })),
    );
    if (args.flag("json")) io.out(`${JSON.stringify(rows, null, 1)}\n`);
    else
      for (const row of rows) for (const line of row.lines) io.out(`${row.host}/${row.container}: ${line}\n`);
    return screen.status;
  },
};

function parseLines(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LINES;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new VzError(Status.usage, `--lines ${text}: not a number of lines from 1 to 999999`);
}

/** A log's lines, with nothing in them that could drive a terminal; tabs stay. */
export function logLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.replace(/\r$/, "").replace(/(?!\t)\p{Cc}/gu, "?"));
}
