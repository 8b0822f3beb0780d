/** What `apply` has to do on each host: pure, from the fleet file, the images and what was found. */
import { PROBED } from "../common/elf-probe.ts";
import type { ContainerRow, FactsAnswer, StartRequest } from "../common/protocol.ts";
import { startSpec, startWords } from "../common/start-request.ts";
import type { Fleet, Service } from "./fleet.ts";
import { containerName, crowded, type Place, place, portClashes, readContainerName } from "./placement.ts";

/** What is known of a host. */
export interface Observed {
  readonly host: string;
  /** undefined where the host does not answer: `rows` are then those it last had. */
  readonly facts: FactsAnswer | undefined;
  readonly rows: readonly ContainerRow[];
}

/** An image file on the master, as far as a plan must know it. */
export interface LocalImage {
  readonly file: string;
  /** "sha256:…" */
  readonly id: string;
  readonly name: string;
  readonly architecture: string;
  readonly kernelFloor: string | null;
}

/** "hello@0123456789ab": its name and the beginning of its id. */
export function imageLabel({ name, id }: Pick<LocalImage, "name" | "id">): string {
  return `${name}@${id.replace(/^sha256:/, "").slice(0, 12)}`;
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

/** @param images by service name */
export function makePlan(
  fleet: Fleet,
  images: ReadonlyMap<string, LocalImage>,
  observed: readonly Observed[],
): Plan {
  const placement = place(fleet, foundPlaces(fleet.name, observed));
  const hosts = fleet.hosts.map(({ name }) => {
    const seen = observed.find((one) => one.host === name);
    const own = placement.places.filter((one) => one.host === name);
    return planHost(fleet, images, own, seen ?? { host: name, facts: undefined, rows: [] });
  });
  return {
    hosts,
    places: placement.places,
    problems: placement.problems,
    notes: [...crowded(fleet, placement), ...portClashes(fleet, placement.places)],
  };
}

/** Where this fleet's containers are; first where they are seen, then where they were last. */
export function foundPlaces(fleet: string, observed: readonly Observed[]): Place[] {
  const seen = observed.filter(({ facts }) => facts !== undefined);
  const remembered = observed.filter(({ facts }) => facts === undefined);
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
  images: ReadonlyMap<string, LocalImage>,
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
    const image = images.get(one.service);
    if (service === undefined || image === undefined) continue;
    const container = containerName(one);
    const row = rows.find((candidate) => candidate.container === container);
    const request = requestOf(fleet, service, image);
    const why = whyStarted(row, request);
    if (why === undefined) continue;
    const misfit = row !== undefined && !isOurs(row, fleet.name) ? foreign(row) : whyUnfit(image, facts);
    if (misfit !== undefined) {
      problems.push(`${container}: ${misfit}`);
      continue;
    }
    const words = startWords(container, request);
    actions.push({ kind: "start", container, image, words, why, healthPort: service.healthPort });
  }
  return { host, reachable: facts !== undefined, actions: [...pushes(actions, facts), ...actions], problems };
}

function foreign(row: ContainerRow): string {
  return `a container of that name belongs to the fleet ${row.fleet === "" ? "(none)" : row.fleet}`;
}

/** Each image that is to be started and is not there, once. */
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

/** Why an image cannot run on a slave, or undefined. */
export function whyUnfit(image: LocalImage, facts: FactsAnswer | undefined): string | undefined {
  if (facts === undefined || image.architecture === "any") return undefined;
  const probed = PROBED.some((one) => one === image.architecture);
  const runs = probed
    ? facts.architectures.includes(image.architecture)
    : facts.machine === image.architecture;
  if (!runs) return `its image ${image.name} is for ${image.architecture}, which does not run there`;
  if (image.kernelFloor !== null && compareVersions(facts.kernel, image.kernelFloor) < 0) {
    return `its image ${image.name} needs Linux ${image.kernelFloor}, the kernel there is ${facts.kernel}`;
  }
  return undefined;
}

/** Compares the leading numbers of two versions: "2.6.32-042stab" is below "3.2.0". */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number);
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
