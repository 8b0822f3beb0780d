import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerRow } from "../../../src/common/contract/protocol.ts";
import { psRows, psTable } from "../../../src/master/commands/ps.ts";
import { sampleFleet, sampleRow } from "../../support/fleet-sample.ts";

const [a, b] = sampleFleet.hosts;
assert.ok(a && b);

const id = sampleRow.image;

test("a host that answers gives its rows as they are", () => {
  assert.deepEqual(psRows(sampleFleet, [{ host: a, value: [sampleRow] }], new Map()), [
    {
      host: "a",
      vendor: "alpha",
      service: "web",
      container: "web-1",
      state: "running",
      pid: 7,
      restarts: 2,
      since: "2026-01-01T00:00:00Z",
      image: id,
      architecture: "i386",
      rss: 2048,
    },
  ]);
});

test("a dead host's containers are unreachable, as they were last seen", () => {
  const answers = [
    { host: a, value: [sampleRow] },
    { host: b, value: undefined },
  ];
  const [, row] = psRows(sampleFleet, answers, new Map([["b", [{ ...sampleRow, container: "web-2" }]]]));
  assert.deepEqual(row, {
    host: "b",
    vendor: "beta",
    service: "web",
    container: "web-2",
    state: "unreachable",
    pid: null,
    restarts: 2,
    since: "2026-01-01T00:00:00Z",
    image: id,
    architecture: "i386",
    rss: null,
  });
});

test("a dead host that was never seen has what the file would give it", () => {
  const answers = [
    { host: a, value: [sampleRow] },
    { host: b, value: undefined },
  ];
  const [, row, ...more] = psRows(sampleFleet, answers, new Map());
  assert.deepEqual([row?.host, row?.container, row?.state, row?.image], ["b", "web-2", "unreachable", null]);
  assert.deepEqual(more, []);
});

test("the table tells ages and sizes in words, and an image by its name", () => {
  const rows = psRows(sampleFleet, [{ host: a, value: [sampleRow] }], new Map());
  const text = psTable(rows, new Map([[id, "web"]]), Date.parse("2026-01-01T00:05:00Z"), undefined);
  const [, line = ""] = text.split("\n");
  assert.deepEqual(line.split(/ {2,}/), [
    "a",
    "alpha",
    "web",
    "web-1",
    "running",
    "7",
    "2",
    "5m ago",
    "web@abababababab",
    "i386",
    "2.0 KB",
  ]);
});

test("a container whose record is damaged has no image to show", () => {
  const damaged: ContainerRow = {
    ...sampleRow,
    state: "failed",
    pid: null,
    image: "",
    imageName: "",
    architecture: null,
    fleet: "",
  };
  const rows = psRows(sampleFleet, [{ host: a, value: [damaged] }], new Map());
  assert.equal(rows[0]?.image, null);
  assert.match(
    psTable(rows, new Map([["", ""]]), 0, undefined).split("\n")[1] ?? "",
    / failed .* - +2\.0 KB$/,
  );
});
