/** Reads `fleet.yaml`: what the fleet should be. Anything that is not understood is an error with its line. */
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import * as v from "valibot";
import { suggest } from "../../common/command/suggest.ts";
import { splitVolume } from "../../common/contract/volume.ts";
import { Status, VzError } from "../../common/errors.ts";
import { parseYaml, readYamlFile, type YamlFile } from "../../common/yaml-file.ts";
import { fleetSchema, knownKeys, type RawFleet } from "./schema.ts";

export interface Host {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly vendor: string;
  /** Bytes that services may reserve; undefined where the file does not say. */
  readonly memory: number | undefined;
}

export interface Service {
  readonly name: string;
  /** Absolute paths of the images, one at least: a host gets the first that it can run. */
  readonly images: readonly string[];
  /** Number of containers, for placement to spread; undefined where `hosts` names their places. */
  readonly replicas: number | undefined;
  readonly hosts: readonly string[] | undefined;
  /** Bytes to reserve on a host; null for none. */
  readonly memory: number | null;
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly restart: "always" | "never";
  /** Port that answers once the service is well. */
  readonly healthPort: number | undefined;
}

export interface Fleet {
  readonly name: string;
  /** Absolute path of the fleet file. */
  readonly file: string;
  /** `.vz` beside it: keys, known hosts, what was last seen. */
  readonly stateDir: string;
  readonly user: string;
  readonly rootKey: string;
  readonly dailyKey: string;
  readonly knownHosts: string;
  /** In the order of the file. */
  readonly hosts: readonly Host[];
  readonly services: readonly Service[];
}

export const DEFAULT_FLEET_FILE = "fleet.yaml";

/** @throws VzError 78 with `FILE:LINE:COLUMN: PLACE: WHY` */
export function readFleet(file: string): Fleet {
  return parseFleet(readYamlFile(file, "-f FILE names the fleet file"), file);
}

/** @param file its name, for errors; paths are relative to its folder */
export function parseFleet(text: string, file: string, home = homedir()): Fleet {
  const yaml = parseYaml(text, file);
  const raw = check(yaml);
  const absolute = resolver(dirname(resolve(file)), home);
  checkReferences(raw, absolute, yaml.refuse);
  return resolveFleet(raw, resolve(file), absolute, (section) => yaml.keys([section]));
}

type Refuse = YamlFile["refuse"];

