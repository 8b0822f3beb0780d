import { basename } from "node:path";
import type { Command } from "../../common/command/command.ts";
import { isVzError, Status, VzError } from "../../common/errors.ts";
import type { VerbAction } from "../ansible/inventory.ts";
import { runVerbs } from "../ansible/verbs.ts";
import type { Fleet, Host } from "../fleet/fleet.ts";
import { findHidden, type LocalImage } from "../fleet/image-choice.ts";
import { containerName } from "../fleet/placement.ts";
import {
  type Action,
  type HostPlan,
  type Images,
  makePlan,
  type Observed,
  type Plan,
  unwell,
} from "../fleet/plan.ts";
import { type Delivered, deliver, loadAction, tidy } from "../wire/delivery.ts";
import { waitForPort } from "../wire/health.ts";
import { describeImage } from "../wire/image-file.ts";
import { askContainers, look } from "../wire/observe.ts";
import { mapLimit } from "../wire/program.ts";
import { PARALLEL } from "../wire/remote.ts";
import { readLastSeen, requireDailyKey } from "../wire/state-dir.ts";
import { fileOption, fleetOf, jsonOption, noWords, verboseOption } from "./options.ts";
import { Screen } from "./screen.ts";

/** A line of `apply --json`. */
interface Done {
  readonly host: string;
  readonly action: Action["kind"];
  readonly container: string | null;
  readonly done: boolean;
}

interface Work {
  readonly host: Host;
  readonly plan: HostPlan;
}

export const apply: Command = {
  name: "vz master apply",
  summary: "make the fleet what the file says",
  usage: ["vz master apply [-f FILE]"],
  details:
    "Sends the images that are missing, removes this fleet's containers that the file no longer lists, starts what is new, " +
    "changed, stopped or failed, and waits for the port of a service that has a health check. What is placed stays where it " +
    "is. Of several images of a service, each host gets the first that it can run. A second apply does nothing and says so.",
  options: [fileOption, jsonOption, verboseOption],
  examples: [{ command: "vz master apply", does: "Applies ./fleet.yaml." }],
  async run(args, io) {
    noWords(args, "vz master apply");
    const fleet = fleetOf(args);
    requireDailyKey(fleet);
    const screen = new Screen(io, args.flag("json"));
    const images = await describeImages(fleet, screen);
    const observed = await observe(fleet, screen);
    const plan = makePlan(fleet, images, observed);
    tellPlan(plan, screen);
    const wanted = new Set(plan.places.map(containerName));
    const work = fleet.hosts.flatMap((host) => {
      const own = plan.hosts.find((one) => one.host === host.name);
      return own?.reachable && own.actions.length > 0 ? [{ host, plan: own }] : [];
    });
    const done = await carryOut(fleet, work, screen, args.flag("verbose"));
    const after = [
      ...(await afterwards(fleet, work, screen)),
      ...observed.filter(({ host, facts }) => facts && !work.some((one) => one.host.name === host)),
    ];
    const ill = after.flatMap(({ host, rows }) =>
      unwell(
        host,
        rows.filter((row) => row.fleet === fleet.name && wanted.has(row.container)),
      ),
    );
    for (const one of ill) screen.note(one);
    if (ill.length > 0) screen.note("hint: vz master logs SERVICE shows what it says");
    if (work.length === 0 && ill.length === 0 && screen.status === Status.ok) {
      const { length } = plan.places;
      const are = length === 1 ? "1 container is" : `${length} containers are`;
      screen.line(`nothing to do: ${are} as ${fleet.name}'s file says`);
    }
    if (args.flag("json")) io.out(`${JSON.stringify(done, null, 1)}\n`);
    return screen.status;
  },
};

/** The containers of these hosts once all is done; remembers them, too. */
async function afterwards(fleet: Fleet, work: readonly Work[], screen: Screen) {
  if (work.length === 0) return [];
  const hosts = work.map(({ host }) => host);
  const answers = await askContainers(fleet, hosts, screen);
  return answers.map(({ host, value }) => ({ host: host.name, rows: value ?? [] }));
}

/** Reports a service with a bad image, and leaves it out. */
async function describeImages(fleet: Fleet, screen: Screen): Promise<Images> {
  const byFile = new Map<string, LocalImage>();
  const images = new Map<string, readonly LocalImage[]>();
  for (const { name, images: files } of fleet.services) {
    try {
      const own: LocalImage[] = [];
      for (const file of files) {
        const image = byFile.get(file) ?? (await describeImage(file));
        byFile.set(file, image);
        own.push(image);
      }
      refuseHidden(own);
      images.set(name, own);
    } catch (error) {
      screen.fail(isVzError(error) ? ofService(name, error) : error);
    }
  }
  return images;
}

