import type { Command } from "../../common/command/command.ts";
import type { ContainerRow } from "../../common/contract/protocol.ts";
import { Status } from "../../common/errors.ts";
import { runVerbs } from "../ansible/verbs.ts";
import { findService } from "../fleet/fleet.ts";
import { readContainerName } from "../fleet/placement.ts";
import { askContainers } from "../wire/observe.ts";
import { requireDailyKey } from "../wire/state-dir.ts";
import { fileOption, fleetOf, jsonOption, onlyWord, verboseOption } from "./options.ts";
import { Screen } from "./screen.ts";

export const stop: Command = {
  name: "vz master stop",
  summary: "stop a service's containers, until the next apply",
  usage: ["vz master stop [-f FILE] SERVICE"],
  options: [fileOption, jsonOption, verboseOption],
  examples: [
    { command: "vz master stop hello", does: "Stops every container of hello; apply starts them again." },
  ],
  async run(args, io) {
    const fleet = fleetOf(args);
    const service = findService(fleet, onlyWord(args, "vz master stop", "service"));
    requireDailyKey(fleet);
    const screen = new Screen(io, args.flag("json"));
    const mine = (row: ContainerRow) => readContainerName(row.container)?.service === service.name;
    const found = await askContainers(fleet, fleet.hosts, screen);
    const work = found.map(({ host, value }) => ({
      host,
      actions: (value ?? [])
        .filter((row) => mine(row) && row.state !== "stopped")
        .map(({ container }) => ({ name: `stop ${container}`, words: ["stop", container] })),
    }));
    const stopped: { host: string; container: string }[] = [];
    await runVerbs(fleet, work, screen, { verbose: args.flag("verbose") }, (host, { words }, result) => {
      const container = words[1] ?? "";
      if ("error" in result) screen.fail(result.error);
      else {
        screen.line(`${host.name}: ${container}: stopped`);
        stopped.push({ host: host.name, container });
      }
    });
    if (work.every(({ actions }) => actions.length === 0)) {
      if (screen.status === Status.ok) screen.line(`${service.name}: nothing to stop`);
    } else {
      const changed = work.filter(({ actions }) => actions.length > 0).map(({ host }) => host);
      await askContainers(fleet, changed, screen);
    }
    if (args.flag("json")) io.out(`${JSON.stringify(stopped, null, 1)}\n`);
    return screen.status;
  },
};
