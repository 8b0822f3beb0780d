/**
 * One fleet of machines that run different programs: a slave of 32 bits alone, and one whose kernel runs both. Each has a lab of
 * its own, since a lab's VPSes are alike.
 */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { FactsAnswer } from "../../src/common/protocol.ts";
import { type Lab, okOutput, run, startLab } from "../support/lab.ts";
import { needs32, vzBinary } from "../support/machine.ts";
import { makeImage } from "../support/slave.ts";

const SLEEP = ["/bin/busybox", "sleep", "100000"];

let narrow: Lab;
let wide: Lab;
let head: (hosts: readonly ("narrow" | "wide")[]) => string;

before(async () => {
  if (needs32) return;
  narrow = await startLab(1, { only32: true });
  wide = await startLab(1);
  // One key for both, and both host keys where the first looks for them.
  const key = okOutput("the public key", await run("ssh-keygen", ["-y", "-f", narrow.key]));
  await wide.sshOk(1, "cat >> /root/.ssh/authorized_keys", { input: key });
  appendFileSync(narrow.knownHosts, readFileSync(wide.knownHosts));
  const addresses = { narrow: narrow.address(1), wide: wide.address(1) };
  head = (hosts) => `fleet: mixed
ssh: {key: ${narrow.key}, known_hosts: ${narrow.knownHosts}}
hosts:
${hosts.map((name) => `  ${name}: {address: ${addresses[name]}, vendor: ${name}}`).join("\n")}
`;
  writeFleet("services: {}\n");
});
after(async () => {
  await narrow?.down();
  await wide?.down();
});

function writeFleet(services: string, hosts: readonly ("narrow" | "wide")[] = ["narrow", "wide"]): void {
  writeFileSync(narrow.fleetFile, head(hosts) + services);
}

/** "narrow web-1 running i386", sorted. */
async function states(): Promise<string[]> {
  const rows: Record<string, string>[] = JSON.parse(await narrow.ok("master", "ps", "--json"));
  return rows
    .map((row) => ["host", "container", "state", "architecture"].map((key) => row[key]).join(" "))
    .sort();
}

