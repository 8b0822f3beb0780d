/** Which container runs on which host: pure, and the same for the same input. */
import type { Fleet, Host, Service } from "./fleet.ts";

/** A container that is to be, or was found: replica `number` (from 1) of a service on a host. */
export interface Place {
  readonly service: string;
  readonly number: number;
  readonly host: string;
}

/** Whether a host can run a service. */
export type Fits = (service: Service, host: string) => boolean;

export interface Placement {
  readonly places: readonly Place[];
  /** Replicas for which no host has room, each as a line for people. */
  readonly problems: readonly string[];
}

export function containerName({ service, number }: Pick<Place, "service" | "number">): string {
  return `${service}-${number}`;
}

/** The reverse of `containerName`; undefined for a name that no fleet file can give. */
export function readContainerName(name: string): { service: string; number: number } | undefined {
  const match = /^(.+)-([1-9]\d{0,3})$/.exec(name);
  return match === null ? undefined : { service: match[1] ?? "", number: Number(match[2]) };
}

/**
 * Places every replica. What is placed already stays where it is, while its host is in the file and still has room for it. The
 * others go to a host with room; of those, to one that can run them; then where the port of their health check is free; then to
 * the vendor that has the fewest of the service; then to the host that has the fewest; then by the order of the file. So two come
 * to one vendor only when no other has room, can run it and has the port free.
 * @param current what was found, the most certain first: of one replica found twice, the first stays
 */
export function place(
  fleet: Pick<Fleet, "hosts" | "services">,
  current: readonly Place[],
  fits: Fits = () => true,
): Placement {
  const room = new Room(fleet.hosts);
  const places: Place[] = [];
  const problems: string[] = [];
  // All that stays is settled before anything new is placed: a new service must not take the room of one that runs.
  for (const service of fleet.services) {
    for (const kept of keep(service, fleet.hosts, current)) {
      if (room.take(kept.host, service)) places.push(kept);
    }
  }
  for (const service of fleet.services) {
    const mine = places.filter((one) => one.service === service.name);
    for (const wanted of missing(service, mine)) {
      const busy = (host: Host) => portTaken(service, host.name, places, fleet.services);
      const host = wanted.host ?? choose(service, mine, fleet.hosts, room, busy, fits)?.name;
      if (host !== undefined && room.take(host, service)) {
        const placed = { service: service.name, number: wanted.number, host };
        mine.push(placed);
        places.push(placed);
      } else {
        const where = wanted.host === undefined ? "no host has" : `${wanted.host} has not`;
        problems.push(
          `${containerName({ service: service.name, number: wanted.number })}: ${where} room for it`,
        );
      }
    }
  }
  return { places, problems };
}

/** Which of the containers found are still asked for, each replica once. */
function keep(service: Service, hosts: readonly Host[], current: readonly Place[]): Place[] {
  const order = hosts.map((host) => host.name);
  const found = current
    .filter((one) => one.service === service.name && order.includes(one.host))
    .sort((a, b) => a.number - b.number);
  const kept: Place[] = [];
  for (const one of found) {
    const again = kept.some((other) =>
      service.hosts === undefined ? other.number === one.number : other.host === one.host,
    );
    const wanted =
      service.hosts === undefined ? one.number <= (service.replicas ?? 0) : service.hosts.includes(one.host);
    if (wanted && !again && !kept.some((other) => other.number === one.number)) kept.push(one);
  }
  return kept;
}

/** The replicas without a place; `host` where the file says which. */
function missing(service: Service, placed: readonly Place[]): { number: number; host: string | undefined }[] {
  const taken = new Set(placed.map((one) => one.number));
  const emptyHosts = service.hosts?.filter((host) => !placed.some((one) => one.host === host));
  const count = service.hosts?.length ?? service.replicas ?? 0;
  const result: { number: number; host: string | undefined }[] = [];
  const free = () => {
    let number = 1;
    while (taken.has(number)) number++;
    taken.add(number);
    return number;
  };
  for (let i = placed.length; i < count; i++) result.push({ number: free(), host: emptyHosts?.shift() });
  return result;
}

