/** What `apply` has to do on each host: pure, from the fleet file, the images and what was found. */
import type { ContainerRow, FactsAnswer, StartRequest } from "../../common/contract/protocol.ts";
import { startSpec, startWords } from "../../common/contract/start-request.ts";
import type { Fleet, Service } from "./fleet.ts";
import { chooseImage, type LocalImage, whyNone } from "./image-choice.ts";
import {
  containerName,
  crowded,
  type Fits,
  type Place,
  place,
  portClashes,
  readContainerName,
} from "./placement.ts";

/** What is known of a host. */
export interface Observed {
  readonly host: string;
  /** undefined where the host does not answer: `rows` are then those it last had. */
  readonly facts: FactsAnswer | undefined;
  readonly rows: readonly ContainerRow[];
}

export type Action =
  | { readonly kind: "push"; readonly image: LocalImage }
  | { readonly kind: "remove"; readonly container: string; readonly why: string }
  | {
      readonly kind: "start";
      readonly container: string;
      readonly image: LocalImage;
      readonly words: readonly string[];
      readonly why: string;
      readonly healthPort: number | undefined;
    };

export interface HostPlan {
  readonly host: string;
  /** False: nothing can be done there now, `actions` tell what is left undone. */
  readonly reachable: boolean;
  /** In the order in which they must be done. */
  readonly actions: readonly Action[];
  /** What cannot be done there, each as a line. */
  readonly problems: readonly string[];
}