test("where none of the files given runs, deploy says of each kind what became of it", {
  skip: needs32,
}, async () => {
  const inventory = join(narrow.dir, "by-hand.ini");
  writeFileSync(
    inventory,
    `narrow ansible_host=${narrow.address(1)} ansible_user=root ansible_ssh_private_key_file=${narrow.key} ansible_ssh_extra_args="-o UserKnownHostsFile=${narrow.knownHosts}"\n`,
  );
  const variables = { vz_binaries: { x86_64: vzBinary }, vz_fleet: "mixed", vz_daily_key: narrow.key };
  const words = ["-i", inventory, "-e", JSON.stringify(variables), "deploy.yml"];
  const env = { LC_ALL: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" };
  const { status, stdout } = await run("ansible-playbook", words, {
    cwd: join(process.cwd(), "ansible"),
    env,
  });
  assert.equal(status, 2, stdout);
  assert.match(
    stdout,
    /no program of vz runs there: i686 would run and is not given, x86_64 ends by signal 31, aarch64 is refused/,
  );
  assert.equal(await narrow.sshOk(1, "ls -A /usr/local/bin"), "");
});

test("deploy --check names what each would get, and leaves nothing there", { skip: needs32 }, async () => {
  const { status, stdout, stderr } = await narrow.vz("master", "deploy", "--check");
  assert.equal(status, 2, stderr);
  assert.match(stdout, /^narrow: would change: \/usr\/local\/bin\/vz \(i686\)/m);
  assert.match(stdout, /^wide: would change: \/usr\/local\/bin\/vz \(i686\)/m);
  for (const lab of [narrow, wide]) assert.equal(await lab.sshOk(1, "ls -A /usr/local/bin"), "");
});

test("each slave gets the first vz that its kernel runs, and says what it is", {
  skip: needs32,
}, async () => {
  const out = await narrow.ok("master", "deploy");
  for (const name of ["narrow", "wide"])
    assert.match(out, new RegExp(`^${name}: deployed: vz \\d.*, i686`, "m"));
  const facts = async (lab: Lab): Promise<FactsAnswer> =>
    JSON.parse(await lab.sshOk(1, "vzexec facts --json"));
  assert.deepEqual((await facts(narrow)).architectures, ["i386"]);
  assert.deepEqual((await facts(wide)).architectures, ["i386", "amd64"]);
  assert.match(await narrow.ok("master", "deploy"), /^narrow: up to date, nothing changed\nwide: up to date/);
});

test("each host gets the first of a service's images that it can run, and ps tells which", {
  skip: needs32,
}, async () => {
  const busybox = Buffer.from(await narrow.sshOk(1, "base64 /bin/busybox"), "base64");
  writeFileSync(join(narrow.dir, "web-i386.tar.gz"), makeImage("web", { args: SLEEP, busybox }));
  writeFileSync(join(narrow.dir, "web-amd64.tar.gz"), makeImage("web", { args: SLEEP }));
  writeFleet("services:\n  web: {image: [web-amd64.tar.gz, web-i386.tar.gz], replicas: 2}\n");
  const out = await narrow.ok("master", "apply");
  assert.equal(out.match(/: image web: sent /g)?.length, 2, out);
  assert.deepEqual(await states(), ["narrow web-1 running i386", "wide web-2 running amd64"]);
  assert.match(await narrow.ok("master", "ps"), /^wide .* web@[0-9a-f]{12} +amd64 +\d/m);
  assert.match(await narrow.ok("master", "apply"), /^nothing to do: 2 containers/);
});

test("a host that can run none is told before anything is sent, and the others go on", {
  skip: needs32,
}, async () => {
  writeFleet(`services:
  web: {image: [web-amd64.tar.gz, web-i386.tar.gz], replicas: 2}
  only: {image: web-amd64.tar.gz, hosts: [narrow, wide]}
`);
  const { status, stdout, stderr } = await narrow.vz("master", "apply");
  assert.equal(status, 77, stderr);
  assert.equal(stderr, "vz: narrow: only-1: its image web is for amd64, which does not run there\n");
  assert.doesNotMatch(stdout, /narrow: image/);
  assert.deepEqual(await states(), [
    "narrow web-1 running i386",
    "wide only-2 running amd64",
    "wide web-2 running amd64",
  ]);
});

test("what a host cannot run goes to one that can", { skip: needs32 }, async () => {
  writeFleet("services:\n  one: {image: web-amd64.tar.gz}\n");
  const { status, stderr } = await narrow.vz("master", "apply");
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "note: one: not on narrow: its image web is for amd64, which does not run there\n");
  assert.deepEqual(await states(), ["wide one-1 running amd64"]);
});

test("a container that comes to another host gets the image for that one", { skip: needs32 }, async () => {
  const services = "services:\n  web: {image: [web-amd64.tar.gz, web-i386.tar.gz]}\n";
  writeFleet(services, ["wide"]);
  await narrow.ok("master", "apply");
  assert.deepEqual(await states(), ["wide web-1 running amd64"]);
  writeFleet(services, ["narrow"]);
  await narrow.ok("master", "apply");
  assert.deepEqual(await states(), ["narrow web-1 running i386"]);
});

test("an image that can never be chosen is an error of its service", { skip: needs32 }, async () => {
  writeFleet("services:\n  web: {image: [web-amd64.tar.gz, web-i386.tar.gz, copy.tar.gz]}\n", ["narrow"]);
  writeFileSync(join(narrow.dir, "copy.tar.gz"), readFileSync(join(narrow.dir, "web-i386.tar.gz")));
  const { status, stderr } = await narrow.vz("master", "apply");
  assert.equal(status, 78, stderr);
  assert.match(
    stderr,
    /^vz: service web: .*copy\.tar\.gz: no host can get it: web-i386\.tar\.gz, listed before it, /,
  );
});
