import assert from "node:assert/strict";
import { test } from "node:test";
import { isolationFrom, parseLine, parseOptions } from "../../../../src/slave/runch/commands/options.ts";

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
