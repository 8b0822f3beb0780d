import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { ContainerRow } from "../../src/common/contract/protocol.ts";
import { VzError } from "../../src/common/errors.ts";
import { memoryIo } from "../../src/common/io.ts";
import { logLines } from "../../src/master/commands/logs.ts";
import { psRows, psTable } from "../../src/master/commands/ps.ts";
import { commonStatus, Screen } from "../../src/master/commands/screen.ts";
import { parseFleet } from "../../src/master/fleet/fleet.ts";
import { psAnswer, readAnswer } from "../../src/master/wire/answers.ts";
import { leftBehind } from "../../src/master/wire/observe.ts";
import { refused } from "../../src/master/wire/remote.ts";
import { readLastSeen, writeLastSeen } from "../../src/master/wire/state-dir.ts";
import { remoteName } from "../../src/master/wire/upload.ts";

const fleet = parseFleet(
  `fleet: f
ssh: {key: k}
hosts:
  a: {address: h1, vendor: alpha}
  b: {address: h2, vendor: beta}
services:
  web: {image: web.tar, replicas: 2}
`,
  "/fleet.yaml",
  "/root",
);
const [a, b] = fleet.hosts;
assert.ok(a && b);

const id = `sha256:${"ab".repeat(32)}`;
const running: ContainerRow = {
  container: "web-1",
  state: "running",
  pid: 7,
  restarts: 2,
  since: "2026-01-01T00:00:00Z",
  image: id,
  imageName: "web",
  architecture: "i386",
  rss: 2048,
  spec: "s",
  fleet: "f",
  reason: null,
};

test("a host that answers gives its rows as they are", () => {
  assert.deepEqual(psRows(fleet, [{ host: a, value: [running] }], new Map()), [
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
    { host: a, value: [running] },
    { host: b, value: undefined },
  ];
  const [, row] = psRows(fleet, answers, new Map([["b", [{ ...running, container: "web-2" }]]]));
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
    { host: a, value: [running] },
    { host: b, value: undefined },
  ];
  const [, row, ...more] = psRows(fleet, answers, new Map());
  assert.deepEqual([row?.host, row?.container, row?.state, row?.image], ["b", "web-2", "unreachable", null]);
  assert.deepEqual(more, []);
});

test("the table tells ages and sizes in words, and an image by its name", () => {
  const rows = psRows(fleet, [{ host: a, value: [running] }], new Map());
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

test("log lines cannot drive the terminal", () => {
  assert.deepEqual(logLines("a\tb\r\n\u001b]0;x\u0007\n\u009b1m\n"), ["a\tb", "?]0;x?", "?1m"]);
  assert.deepEqual(logLines(""), []);
});

test("the status of many hosts: unreachable before all, else what the failures have in common", () => {
  assert.equal(commonStatus([]), 0);
  assert.equal(commonStatus([65, 65]), 65);
  assert.equal(commonStatus([65, 77]), 1);
  assert.equal(commonStatus([1, 69]), 69);
});

test("a failure on one host is told at once and counts at the end", () => {
  const io = memoryIo();
  const screen = new Screen(io);
  screen.step("not shown without a terminal");
  screen.line("a: fine");
  screen.fail(new VzError(69, "b: unreachable", { hint: "wait" }));
  assert.equal(io.stdout, "a: fine\n");
  assert.equal(io.stderr, "vz: b: unreachable\nhint: wait\n");
  assert.equal(screen.status, 69);
});

test("with --json no result mixes with the JSON", () => {
  const io = memoryIo();
  new Screen(io, true).line("a: fine");
  assert.equal(io.stdout, "");
});

test("a verb's own error line becomes the host's, with its hint and status", () => {
  const error = refused("a: start web-1", {
    status: 127,
    stderr: "warning first\nvz: web-1: /bin/x: no such\u001b[2J file\nhint: look\n",
  });
  assert.equal(error.message, "a: start web-1: web-1: /bin/x: no such?[2J file");
  assert.equal(error.hint, "look");
  assert.equal(error.status, 127);
  assert.equal(refused("a: ps", { status: 3, stderr: "" }).message, "a: ps: status 3");
});

test("an answer that is not what a verb answers is taken for none", () => {
  assert.deepEqual(readAnswer(psAnswer, JSON.stringify([running])), [running]);
  for (const wrong of [
    "",
    "[",
    "{}",
    JSON.stringify([{ ...running, container: "../x" }]),
    '[{"container":"a"}]',
  ]) {
    assert.equal(readAnswer(psAnswer, wrong), undefined, wrong);
  }
});

test("a file's name on a slave holds its hash, so that a part of it is a part of these bytes", () => {
  const sha256 = "0123456789abcdef".repeat(4);
  const name = (path: string) => remoteName("web", { path, size: 1, sha256 });
  assert.equal(name("/x/web.tar.gz"), "web-0123456789abcdef.tar.gz");
  assert.equal(name("/x/web.image"), "web-0123456789abcdef.tar");
});

test("what runs on hosts that left the file is told once, when it is forgotten", (t) => {
  const stateDir = join(mkdtempSync(join(tmpdir(), "vz-test-")), ".vz");
  t.after(() => rmSync(dirname(stateDir), { recursive: true }));
  const both = { ...fleet, stateDir };
  assert.deepEqual(
    [
      ...writeLastSeen(
        both,
        new Map([
          ["a", [running]],
          ["b", [running]],
        ]),
      ),
    ],
    [],
  );
  const less = { ...both, hosts: [a] };
  const gone = writeLastSeen(less, new Map());
  assert.deepEqual(leftBehind(gone), [
    "note: b is no longer in the fleet file: what ran there is left as it is: web-1",
  ]);
  assert.deepEqual([...readLastSeen(less).keys()], ["a"]);
  assert.deepEqual([...writeLastSeen(less, new Map())], []);
  assert.deepEqual(leftBehind(new Map([["b", [{ ...running, state: "stopped" }]]])), []);
});

test("a container whose record is damaged has no image to show", () => {
  const damaged: ContainerRow = {
    ...running,
    state: "failed",
    pid: null,
    image: "",
    imageName: "",
    architecture: null,
    fleet: "",
  };
  const rows = psRows(fleet, [{ host: a, value: [damaged] }], new Map());
  assert.equal(rows[0]?.image, null);
  assert.match(
    psTable(rows, new Map([["", ""]]), 0, undefined).split("\n")[1] ?? "",
    / failed .* - +2\.0 KB$/,
  );
});