function check(yaml: YamlFile): RawFleet {
  const refuse: Refuse = yaml.refuse;
  const result = v.safeParse(fleetSchema, yaml.value, { abortPipeEarly: true });
  if (result.success) return result.output;
  const issues = result.issues.map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
    const closed = issue.type === "strict_object" && issue.expected !== "Object";
    const known = closed ? knownKeys(path.map(String)) : [];
    const key = String(path.at(-1));
    const message = issue.type === "strict_object" ? "not a map" : issue.message;
    return { path, key, known, message, closed, unknown: closed && !known.includes(key) };
  });
  // A misspelt key also leaves the right one missing: report the misspelling.
  const { path, key, known, ...issue } = issues.find(({ unknown }) => unknown) ?? issues[0] ?? never();
  const parent = path.slice(0, -1);
  if (issue.closed && !yaml.isMap(parent)) {
    refuse(parent, "not a map");
  }
  if (issue.unknown) {
    const near = suggest(key, known);
    refuse(
      path,
      "unknown key",
      near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`,
    );
  }
  if (issue.closed) refuse(parent, `${key} is missing`);
  return refuse(path, issue.message);
}

function never(): never {
  throw new Error("a failed check without an issue");
}

function checkReferences(raw: RawFleet, absolute: Resolver, refuse: Refuse): void {
  const names = Object.keys(raw.hosts);
  if (names.length === 0) refuse(["hosts"], "no hosts");
  checkHosts(raw, refuse);
  for (const [name, service] of Object.entries(raw.services)) {
    for (const [i, host] of (service.hosts ?? []).entries()) {
      const path = ["services", name, "hosts", i];
      if (service.hosts?.indexOf(host) !== i) refuse(path, `${host} is listed twice`);
      if (names.includes(host)) continue;
      const near = suggest(host, names);
      refuse(
        path,
        `${host} is not among the hosts`,
        near === undefined ? undefined : `did you mean ${near}?`,
      );
    }
    const images = listed(service.image).map(absolute);
    const again = images.findIndex((file, i) => images.indexOf(file) !== i);
    if (again >= 0) refuse(["services", name, "image", again], "is listed twice");
    const targets = service.volumes.map((volume) => splitVolume(volume).path);
    const twice = targets.findIndex((target, i) => targets.indexOf(target) !== i);
    if (twice >= 0) refuse(["services", name, "volumes", twice], "two volumes at one place");
  }
}

function listed(image: string | readonly string[]): readonly string[] {
  return typeof image === "string" ? [image] : image;
}

/** Words that mean more than one host, to vzexec and to Ansible. */
const GROUPS = ["all", "ungrouped"];

function checkHosts({ hosts }: RawFleet, refuse: Refuse): void {
  const owners = new Map<string, string>();
  for (const [name, { address, port }] of Object.entries(hosts)) {
    if (GROUPS.includes(name)) refuse(["hosts", name], "means a group of hosts: give it another name");
    const place = `${address.toLowerCase()} ${port}`;
    const owner = owners.get(place);
    // Under two names one slave would get the containers of both, and lose them again.
    if (owner !== undefined) refuse(["hosts", name, "address"], `is that of ${owner}, with the same port`);
    owners.set(place, name);
  }
}

/** Makes a path of the file absolute: it is relative to the file's folder, or to the home directory behind "~". */
type Resolver = (path: string) => string;

function resolver(base: string, home: string): Resolver {
  return (path) => (path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : resolve(base, path));
}

function resolveFleet(
  raw: RawFleet,
  file: string,
  absolute: Resolver,
  keys: (section: string) => readonly string[],
): Fleet {
  const inOrder = <T>(section: string, entries: Readonly<Record<string, T>>): [string, T][] => {
    const order = keys(section);
    return Object.entries(entries).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  };
  const stateDir = join(dirname(file), ".vz");
  return {
    name: raw.fleet,
    file,
    stateDir,
    user: raw.ssh.user,
    rootKey: absolute(raw.ssh.key),
    dailyKey: raw.ssh.daily_key === undefined ? join(stateDir, "daily_ed25519") : absolute(raw.ssh.daily_key),
    knownHosts:
      raw.ssh.known_hosts === undefined ? join(stateDir, "known_hosts") : absolute(raw.ssh.known_hosts),
    hosts: inOrder("hosts", raw.hosts).map(([name, host]) => ({ name, ...host, memory: host.memory })),
    services: inOrder("services", raw.services).map(([name, service]) => ({
      name,
      images: listed(service.image).map(absolute),
      // A service that says nothing of its number is one container.
      replicas: service.hosts === undefined ? (service.replicas ?? 1) : undefined,
      hosts: service.hosts,
      memory: service.memory ?? null,
      env: service.env,
      volumes: service.volumes,
      restart: service.restart,
      healthPort: service.health?.tcp,
    })),
  };
}

/** The hosts named, all when none is. @throws VzError 64 for a name that the fleet lacks */
export function chooseHosts(fleet: Fleet, names: readonly string[]): readonly Host[] {
  for (const name of names) {
    if (fleet.hosts.some((host) => host.name === name)) continue;
    const near = suggest(
      name,
      fleet.hosts.map((host) => host.name),
    );
    throw new VzError(Status.usage, `${name}: no such host in ${basename(fleet.file)}`, {
      hint:
        near === undefined ? `hosts: ${fleet.hosts.map((h) => h.name).join(", ")}` : `did you mean ${near}?`,
    });
  }
  return names.length === 0 ? fleet.hosts : fleet.hosts.filter((host) => names.includes(host.name));
}

/** @throws VzError 64 for a name that the fleet lacks */
export function findService(fleet: Fleet, name: string): Service {
  const found = fleet.services.find((service) => service.name === name);
  if (found !== undefined) return found;
  const names = fleet.services.map((service) => service.name);
  const near = suggest(name, names);
  throw new VzError(Status.usage, `${name}: no such service in ${basename(fleet.file)}`, {
    hint: near === undefined ? `services: ${names.join(", ") || "none"}` : `did you mean ${near}?`,
  });
}
