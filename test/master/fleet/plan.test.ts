import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerRow, FactsAnswer } from "../../../src/common/contract/protocol.ts";
import { startSpec } from "../../../src/common/contract/start-request.ts";
import { type Fleet, parseFleet } from "../../../src/master/fleet/fleet.ts";
import type { LocalImage } from "../../../src/master/fleet/image-choice.ts";
import { type Action, makePlan, type Observed, requestOf, unwell } from "../../../src/master/fleet/plan.ts";
import { sampleImage as image, sampleFacts } from "../../support/facts.ts";

const fleet = parseFleet(
  `fleet: f
ssh: {key: k}
hosts:
  a: {address: h1, vendor: alpha}
  b: {address: h2, vendor: beta}
services:
  web: {image: web.tar, replicas: 2, health: {tcp: 80}}
`,
  "/fleet.yaml",
  "/root",
);
const images = new Map([["web", [image]]]);

function facts(loaded: readonly string[] = [image.id], more: Partial<FactsAnswer> = {}): FactsAnswer {
  const images = loaded.map((id) => ({
    id,
    name: "web",
    created: "",
    architecture: "i386",
    files: 1,
    bytes: 1,
  }));
  return sampleFacts({ images, ...more });
}

function row(container: string, more: Partial<ContainerRow> = {}): ContainerRow {
  const [service] = fleet.services;
  assert.ok(service);
  return {
    container,
    state: "running",
    pid: 1,
    restarts: 0,
    since: null,
    image: image.id,
    imageName: "web",
    architecture: image.architecture,
    rss: 1,
    spec: startSpec(requestOf(fleet, service, image)),
    fleet: "f",
    reason: null,
    ...more,
  };
}

function short(action: Action): string {
  if (action.kind === "push") return `push ${action.image.name}`;
  return `${action.kind} ${action.container} ${action.why}`;
}

function planned(observed: Observed[], on: Fleet = fleet): Record<string, string[]> {
  return Object.fromEntries(
    makePlan(on, images, observed).hosts.map((one) => [one.host, one.actions.map(short)]),
  );
}

const bothRun: Observed[] = [
  { host: "a", facts: facts(), rows: [row("web-1")] },
  { host: "b", facts: facts(), rows: [row("web-2")] },
];

test("an empty fleet gets image and container on each host", () => {
  const observed = [
    { host: "a", facts: facts([]), rows: [] },
    { host: "b", facts: facts([]), rows: [] },
  ];
  assert.deepEqual(planned(observed), {
    a: ["push web", "start web-1 new"],
    b: ["push web", "start web-2 new"],
  });
});

test("the words of a start are those of vzexec", () => {
  const [first] = makePlan(fleet, images, [{ host: "a", facts: facts(), rows: [] }]).hosts;
  const [action] = first?.actions ?? [];
  assert.ok(action?.kind === "start");
  assert.deepEqual(action.words, ["start", "web-1", `--image=${image.id}`, "--fleet=f", "--restart=always"]);
  assert.equal(action.healthPort, 80);
});

test("a fleet that is as the file says needs nothing", () => {
  assert.deepEqual(planned(bothRun), { a: [], b: [] });
});

const rowCases: readonly (readonly [title: string, row: ContainerRow, actions: string[]])[] = [
  ["a stopped container is started", row("web-1", { state: "stopped" }), ["start web-1 stopped"]],
  ["a failed one is started", row("web-1", { state: "failed" }), ["start web-1 failed"]],
  ["one that init restarts is left to init", row("web-1", { state: "restarting" }), []],
  ["another request is a change", row("web-1", { spec: "x" }), ["start web-1 changed"]],
  ["another image is one too", row("web-1", { spec: "x", image: "sha256:0" }), ["start web-1 new image"]],
];
for (const [title, one, actions] of rowCases) {
  test(title, () => {
    const observed = [{ host: "a", facts: facts(), rows: [one] }, ...bothRun.slice(1)];
    assert.deepEqual(planned(observed), { a: actions, b: [] });
  });
}

test("a job that runs once and has ended is not run again", () => {
  const once: Fleet = {
    ...fleet,
    services: fleet.services.map((service) => ({ ...service, restart: "never" as const })),
  };
  const [service] = once.services;
  assert.ok(service);
  const spec = startSpec(requestOf(once, service, image));
  const ended = bothRun.map((one) => ({
    ...one,
    rows: one.rows.map((r) => ({ ...r, spec, state: "stopped" as const })),
  }));
  assert.deepEqual(planned(ended, once), { a: [], b: [] });
});

test("this fleet's containers that the file does not list are removed, others' are not touched", () => {
  const observed = [
    {
      host: "a",
      facts: facts(),
      rows: [row("web-1"), row("old-1"), row("web-3"), row("mine-1", { fleet: "other" })],
    },
    ...bothRun.slice(1),
  ];
  assert.deepEqual(planned(observed), {
    a: ["remove old-1 not in the file", "remove web-3 not wanted here"],
    b: [],
  });
});

test("removals come before starts, so that they make room", () => {
  const observed = [{ host: "a", facts: facts([]), rows: [row("old-1")] }, ...bothRun.slice(1)];
  assert.deepEqual(planned(observed)["a"], ["push web", "remove old-1 not in the file", "start web-1 new"]);
});

test("a name that another fleet's container has is a problem", () => {
  const observed = [
    { host: "a", facts: facts(), rows: [row("web-1", { fleet: "other", spec: "x" })] },
    ...bothRun.slice(1),
  ];
  const [host] = makePlan(fleet, images, observed).hosts;
  assert.deepEqual(host?.actions, []);
  assert.deepEqual(host?.problems, ["web-1: a container of that name belongs to the fleet other"]);
});

