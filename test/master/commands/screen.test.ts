import assert from "node:assert/strict";
import { test } from "node:test";
import { Status, VzError } from "../../../src/common/errors.ts";
import { memoryIo } from "../../../src/common/io.ts";
import { Screen } from "../../../src/master/commands/screen.ts";

test("a host that does not answer is told once, whatever was asked of it, and counts", () => {
  const io = memoryIo();
  const screen = new Screen(io);
  screen.fail(new VzError(Status.unreachable, "web1: unreachable at 192.0.2.1: timed out"));
  screen.fail(new VzError(Status.unreachable, "web1: unreachable at 192.0.2.1: the connection broke"));
  screen.fail(new VzError(Status.unreachable, "web2: unreachable at 192.0.2.2: timed out"));
  screen.fail(new VzError(Status.failed, "web1: disk full"));
  assert.equal(
    io.stderr,
    "vz: web1: unreachable at 192.0.2.1: timed out\n" +
      "vz: web2: unreachable at 192.0.2.2: timed out\n" +
      "vz: web1: disk full\n",
  );
  assert.equal(screen.status, Status.unreachable);
});