export interface Plan {
  readonly hosts: readonly HostPlan[];
  readonly places: readonly Place[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

export function requestOf(fleet: Fleet, service: Service, image: LocalImage): StartRequest {
  return {
    image: image.id,
    fleet: fleet.name,
    env: { ...service.env },
    volumes: [...service.volumes],
    memory: service.memory,
    restart: service.restart,
  };
}

/** Images of each service, in the order of the file: a slave gets the first that it can run. */
export type Images = ReadonlyMap<string, readonly LocalImage[]>;

export function makePlan(fleet: Fleet, images: Images, observed: readonly Observed[]): Plan {
  const factsOf = (host: string) => observed.find((one) => one.host === host)?.facts;
  const whyUnfit = ({ name }: Service, host: string) => whyNone(images.get(name) ?? [], factsOf(host));
  const fits: Fits = (service, host) => whyUnfit(service, host) === undefined;
  const found = observed.map(({ host, rows, facts }) => ({ host, rows, seen: facts !== undefined }));
  const placement = place(fleet, foundPlaces(fleet.name, found), fits);
  const hosts = fleet.hosts.map(({ name }) => {
    const seen = observed.find((one) => one.host === name);
    const own = placement.places.filter((one) => one.host === name);
    return planHost(fleet, images, own, seen ?? { host: name, facts: undefined, rows: [] });
  });
  return {
    hosts,
    places: placement.places,
    problems: placement.problems,
    notes: [
      ...crowded(fleet, placement, fits),
      ...portClashes(fleet, placement.places),
      ...passedOver(fleet, placement.places, hosts, whyUnfit),
    ],
  };
}

/** Containers of a host: seen there, or remembered. */
interface Found {
  readonly host: string;
  readonly rows: readonly ContainerRow[];
  readonly seen: boolean;
}

/** Where this fleet's containers are: first those that are seen, then those that are remembered. */
export function foundPlaces(fleet: string, found: readonly Found[]): Place[] {
  const seen = found.filter((one) => one.seen);
  const remembered = found.filter((one) => !one.seen);
  return [...seen, ...remembered].flatMap(({ host, rows }) =>
    rows.flatMap((row) => {
      const read = readContainerName(row.container);
      return isOurs(row, fleet) && read !== undefined ? [{ ...read, host }] : [];
    }),
  );
}

/** Whether a container is this fleet's, or may be: a damaged record no longer tells whose it was. */
export function isOurs(row: ContainerRow, fleet: string): boolean {
  return row.fleet === fleet || isDamaged(row);
}

function isDamaged({ fleet, image, state }: ContainerRow): boolean {
  return fleet === "" && image === "" && state === "failed";
}

function planHost(
  fleet: Fleet,
  images: Images,
  places: readonly Place[],
  { host, facts, rows }: Observed,
): HostPlan {
  const wanted = places.map(containerName);
  const actions: Action[] = rows
    .filter((row) => row.fleet === fleet.name && !wanted.includes(row.container))
    .map((row) => ({ kind: "remove", container: row.container, why: whyRemoved(fleet, row.container) }));
  const problems: string[] = [];
  for (const one of places) {
    const service = fleet.services.find((candidate) => candidate.name === one.service);
    const choices = images.get(one.service) ?? [];
    const container = containerName(one);
    const row = rows.find((candidate) => candidate.container === container);
    const image = chooseImage(choices, facts, row?.image);
    if (service === undefined || image === undefined) continue;
    const request = requestOf(fleet, service, image);
    const why = whyStarted(row, request);
    if (why === undefined) continue;
    const misfit = row !== undefined && !isOurs(row, fleet.name) ? foreign(row) : whyNone(choices, facts);
    if (misfit !== undefined) {
      problems.push(`${container}: ${misfit}`);
      continue;
    }
    const words = startWords(container, request);
    actions.push({ kind: "start", container, image, words, why, healthPort: service.healthPort });
  }
  return { host, reachable: facts !== undefined, actions: [...pushes(actions, facts), ...actions], problems };
}

/** Hosts that get nothing of a service that is started elsewhere, since they can run none of its images: each as a line. */
function passedOver(
  { services }: Fleet,
  places: readonly Place[],
  hosts: readonly HostPlan[],
  whyUnfit: (service: Service, host: string) => string | undefined,
): string[] {
  const started = new Set(hosts.flatMap(({ actions }) => actions.flatMap(serviceStarted)));
  const placeable = services.filter(({ name, hosts: named }) => named === undefined && started.has(name));
  return placeable.flatMap((service) =>
    hosts.flatMap(({ host }) => {
      const has = places.some((one) => one.service === service.name && one.host === host);
      const why = has ? undefined : whyUnfit(service, host);
      return why === undefined ? [] : [`${service.name}: not on ${host}: ${why}`];
    }),
  );
}

function serviceStarted(action: Action): string[] {
  const read = action.kind === "start" ? readContainerName(action.container) : undefined;
  return read === undefined ? [] : [read.service];
}

function foreign(row: ContainerRow): string {
  return `a container of that name belongs to the fleet ${row.fleet === "" ? "(none)" : row.fleet}`;
}

/** A push of each image that is to be started and that the host lacks. */
function pushes(actions: readonly Action[], facts: FactsAnswer | undefined): Action[] {
  const there = new Set(facts?.images.map((image) => image.id));
  const result: Action[] = [];
  for (const action of actions) {
    if (action.kind !== "start" || there.has(action.image.id)) continue;
    there.add(action.image.id);
    result.push({ kind: "push", image: action.image });
  }
  return result;
}

/** Containers that are started and do not stay up, each with its reason, as a line for people. */
export function unwell(host: string, rows: readonly ContainerRow[]): string[] {
  return rows.flatMap(({ container, state, reason }) =>
    state === "restarting"
      ? [`${host}: ${container}: does not stay up${reason === null ? "" : `: ${reason}`}`]
      : [],
  );
}

/** Why a container must be started, or undefined where it is as it should be. */
function whyStarted(row: ContainerRow | undefined, request: StartRequest): string | undefined {
  if (row === undefined) return "new";
  if (isDamaged(row)) return "damaged";
  if (row.spec !== startSpec(request)) return row.image === request.image ? "changed" : "new image";
  // A slave's init goes on trying by itself while it is "restarting".
  if (row.state === "stopped" && request.restart === "always") return "stopped";
  if (row.state === "failed") return "failed";
  return undefined;
}

function whyRemoved(fleet: Fleet, container: string): string {
  const read = readContainerName(container);
  const service = fleet.services.find((one) => one.name === read?.service);
  return service === undefined ? "not in the file" : "not wanted here";
}
