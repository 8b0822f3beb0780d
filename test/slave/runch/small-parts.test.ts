import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ContainerStateFile,
  formatState,
  parseState,
  statusOf,
} from "../../../src/common/contract/container-state.ts";
import { isolationFrom, parseLine, parseOptions } from "../../../src/slave/runch/commands/options.ts";
import { listTable, ociState, ociStatus } from "../../../src/slave/runch/commands/show.ts";
import { parseSignal } from "../../../src/slave/runch/commands/signals.ts";
import { deviceNumber } from "../../../src/slave/runch/devices/make.ts";
import { nextRun, pauseAfter } from "../../../src/slave/runch/life/backoff.ts";
import { candidates, environmentValue, homeOf } from "../../../src/slave/runch/program/path.ts";
import { parseMountPoints, toUnmount } from "../../../src/slave/system/mount-table.ts";

const state: ContainerStateFile = {
  version: 1,
  id: "web",
  bundle: "/b",
  rootfs: "/b/rootfs",
  status: "running",
  pid: 42,
  starttime: 777,
  boot: "boot",
  created: "2026-01-01T00:00:00.000Z",
  started: "2026-01-01T00:00:00.000Z",
  restarts: 3,
  quick: 2,
  backoff: true,
  reason: null,
  hostMounts: null,
  ociVersion: "1.0.2",
  annotations: {},
};
const stat = (starttime: number, letter = "S", name = "sh") =>
  `42 (${name}) ${letter} 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 ${starttime} 999 1`;

test("the state file is read as it was written, and half of it is nothing", () => {
  assert.deepEqual(parseState(formatState(state)), state);
  assert.equal(parseState(formatState(state).slice(0, -20)), null);
  assert.equal(parseState('{"version":2}'), null);
  assert.equal(parseState("null"), null);
});

test("a pid that now belongs to another process is not the container", () => {
  assert.equal(statusOf(state, stat(777), "boot"), "running");
  assert.equal(statusOf(state, stat(778), "boot"), "stopped");
  assert.equal(statusOf(state, stat(777), "another boot"), "stopped");
  assert.equal(statusOf(state, stat(777, "Z"), "boot"), "stopped");
  assert.equal(statusOf(state, null, "boot"), "stopped");
  assert.equal(statusOf({ ...state, status: "failed" }, null, "boot"), "failed");
});

test("the pause doubles up to a minute and keeps starts below sysvinit's ten in two minutes", () => {
  assert.deepEqual([0, 1, 2, 3, 6, 7, 8, 1000].map(pauseAfter), [0, 1, 2, 4, 32, 60, 60, 60]);
  let last: ContainerStateFile | null = null;
  const starts: number[] = [];
  for (let now = 0; now < 600_000; ) {
    const { pause, ...counts } = nextRun(last, now, true);
    now += pause * 1000;
    starts.push(now);
    last = { ...state, ...counts, started: new Date(now).toISOString() };
    now += 5;
  }
  const inTwoMinutes = starts.map(
    (at) => starts.filter((other) => other >= at && other < at + 120_000).length,
  );
  assert.ok(Math.max(...inTwoMinutes) < 10, String(inTwoMinutes));
  assert.ok(starts.length > 10);
});

test("a minute of life makes the next start prompt; restarts are counted either way", () => {
  const began = Date.parse(state.started);
  assert.deepEqual(nextRun(state, began + 60_000, true), { restarts: 4, quick: 0, pause: 0 });
  assert.deepEqual(nextRun(state, began + 59_999, true), { restarts: 4, quick: 3, pause: 4 });
  assert.deepEqual(nextRun(state, began + 1, false), { restarts: 4, quick: 3, pause: 0 });
  assert.deepEqual(nextRun(state, began - 5_000, true), { restarts: 4, quick: 3, pause: 4 });
  assert.deepEqual(nextRun(null, began, true), { restarts: 0, quick: 0, pause: 0 });
});

test("the program is looked for in the container's own PATH", () => {
  assert.deepEqual(candidates("sh", ["PATH=/a::/b"]), ["/a/sh", "sh", "/b/sh"]);
  assert.deepEqual(candidates("./sh", ["PATH=/a"]), ["./sh"]);
  assert.equal(candidates("sh", []).includes("/bin/sh"), true);
  assert.deepEqual(candidates("", ["PATH=/a"]), []);
  assert.equal(environmentValue(["A=1", "A=2=3"], "A"), "2=3");
});

