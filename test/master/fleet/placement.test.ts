import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host, Service } from "../../../src/master/fleet/fleet.ts";
import {
  containerName,
  crowded,
  type Place,
  place,
  portClashes,
  readContainerName,
} from "../../../src/master/fleet/placement.ts";

const M = 1024 * 1024;

function host(name: string, vendor: string, memory?: number): Host {
  return { name, vendor, address: name, port: 22, memory: memory === undefined ? undefined : memory * M };
}

function service(name: string, wanted: number | string[], memory?: number): Service {
  return {
    name,
    images: [`/${name}.tar`],
    replicas: typeof wanted === "number" ? wanted : undefined,
    hosts: typeof wanted === "number" ? undefined : wanted,
    memory: memory === undefined ? null : memory * M,
    env: {},
    volumes: [],
    restart: "always",
    healthPort: undefined,
  };
}

/** "web-1 a" for SERVICE-N on HOST. */
function at(...texts: string[]): Place[] {
  return texts.map((text) => {
    const [container = "", on = ""] = text.split(" ");
    const read = readContainerName(container) ?? assert.fail(container);
    return { ...read, host: on };
  });
}

const four = [host("a1", "alpha"), host("a2", "alpha"), host("b1", "beta"), host("c1", "gamma")];

interface Case {
  title: string;
  hosts?: Host[];
  services: Service[];
  current?: Place[];
  places: string[];
  problems?: string[];
}

const cases: Case[] = [
  { title: "one replica goes to the first host", services: [service("w", 1)], places: ["w-1 a1"] },
  {
    title: "replicas go to one vendor after the other, in the order of the file",
    services: [service("w", 3)],
    places: ["w-1 a1", "w-2 b1", "w-3 c1"],
  },
  {
    title: "when every vendor has one, the next goes to the first vendor's other host",
    services: [service("w", 4)],
    places: ["w-1 a1", "w-2 b1", "w-3 c1", "w-4 a2"],
  },
  {
    title: "more replicas than hosts share hosts, at the vendor with the fewest",
    services: [service("w", 5)],
    places: ["w-1 a1", "w-2 b1", "w-3 c1", "w-4 a2", "w-5 b1"],
  },
  {
    title: "two come to one vendor only when the other has no room",
    hosts: [host("a1", "alpha", 128), host("a2", "alpha", 128), host("b1", "beta", 32)],
    services: [service("w", 2, 64)],
    places: ["w-1 a1", "w-2 a2"],
  },
  {
    title: "what has no room is said and the others are placed",
    hosts: [host("a1", "alpha", 100), host("b1", "beta", 100)],
    services: [service("w", 3, 64), service("x", 1, 36)],
    places: ["w-1 a1", "w-2 b1", "x-1 a1"],
    problems: ["w-3: no host has room for it"],
  },
  {
    title: "a host without a figure has room for all",
    hosts: [host("a1", "alpha", 64), host("b1", "beta")],
    services: [service("w", 3, 64)],
    places: ["w-1 a1", "w-2 b1", "w-3 b1"],
  },
  {
    title: "what runs stays where it is, though the plan would have put it elsewhere",
    services: [service("w", 2)],
    current: at("w-1 c1", "w-2 a2"),
    places: ["w-1 c1", "w-2 a2"],
  },
  {
    title: "a new replica goes where the placed ones are not",
    services: [service("w", 3)],
    current: at("w-1 b1", "w-2 a2"),
    places: ["w-1 b1", "w-2 a2", "w-3 c1"],
  },
  {
    title: "fewer replicas keep the lowest numbers",
    services: [service("w", 1)],
    current: at("w-1 b1", "w-2 a1"),
    places: ["w-1 b1"],
  },
  {
    title: "a lost number is filled again",
    services: [service("w", 3)],
    current: at("w-1 a1", "w-3 b1"),
    places: ["w-1 a1", "w-3 b1", "w-2 c1"],
  },
  {
    title: "a container on a host that left the file is placed anew",
    services: [service("w", 2)],
    current: at("w-1 gone", "w-2 a1"),
    places: ["w-2 a1", "w-1 b1"],
  },
  {
    title: "of one replica found twice the first stays",
    services: [service("w", 1)],
    current: at("w-1 c1", "w-1 a1"),
    places: ["w-1 c1"],
  },
  {
    title: "a running service keeps its room against a new one that comes first in the file",
    hosts: [host("a1", "alpha", 64), host("b1", "beta", 64)],
    services: [service("new", 1, 64), service("old", 1, 64)],
    current: at("old-1 a1"),
    places: ["old-1 a1", "new-1 b1"],
  },
  {
    title: "what runs where there is no longer room for it moves",
    hosts: [host("a1", "alpha", 32), host("b1", "beta", 64)],
    services: [service("w", 1, 64)],
    current: at("w-1 a1"),
    places: ["w-1 b1"],
  },
  {
    title: "listed hosts get one each, in their order",
    services: [service("w", ["c1", "a1"])],
    places: ["w-1 c1", "w-2 a1"],
  },
  {
    title: "a listed host keeps its number when another is listed before it",
    services: [service("w", ["b1", "a1"])],
    current: at("w-1 a1"),
    places: ["w-1 a1", "w-2 b1"],
  },
  {
    title: "a host that is no longer listed loses its container, and its number is free",
    services: [service("w", ["b1"])],
    current: at("w-1 a1"),
    places: ["w-1 b1"],
  },
  {
    title: "a listed host without room is a problem, not another host",
    hosts: [host("a1", "alpha", 32), host("b1", "beta", 512)],
    services: [service("w", ["a1", "b1"], 64)],
    places: ["w-2 b1"],
    problems: ["w-1: a1 has not room for it"],
  },
  { title: "no replicas place nothing", services: [service("w", 0)], current: at("w-1 a1"), places: [] },
];

