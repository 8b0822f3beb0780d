import assert from "node:assert/strict";
import { test } from "node:test";
import { initKind } from "../../../src/slave/supervise/init-kind.ts";

const unread = () => assert.fail("the name says it");

test("most inits are known by the name of PID 1's executable", () => {
  assert.equal(initKind("/bin/busybox", unread), "busybox");
  assert.equal(initKind("/usr/lib/systemd/systemd", unread), "systemd");
  assert.equal(initKind("/usr/lib/systemd/systemd (deleted)", unread), "systemd");
  assert.equal(initKind("/sbin/openrc-init", unread), "openrc");
  assert.equal(initKind("/sbin/runit", unread), "runit");
});

test("sysvinit and Upstart are both /sbin/init, and told apart by what they set for their children", () => {
  assert.equal(
    initKind("/sbin/init", () => "\x7fELF…INIT_VERSION=sysvinit-3.06…"),
    "sysvinit",
  );
  assert.equal(
    initKind("/sbin/init", () => "\x7fELF…UPSTART_JOB…"),
    "upstart",
  );
});

test("anything else is unknown, never guessed", () => {
  assert.equal(
    initKind("/sbin/init", () => ""),
    "unknown",
  );
  assert.equal(
    initKind("/usr/bin/dumb-init", () => "x"),
    "unknown",
  );
  assert.equal(
    initKind("/constructor", () => ""),
    "unknown",
  );
});
