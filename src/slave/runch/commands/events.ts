/** `runch events` */
import * as sys from "vz:sys";
import { Status, VzError } from "../../../common/errors.ts";
import { oomCount } from "../cgroup/oom-count.ts";
import { statsJson, statsOf } from "../cgroup/stats.ts";
import { processesOf } from "../life/processes.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";
import { usageError } from "../usage-error.ts";
import type { Verb } from "./verb.ts";

/** Milliseconds of "5s", "500ms", "1m30s" (Go's durations). */
function parseDuration(text: string): number | null {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return null;
  let sum = 0;
  for (const [, number = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(number) * (units[unit] ?? 0);
  return sum;
}

export const verb: Verb = {
  summary: "tells what a container uses, and when it runs out of memory",
  usage: "[--stats] [--interval 5s] ID",
  options: [
    { name: "stats", help: "once, and end" },
    { name: "interval", value: "DURATION", help: "how often (5s)" },
  ],
  examples: [{ command: "runch events --stats web", does: "One line of JSON." }],
  words: [1, 1],
  async run({ root, words: [id = ""], values, io }) {
    const interval = parseDuration(values["interval"] ?? "5s");
    if (interval === null || interval <= 0)
      throw usageError(`events: --interval=${values["interval"]}: not a duration`);
    const once = values["stats"] === "true";
    const state = register.needState(root, id);
    if (!store.isAlive(state)) throw new VzError(Status.failed, `container ${id}: is not running`);
    const { cgroups = [] } = state;
    let killed = oomCount(cgroups);
    for (;;) {
      io.out(
        `{"type":"stats","id":${JSON.stringify(id)},"data":${statsJson(statsOf(cgroups, await processesOf(root, state)))}}\n`,
      );
      if (once) return Status.ok;
      sys.poll([], interval);
      if (!store.isAlive(state)) return Status.ok;
      const now = oomCount(cgroups);
      if (now !== null && killed !== null && now > killed)
        io.out(`{"type":"oom","id":${JSON.stringify(id)}}\n`);
      killed = now;
    }
  },
};