test("what a dead host last had stays its own, and nothing of it is placed elsewhere", () => {
  const observed = [
    { host: "a", facts: undefined, rows: [row("web-1")] },
    { host: "b", facts: facts(), rows: [row("web-2")] },
  ];
  const plan = makePlan(fleet, images, observed);
  assert.deepEqual(
    plan.hosts.map(({ reachable, actions }) => ({ reachable, actions })),
    [
      { reachable: false, actions: [] },
      { reachable: true, actions: [] },
    ],
  );
});

test("a host that was never seen keeps what the file would give it, as work left undone", () => {
  const observed = [{ host: "a", facts: undefined, rows: [] }, ...bothRun.slice(1)];
  assert.deepEqual(planned(observed), { a: ["push web", "start web-1 new"], b: [] });
});

test("of a replica on a dead host and on a living one, the living one stays", () => {
  const observed = [
    { host: "a", facts: undefined, rows: [row("web-1")] },
    { host: "b", facts: facts(), rows: [row("web-1"), row("web-2")] },
  ];
  const { places } = makePlan(fleet, images, observed);
  assert.deepEqual(places, [
    { service: "web", number: 1, host: "b" },
    { service: "web", number: 2, host: "b" },
  ]);
});

test("a service whose image cannot be read is left as it is", () => {
  const plan = makePlan(fleet, new Map(), [
    { host: "a", facts: facts(), rows: [row("web-1", { spec: "x" })] },
  ]);
  assert.deepEqual(
    plan.hosts.map((one) => one.actions),
    [[], []],
  );
});

const wide: LocalImage = {
  file: "/web-amd64.tar",
  id: `sha256:${"2".repeat(64)}`,
  name: "web",
  architecture: "amd64",
  kernelFloor: null,
};
const wideOnly = (loaded: readonly string[] = []) => facts(loaded, { architectures: ["amd64"] });

test("each host gets and starts the image that it can run, and no other", () => {
  const observed = [
    { host: "a", facts: facts([]), rows: [] },
    { host: "b", facts: wideOnly(), rows: [] },
  ];
  const plan = makePlan(fleet, new Map([["web", [image, wide]]]), observed);
  assert.deepEqual(
    plan.hosts.map(({ actions }) =>
      actions.map((one) => (one.kind === "remove" ? one.kind : `${one.kind} ${one.image.architecture}`)),
    ),
    [
      ["push i386", "start i386"],
      ["push amd64", "start amd64"],
    ],
  );
  assert.deepEqual([...plan.problems, ...plan.notes], []);
});

test("a container whose host goes gets the image of the host that it comes to", () => {
  const spec = startSpec(requestOf(fleet, fleet.services[0] ?? assert.fail(), image));
  const plan = makePlan(fleet, new Map([["web", [image, wide]]]), [
    { host: "gone", facts: facts(), rows: [row("web-1", { spec }), row("web-2", { spec })] },
    { host: "b", facts: wideOnly(), rows: [] },
  ]);
  const starts = plan.hosts[1]?.actions.filter(({ kind }) => kind === "start");
  assert.deepEqual(
    starts?.map((one) => one.kind === "start" && one.image.id),
    [wide.id],
  );
});

test("what a host cannot run goes to one that can, and the plan says so", () => {
  const one = { ...fleet, services: fleet.services.map((service) => ({ ...service, replicas: 1 })) };
  const plan = makePlan(one, images, [
    { host: "a", facts: wideOnly(), rows: [] },
    { host: "b", facts: facts(), rows: [] },
  ]);
  assert.deepEqual(plan.places, [{ service: "web", number: 1, host: "b" }]);
  assert.deepEqual(plan.notes, ["web: not on a: its image web is for i386, which does not run there"]);
});

test("where no host can run it, and where the file names one that cannot, that is a problem of the host", () => {
  const problems = (on: Fleet) =>
    makePlan(on, images, [
      { host: "a", facts: wideOnly(), rows: [] },
      { host: "b", facts: on === fleet ? wideOnly() : facts(), rows: [] },
    ]).hosts.map((one) => one.problems);
  const why = "its image web is for i386, which does not run there";
  assert.deepEqual(problems(fleet), [[`web-1: ${why}`], [`web-2: ${why}`]]);
  const named = fleet.services.map((service) => ({ ...service, replicas: undefined, hosts: ["a"] }));
  assert.deepEqual(problems({ ...fleet, services: named }), [[`web-1: ${why}`], []]);
});

test("only a container that does not stay up is unwell, and its reason is told where it is known", () => {
  const rows = [
    row("web-1", { state: "restarting", reason: "exited 1" }),
    row("web-2", { state: "restarting" }),
    row("web-3"),
    row("web-4", { state: "stopped", reason: "exited 0" }),
  ];
  assert.deepEqual(unwell("a", rows), ["a: web-1: does not stay up: exited 1", "a: web-2: does not stay up"]);
});

test("a container whose record is damaged is started anew where it is, and an unknown one is let alone", () => {
  const damaged = { state: "failed", pid: null, image: "", imageName: "", spec: "", fleet: "" } as const;
  assert.deepEqual(
    planned([
      { host: "a", facts: facts(), rows: [row("other-1", damaged)] },
      { host: "b", facts: facts(), rows: [row("web-1", damaged)] },
    ]),
    { a: ["start web-2 new"], b: ["start web-1 damaged"] },
  );
});
