import assert from "node:assert/strict";
import { test } from "node:test";
import { Status, VzError } from "../../../src/common/errors.ts";
import { memoryIo } from "../../../src/common/io.ts";
import { commonStatus, Screen } from "../../../src/master/commands/screen.ts";
import { Unreachable } from "../../../src/master/wire/unreachable.ts";

test("a host that does not answer is told once, whatever was asked of it, and counts", () => {
  const io = memoryIo();
  const screen = new Screen(io);
  screen.fail(new Unreachable("web1", "192.0.2.1", "timed out", {}));
  screen.fail(new Unreachable("web1", "192.0.2.1", "the connection broke", {}));
  screen.fail(new Unreachable("web2", "192.0.2.2", "timed out", {}));
  screen.fail(new VzError(Status.failed, "web1: disk full"));
  assert.equal(
    io.stderr,
    "vz: web1: unreachable at 192.0.2.1: timed out\n" +
      "vz: web2: unreachable at 192.0.2.2: timed out\n" +
      "vz: web1: disk full\n",
  );
  assert.equal(screen.status, Status.unreachable);
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