function choose(
  service: Service,
  placed: readonly Place[],
  hosts: readonly Host[],
  room: Room,
  busy: (host: Host) => boolean,
  fits: Fits,
): Host | undefined {
  const onHost = (host: Host) => placed.filter((one) => one.host === host.name).length;
  const atVendor = (host: Host) =>
    hosts.filter((other) => other.vendor === host.vendor).reduce((sum, other) => sum + onHost(other), 0);
  return hosts
    .filter((host) => room.has(host.name, service))
    .map((host, order) => ({
      host,
      // What counts more comes first. A host that cannot run it is chosen only where none can; that is told.
      cost: [Number(!fits(service, host.name)), Number(busy(host)), atVendor(host), onHost(host), order],
    }))
    .sort((a, b) => compareCosts(a.cost, b.cost))[0]?.host;
}

/** By the first figures that differ. */
function compareCosts(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((figure, at) => figure !== b[at]);
  return i < 0 ? 0 : (a[i] ?? 0) - (b[i] ?? 0);
}

/** Whether a container placed there already listens on the port of the service's health check: they share the host's network. */
function portTaken(
  { healthPort }: Service,
  host: string,
  places: readonly Place[],
  services: readonly Service[],
): boolean {
  if (healthPort === undefined) return false;
  const mine = new Set(services.filter((one) => one.healthPort === healthPort).map((one) => one.name));
  return places.some((one) => one.host === host && mine.has(one.service));
}

/** Containers of one host whose health checks ask for the same port, each lot as a line for people. */
export function portClashes({ services }: Pick<Fleet, "services">, places: readonly Place[]): string[] {
  const ports = new Map(services.map((one) => [one.name, one.healthPort]));
  const lots = new Map<string, string[]>();
  for (const one of places) {
    const port = ports.get(one.service);
    if (port === undefined) continue;
    const place = `${one.host}: port ${port}`;
    lots.set(place, [...(lots.get(place) ?? []), containerName(one)]);
  }
  return [...lots].flatMap(([place, names]) =>
    names.length < 2 ? [] : [`${place} is wanted by ${names.join(", ")}: only one of them can have it`],
  );
}

/** What is not yet reserved on each host; a host without a figure has room for all. */
class Room {
  readonly #free: Map<string, number>;

  constructor(hosts: readonly Host[]) {
    this.#free = new Map(hosts.map((host) => [host.name, host.memory ?? Number.POSITIVE_INFINITY]));
  }

  has(host: string, { memory }: Service): boolean {
    return (this.#free.get(host) ?? 0) >= (memory ?? 0);
  }

  take(host: string, service: Service): boolean {
    if (!this.has(host, service)) return false;
    this.#free.set(host, (this.#free.get(host) ?? 0) - (service.memory ?? 0));
    return true;
  }
}

/** Services that have several replicas at one vendor though one could be at another vendor that has none: for a note. */
export function crowded(
  fleet: Pick<Fleet, "hosts" | "services">,
  placement: Placement,
  fits: Fits = () => true,
): string[] {
  const room = new Room(fleet.hosts);
  for (const one of placement.places) {
    const service = fleet.services.find((candidate) => candidate.name === one.service);
    if (service !== undefined) room.take(one.host, service);
  }
  const vendorOf = new Map(fleet.hosts.map((host) => [host.name, host.vendor]));
  const notes: string[] = [];
  for (const service of fleet.services) {
    if (service.hosts !== undefined) continue;
    const vendors = placement.places
      .filter((one) => one.service === service.name)
      .map((one) => vendorOf.get(one.host) ?? "");
    const twice = vendors.find((vendor, i) => vendors.indexOf(vendor) !== i);
    const empty = fleet.hosts.find(
      ({ name, vendor }) =>
        !vendors.includes(vendor) &&
        room.has(name, service) &&
        fits(service, name) &&
        !portTaken(service, name, placement.places, fleet.services),
    )?.vendor;
    if (twice !== undefined && empty !== undefined) {
      notes.push(`${service.name}: has two at ${twice}, though ${empty} has room`);
    }
  }
  return notes;
}