test("HOME comes from the container's passwd", () => {
  const passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/var/www:/bin/false\nbad:x:34\n";
  assert.equal(homeOf(passwd, 33), "/var/www");
  assert.equal(homeOf(passwd, 34), "/");
  assert.equal(homeOf("", 0), "/");
});

test("mount points below a root are found, spaces in them too, and undone last first", () => {
  const table =
    "proc /r/proc proc rw 0 0\nx /r\\040b/c ext4 rw 0 0\ny /r ext4 rw 0 0\nz /r/a\\040b tmpfs rw 0 0\n";
  assert.deepEqual(parseMountPoints(table, "/r"), ["/r/proc", "/r", "/r/a b"]);
  assert.deepEqual(toUnmount(["/r", "/r/data", "/r", "/r/proc"], ["/r", "/r/data"]), ["/r/proc", "/r"]);
});

test("device numbers are those of makedev(3)", () => {
  assert.equal(deviceNumber(1, 3), 0x103);
  assert.equal(deviceNumber(8, 0x12345), 0x12300845);
});

test("signals go by name or number", () => {
  const numbers = { SIGTERM: 15, SIGKILL: 9 };
  assert.deepEqual(
    ["TERM", "SIGTERM", "term", "15", "KILL", "34"].map((text) => parseSignal(text, numbers)),
    [15, 15, 15, 15, 9, 34],
  );
  for (const text of ["BOGUS", "65", "", "-9", "constructor"]) {
    assert.throws(() => parseSignal(text, numbers), { status: 64 });
  }
});

test("the command line is runc's: options on both sides of the command", () => {
  const line = parseLine([
    "--root",
    "/r",
    "--rootless=false",
    "--cgroup-manager",
    "disabled",
    "run",
    "-d",
    "web",
  ]);
  assert.deepEqual([line.verb, line.rest, line.values["root"]], ["run", ["-d", "web"], "/r"]);
  const known = [
    { name: "bundle", alias: "b", value: "DIR", help: "" },
    { name: "detach", alias: "d", help: "" },
  ];
  const { values, words } = parseOptions(
    ["-d", "-b", "x", "web", "--bundle=y z", "--", "-d"],
    known,
    Number.POSITIVE_INFINITY,
  );
  assert.deepEqual(values, { detach: "true", bundle: "y z" });
  assert.deepEqual(words, ["web", "-d"]);
});

test("isolation is asked for by one word", () => {
  assert.equal(isolationFrom({}), undefined);
  assert.equal(isolationFrom({ strict: "true" }), "strict");
  assert.equal(isolationFrom({ isolation: "chroot" }), "chroot");
  assert.throws(() => isolationFrom({ isolation: "weak" }), {
    status: 64,
    message: /not one of auto, strict, chroot/,
  });
  assert.throws(() => isolationFrom({ isolation: "auto", strict: "true" }), {
    status: 64,
    message: /contradict/,
  });
});

test("a command line that is not understood is refused and loses nothing", () => {
  const wrong: [string[], RegExp][] = [
    [[], /which command/],
    [["--bogus", "list"], /unknown option --bogus/],
    [["--systemd-cgroup", "list"], /asks no systemd/],
    [["--cgroup-manager=systemd", "list"], /neither cgroupfs nor disabled/],
    [["--root"], /--root needs a value/],
    [["--root=", "list"], /--root needs a value/],
    [["--debug=maybe", "list"], /takes no value/],
  ];
  for (const [words, message] of wrong) assert.throws(() => parseLine(words), { status: 64, message });
});

test("state is told in the specification's words", () => {
  assert.deepEqual((["restarting", "failed", "running", "created"] as const).map(ociStatus), [
    "creating",
    "stopped",
    "running",
    "created",
  ]);
  assert.equal(ociState(state, "stopped").pid, 0);
  assert.equal(ociState(state, "running").pid, 42);
  const [header, row] = listTable([ociState(state, "running")]).split("\n");
  assert.match(header ?? "", /^ID {2,}PID {2,}STATUS {2,}BUNDLE {2,}CREATED {2,}OWNER$/);
  assert.match(row ?? "", /^web {2,}42 {2,}running {2,}\/b {2,}2026-01-01T00:00:00\.000Z {3}root$/);
});
