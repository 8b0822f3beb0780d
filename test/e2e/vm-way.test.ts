/**
 * The whole way with dist/vz on two real i686 machines of 64 MB, on every machine that has qemu: deploy, apply, serve, kill,
 * restart, and the power cut in the midst of load and start. The tests are one story: each goes on where the last one ended.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Lab, startLab, until } from "../support/lab.ts";
import { assertRecovered, cutDuring, master, serves, writeFleet } from "../support/power-cut.ts";
import { httpd, makeImage } from "../support/service-image.ts";

let lab: Lab;

before(async () => {
  lab = await startLab(2, { vm: true, mem: 64 });
});
after(() => lab.down());

/** Has both machines serve the page of this image. */
async function apply(image: string): Promise<void> {
  writeFleet(lab, image);
  const result = await master(lab, "apply");
  assert.equal(result.status, 0, result.stderr);
}

test("deploy puts the i686 slave part on machines that run nothing else", async () => {
  const result = await master(lab, "deploy");
  assert.equal(result.status, 0, result.stderr);
  for (const i of [1, 2]) assert.match(await lab.sshOk(i, "vzexec version"), /, i686, slave\)$/m);
});

test("apply starts a service on both, which answers", async () => {
  await apply(await makeImage(lab, "one", httpd(8080)));
  for (const i of [1, 2]) await serves(lab, i, "this is one\n");
});

test("a container that is killed comes back by the machine's init", async () => {
  const pids = async () => {
    const rows: { pid: number | null }[] = JSON.parse(await lab.sshOk(2, "vzexec ps --json"));
    return rows[0]?.pid ?? undefined;
  };
  const first = await until("a container runs", 60_000, pids);
  await lab.sshOk(2, `kill -9 ${first}`);
  await until("another process", 60_000, async () => {
    const now = await pids();
    return now !== undefined && now !== first;
  });
  await serves(lab, 2, "this is one\n");
});

test("a machine that is restarted has its service back", async () => {
  // the connection ends with the machine
  await lab.ssh(2, "reboot");
  await until("it is down", 60_000, async () => (await lab.ssh(2, "true", { timeout: 10_000 })).status !== 0);
  await serves(lab, 2, "this is one\n");
});

test("a power cut in the midst of load leaves the store whole, the old version serving, and the next apply ends right", async () => {
  writeFleet(lab, await makeImage(lab, "two", httpd(8080)));
  await cutDuring(lab, "load", 0, ["apply"]);
  await assertRecovered(lab, "this is one\n");
  const again = await master(lab, "apply");
  assert.equal(again.status, 0, again.stderr);
  for (const i of [1, 2]) await serves(lab, i, "this is two\n");
});

test("a power cut in the midst of start leaves the old or the new version serving, and the next apply ends right", async () => {
  writeFleet(lab, await makeImage(lab, "three", httpd(8080)));
  await cutDuring(lab, "start", 0, ["apply"]);
  await assertRecovered(lab, "this is two\n", "this is three\n");
  const again = await master(lab, "apply");
  assert.equal(again.status, 0, again.stderr);
  for (const i of [1, 2]) await serves(lab, i, "this is three\n");
});