for (const { title, hosts = four, services, current = [], places, problems = [] } of cases) {
  test(title, () => {
    const result = place({ hosts, services }, current);
    assert.deepEqual(
      result.places.map((one) => `${containerName(one)} ${one.host}`),
      places,
    );
    assert.deepEqual(result.problems, problems);
  });
}

test("placing again from what was placed changes nothing", () => {
  const services = [service("w", 5, 10), service("x", ["b1", "a2"]), service("y", 3)];
  const first = place({ hosts: four, services }, []);
  const again = place({ hosts: four, services }, first.places);
  const sorted = (places: readonly Place[]) =>
    places.map((one) => `${containerName(one)} ${one.host}`).sort();
  assert.deepEqual(sorted(again.places), sorted(first.places));
});

test("a service that stays crowded although another vendor has room is noted", () => {
  const fleet = { hosts: four, services: [service("w", 2)] };
  assert.deepEqual(crowded(fleet, place(fleet, at("w-1 a1", "w-2 a2"))), [
    "w: has two at alpha, though beta has room",
  ]);
  assert.deepEqual(crowded(fleet, place(fleet, [])), []);
});

test("a container's name is read from its last dash on", () => {
  assert.deepEqual(readContainerName("web-2-1"), { service: "web-2", number: 1 });
  for (const name of ["web", "web-0", "web-01", "-1", "web-12345", "web-"]) {
    assert.equal(readContainerName(name), undefined, name);
  }
});

/** The service with a health check on `port`. */
function on(port: number, one: Service): Service {
  return { ...one, healthPort: port };
}

test("a container goes to a host where its port is free before it goes to a nearer one", () => {
  const hosts = [host("a1", "alpha"), host("b1", "beta")];
  const services = [on(80, service("w", 1)), on(80, service("x", 1)), on(81, service("y", 1))];
  const { places, problems } = place({ hosts, services }, []);
  assert.deepEqual(
    places.map((one) => `${containerName(one)} ${one.host}`),
    ["w-1 a1", "x-1 b1", "y-1 a1"],
  );
  assert.deepEqual(problems, []);
});

test("containers that must share a host and want one port are told, with the host and the port", () => {
  const hosts = [host("a1", "alpha"), host("b1", "beta")];
  const services = [on(80, service("w", 3)), service("plain", 3), on(81, service("x", 1))];
  const { places } = place({ hosts, services }, []);
  assert.deepEqual(portClashes({ services }, places), [
    "a1: port 80 is wanted by w-1, w-3: only one of them can have it",
  ]);
});
