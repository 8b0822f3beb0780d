import assert from "node:assert/strict";
import { test } from "node:test";
import { grantsOf, missingCapabilities, type Probe, probeTable } from "../../../src/slave/probe/report.ts";

const probe: Probe = {
  kernel: "2.6.32-042stab145.3",
  machine: "i686",
  architectures: ["i386"],
  uid: 0,
  missingCapabilities: ["SYS_ADMIN"],
  init: { kind: "sysvinit", executable: "/sbin/init" },
  grants: grantsOf({ "namespace mount": "operation not permitted", chroot: null }),
  cgroup: { v1: [], v2: null },
  memory: { total: 128 * 1024 * 1024, available: 64 * 1024 * 1024 },
  disk: { path: "/var/lib/vz", total: 10 * 1024 ** 3, available: 5 * 1024 ** 3 },
  openvz: true,
};

/** Cells of a row by its first one. */
function row(what: string, columns?: number): string[] {
  const line = probeTable(probe, columns)
    .split("\n")
    .find((one) => one.startsWith(`${what}  `));
  return line?.split(/ {2,}/) ?? [];
}

test("a row tells what is granted, or why not, and what runch does without", () => {
  assert.deepEqual(row("chroot").slice(0, 2), ["chroot", "yes"]);
  const [, here, without] = row("namespace mount");
  assert.equal(here, "no: operation not permitted");
  assert.match(without ?? "", /machine's table/);
});

test("the table fits the terminal", () => {
  for (const line of probeTable(probe, 60).split("\n")) assert.ok(line.length <= 60, line);
});

test("what there is and what there is not is told in words", () => {
  assert.equal(row("programs")[1], "i386");
  assert.equal(row("capabilities")[1], "all but SYS_ADMIN");
  assert.equal(row("cgroups")[1], "none");
  assert.equal(row("memory")[1], "128 MB, 64.0 MB free");
  assert.equal(row("init")[1], "sysvinit (/sbin/init)");
  assert.equal(row("OpenVZ")[1], "yes");
});

test("only capabilities that this kernel has can be missing", () => {
  // capabilities(7): CHOWN is 0, KILL 5; Linux 2.6.32 ends at MAC_ADMIN, 33
  const all = 2n ** 34n - 1n;
  assert.deepEqual(missingCapabilities(all, 33), []);
  assert.deepEqual(missingCapabilities(all - 1n - 32n, 33), ["CHOWN", "KILL"]);
  assert.deepEqual(missingCapabilities(all, 34), ["SYSLOG"]);
});

test("a thing without a word on what is done without it is a bug", () => {
  assert.throws(() => grantsOf({ "namespace moon": null }), /not known/);
});
