/**
 * One fleet of an i686 machine, an amd64 machine and an amd64 namespace in which 32-bit programs start and die: one deploy gives each
 * the vz that it runs, one apply starts the service on all, ps shows it.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Lab, startLab } from "../support/lab.ts";
import { architecture } from "../support/machine.ts";
import { master, serves, writeFleet } from "../support/power-cut.ts";
import { httpd, makeImage } from "../support/service-image.ts";

const skip = architecture === "aarch64" && "this machine makes no amd64 namespaces";

let lab: Lab;

before(async () => {
  if (skip) return;
  lab = await startLab(1, { vm: true, mem: 64 });
  await lab.up(1, { vm: true, arch: "amd64", mem: 128 });
  await lab.up(1, { only64: true, arch: "amd64", force: true });
});
after(() => lab?.down());

test("one deploy gives each machine the first vz that its kernel runs", { skip }, async () => {
  const result = await master(lab, "deploy");
  assert.equal(result.status, 0, result.stderr);
  // Debian's kernel for amd64 runs 32-bit programs too, and those come first
  for (const [i, name] of [
    [1, "i686"],
    [2, "i686"],
    [3, "x86_64"],
  ] as const)
    assert.match(await lab.sshOk(i, "vzexec version"), new RegExp(`, ${name}, slave\\)$`, "m"));
});

test("one apply starts the service on all, each by an image that it runs, and ps tells which", {
  skip,
}, async () => {
  const narrow = await makeImage(lab, "narrow", httpd(8080), {}, 1);
  const wide = await makeImage(lab, "wide", httpd(8080), {}, 3);
  writeFleet(lab, `[${narrow}, ${wide}]`);
  const result = await master(lab, "apply");
  assert.equal(result.status, 0, result.stderr);
  for (const i of [1, 2]) await serves(lab, i, "this is narrow\n");
  await serves(lab, 3, "this is wide\n");
  const rows: { host: string; state: string; architecture: string }[] = JSON.parse(
    (await master(lab, "ps", "--json")).stdout,
  );
  assert.deepEqual(
    rows.map(({ host, state, architecture: own }) => `${host} ${state} ${own}`),
    ["vps1 running i386", "vps2 running i386", "vps3 running amd64"],
  );
});