function refuseHidden(images: readonly LocalImage[]): void {
  const found = findHidden(images);
  if (found === undefined) return;
  const { hidden, by } = found;
  throw new VzError(
    Status.badConfig,
    `${hidden.file}: no host can get it: ${basename(by.file)}, listed before it, runs wherever it does`,
    { hint: "list the image that asks for more first, or leave one out" },
  );
}

function ofService(name: string, error: VzError): VzError {
  const hint = error.hint ?? "vz trace --image FILE or vz image build makes an image";
  return new VzError(error.status, `service ${name}: ${error.message}`, { hint, cause: error });
}

async function observe(fleet: Fleet, screen: Screen): Promise<Observed[]> {
  const looks = await look(fleet, fleet.hosts, screen);
  const remembered = readLastSeen(fleet);
  return looks.map(({ host, value }) => ({
    host: host.name,
    facts: value?.facts,
    rows: value?.rows ?? remembered.get(host.name) ?? [],
  }));
}

/** Shows what cannot be done, and what is left undone on hosts that do not answer. */
function tellPlan(plan: Plan, screen: Screen): void {
  for (const note of plan.notes) screen.note(`note: ${note}`);
  for (const problem of plan.problems) screen.fail(new VzError(Status.failed, problem));
  for (const { host, reachable, actions, problems } of plan.hosts) {
    for (const problem of problems) screen.fail(new VzError(Status.refused, `${host}: ${problem}`));
    if (reachable) continue;
    for (const action of actions) screen.note(`${host}: left undone: ${describe(action)}`);
  }
}

function describe(action: Action): string {
  if (action.kind === "push") return `send image ${action.image.name}`;
  return `${action.kind} ${action.container} (${action.why})`;
}

async function carryOut(
  fleet: Fleet,
  work: readonly Work[],
  screen: Screen,
  verbose: boolean,
): Promise<Done[]> {
  const delivered = await deliver(
    fleet,
    work.map(({ host, plan }) => ({ host, images: imagesToSend(plan) })),
    screen,
  );
  const verbs = new Map<Action, VerbAction>();
  for (const { host, plan } of work) {
    const arrived = delivered.filter((one) => one.host === host);
    for (const [action, verb] of verbsOf(plan, arrived)) verbs.set(action, verb);
  }
  const succeeded = new Set<VerbAction>();
  const isDone = (action: Action) => {
    const verb = verbs.get(action);
    return verb !== undefined && succeeded.has(verb);
  };
  try {
    const byHost = work.map(({ host, plan }) => ({
      host,
      actions: plan.actions.flatMap((action) => verbs.get(action) ?? []),
    }));
    await runVerbs(fleet, byHost, screen, { verbose }, (host, verb, result) => {
      if ("error" in result) {
        screen.fail(result.error);
      } else {
        succeeded.add(verb);
        screen.line(`${host.name}: ${verb.name}: done`);
      }
    });
  } finally {
    await tidy(delivered);
  }
  await checkHealth(work, screen, isDone);
  return work.flatMap(({ host, plan }) =>
    plan.actions.map((action) => ({
      host: host.name,
      action: action.kind,
      container: action.kind === "push" ? null : action.container,
      done: isDone(action),
    })),
  );
}

function imagesToSend(plan: HostPlan): LocalImage[] {
  return plan.actions.flatMap((action) => (action.kind === "push" ? [action.image] : []));
}

/** The verbs for a host; none for an action whose image did not arrive, which was reported. */
function verbsOf(plan: HostPlan, arrived: readonly Delivered[]): (readonly [Action, VerbAction])[] {
  const missing = imagesToSend(plan).filter((image) => !arrived.some((one) => one.image.id === image.id));
  return plan.actions.flatMap((action): (readonly [Action, VerbAction])[] => {
    if (action.kind === "push") {
      const delivered = arrived.find((one) => one.image.id === action.image.id);
      return delivered === undefined ? [] : [[action, loadAction(delivered)]];
    }
    if (action.kind === "remove")
      return [[action, { name: describe(action), words: ["rm", action.container] }]];
    if (missing.some((image) => image.id === action.image.id)) return [];
    return [[action, { name: describe(action), words: [...action.words, "--json"] }]];
  });
}

async function checkHealth(
  work: readonly Work[],
  screen: Screen,
  isDone: (action: Action) => boolean,
): Promise<void> {
  await mapLimit(work, PARALLEL, async ({ host, plan }) => {
    for (const action of plan.actions) {
      if (action.kind !== "start" || action.healthPort === undefined || !isDone(action)) continue;
      screen.step(`${host.name}: ${action.container}: waiting for port ${action.healthPort}`);
      try {
        await waitForPort(host, action.healthPort, `${host.name}: ${action.container}`);
        screen.line(`${host.name}: ${action.container}: port ${action.healthPort} answers`);
      } catch (error) {
        screen.fail(error);
      }
    }
  });
}
