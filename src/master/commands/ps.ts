import type { Command } from "../../common/command/command.ts";
import { formatBytes, formatSpan, table } from "../../common/command/table.ts";
import type { ContainerRow } from "../../common/contract/protocol.ts";
import { printable } from "../../common/printable.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { imageLabel, shortId } from "../fleet/image-choice.ts";
import { containerName, place, readContainerName } from "../fleet/placement.ts";
import { foundPlaces } from "../fleet/plan.ts";
import { type Answer, askContainers } from "../wire/observe.ts";
import { readLastSeen, requireDailyKey } from "../wire/state-dir.ts";
import { fileOption, fleetOf, jsonOption, noWords } from "./options.ts";
import { Screen } from "./screen.ts";

/** A row of `vz master ps --json`. */
export interface PsRow {
  readonly host: string;
  readonly vendor: string;
  readonly service: string;
  readonly container: string;
  readonly state: ContainerRow["state"] | "unreachable";
  readonly pid: number | null;
  readonly restarts: number | null;
  /** ISO 8601 UTC. */
  readonly since: string | null;
  /** Image id; null where nothing is known of it. */
  readonly image: string | null;
  /** The image's: "i386", "any"; null where it is not known. */
  readonly architecture: string | null;
  /** Bytes. */
  readonly rss: number | null;
}

export const ps: Command = {
  name: "vz master ps",
  summary: "show the fleet's containers",
  usage: ["vz master ps [-f FILE] [--json]"],
  details:
    "The containers of a host that does not answer are shown as unreachable, as they were last seen, and the status is 69.",
  options: [fileOption, jsonOption],
  examples: [{ command: "vz master ps", does: "One row a container." }],
  async run(args, io) {
    noWords(args, "vz master ps");
    const fleet = fleetOf(args);
    requireDailyKey(fleet);
    const screen = new Screen(io, args.flag("json"));
    const answers = await askContainers(fleet, fleet.hosts, screen);
    const remembered = readLastSeen(fleet);
    const rows = psRows(fleet, answers, remembered);
    if (args.flag("json")) io.out(`${JSON.stringify(rows, null, 1)}\n`);
    else {
      io.out(psTable(rows, imageNames(remembered), Date.now(), io.outColumns));
      for (const { host, value } of answers) {
        for (const { container, state, reason } of value ?? []) {
          if (reason !== null && state !== "running")
            io.err(`${host.name}: ${container}: ${printable(reason)}\n`);
        }
      }
    }
    return screen.status;
  },
};

/** Rows in the order of the file's hosts; pure. */
export function psRows(
  fleet: Fleet,
  answers: readonly Answer<readonly ContainerRow[]>[],
  lastSeen: ReadonlyMap<string, readonly ContainerRow[]>,
): PsRow[] {
  return answers.flatMap(({ host, value }) => {
    const at = { host: host.name, vendor: host.vendor };
    if (value !== undefined) return value.map((row) => ({ ...at, ...visible(row) }));
    const known = lastSeen.get(host.name);
    const rows = known ?? planned(fleet, answers, lastSeen, host.name);
    return rows.map((row) => ({ ...at, ...visible(row), state: "unreachable", pid: null, rss: null }));
  });
}

function visible(row: ContainerRow | { container: string }): Omit<PsRow, "host" | "vendor"> {
  const { container } = row;
  const service = readContainerName(container)?.service ?? container;
  if (!("state" in row)) {
    const unknown = { pid: null, restarts: null, since: null, image: null, architecture: null, rss: null };
    return { service, container, state: "stopped", ...unknown };
  }
  const { state, pid, restarts, since, architecture, rss } = row;
  // A damaged record no longer names its image.
  const image = row.image === "" ? null : row.image;
  return { service, container, state, pid, restarts, since, image, architecture, rss };
}

/** What a host that was never seen would have by the file. */
function planned(
  fleet: Fleet,
  answers: readonly Answer<readonly ContainerRow[]>[],
  lastSeen: ReadonlyMap<string, readonly ContainerRow[]>,
  name: string,
): { container: string }[] {
  const found = answers.map(({ host, value }) => ({
    host: host.name,
    rows: value ?? lastSeen.get(host.name) ?? [],
    seen: value !== undefined,
  }));
  const { places } = place(fleet, foundPlaces(fleet.name, found));
  return places.filter(({ host }) => host === name).map((one) => ({ container: containerName(one) }));
}

/** Names of images by id. */
function imageNames(seen: ReadonlyMap<string, readonly ContainerRow[]>): ReadonlyMap<string, string> {
  return new Map([...seen.values()].flat().map((row) => [row.image, row.imageName]));
}

const HEADER = [
  "HOST",
  "VENDOR",
  "SERVICE",
  "CONTAINER",
  "STATE",
  "PID",
  "RESTARTS",
  "SINCE",
  "IMAGE",
  "ARCH",
  "RSS",
];

/** @param now milliseconds since the epoch */
export function psTable(
  rows: readonly PsRow[],
  names: ReadonlyMap<string, string>,
  now: number,
  columns: number | undefined,
): string {
  const cells = rows.map((row) => [
    row.host,
    row.vendor,
    row.service,
    row.container,
    row.state,
    String(row.pid ?? "-"),
    String(row.restarts ?? "-"),
    row.since === null ? "-" : `${formatSpan((now - Date.parse(row.since)) / 1000)} ago`,
    shortImage(row.image, names),
    row.architecture ?? "-",
    row.rss === null ? "-" : formatBytes(row.rss),
  ]);
  return table(HEADER, cells, columns);
}

/** "hello@0123456789ab". */
function shortImage(id: string | null, names: ReadonlyMap<string, string>): string {
  if (id === null) return "-";
  const name = names.get(id);
  return name === undefined ? shortId(id) : imageLabel({ name, id });
}
