/**
 * One fleet of three VPSes that run different programs: `narrow` those of 32 bits alone, `wide` those of 64 bits alone (on each a
 * program of the other kind starts and dies at once), `both`.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { FactsAnswer } from "../../src/common/contract/protocol.ts";
import { type Lab, run, startLab } from "../support/lab.ts";
import { needs32, vzBinary } from "../support/machine.ts";
import { makeImage } from "../support/slave.ts";

/** Numbers of the VPSes in the lab. */
const NUMBER = { narrow: 1, wide: 2, both: 3 };
type Name = keyof typeof NUMBER;
const ALL: readonly Name[] = ["narrow", "wide", "both"];

const SLEEP = ["/bin/busybox", "sleep", "100000"];
/** Files of 64-bit images come first where both run. */
const EITHER = "image: [web-amd64.tar.gz, web-i386.tar.gz]";

const skip = needs32 || (process.arch !== "x64" && "this machine runs no programs for amd64");

describe("a fleet of slaves that run different programs", { skip }, () => {
  let lab: Lab;

  before(async () => {
    lab = await startLab(1, { only32: true });
    await lab.up(1, { only64: true });
    await lab.up(1);
    writeFleet("{}");
  });
  after(() => lab?.down());

  function writeFleet(services: string, hosts = ALL): void {
    const lines = hosts.map(
      (name) => `  ${name}: {address: ${lab.address(NUMBER[name])}, vendor: ${name}}\n`,
    );
    const ssh = `ssh: {key: ${lab.key}, known_hosts: ${lab.knownHosts}}`;
    writeFileSync(lab.fleetFile, `fleet: mixed\n${ssh}\nhosts:\n${lines.join("")}services: ${services}\n`);
  }

  const on = (name: Name, command: string) => lab.sshOk(NUMBER[name], command);

  async function eachInstalled(): Promise<string[]> {
    return Promise.all(ALL.map((name) => on(name, "ls -A /usr/local/bin")));
  }

  /** "narrow web-1 running i386", sorted. */
  async function states(): Promise<string[]> {
    const rows: Record<string, string>[] = JSON.parse(await lab.ok("master", "ps", "--json"));
    return rows
      .map((row) => ["host", "container", "state", "architecture"].map((key) => row[key]).join(" "))
      .sort();
  }

  test("where none of the files given runs, deploy says of each kind what became of it", async () => {
    const inventory = join(lab.dir, "by-hand.ini");
    const address = `ansible_host=${lab.address(NUMBER.narrow)} ansible_user=root`;
    const options = `ansible_ssh_private_key_file=${lab.key} ansible_ssh_extra_args="-o UserKnownHostsFile=${lab.knownHosts}"`;
    writeFileSync(inventory, `narrow ${address} ${options}\n`);
    const variables = { vz_binaries: { x86_64: vzBinary }, vz_fleet: "mixed", vz_daily_key: lab.key };
    const words = ["-i", inventory, "-e", JSON.stringify(variables), "deploy.yml"];
    const env = { LC_ALL: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" };
    const { status, stdout } = await run("ansible-playbook", words, {
      cwd: join(process.cwd(), "ansible"),
      env,
    });
    assert.equal(status, 2, stdout);
    // Signal 31 is SIGSYS.
    assert.match(
      stdout,
      /no program of vz runs there: i686 would run and is not given, x86_64 ends by signal 31, aarch64 is refused/,
    );
    assert.equal(await on("narrow", "ls -A /usr/local/bin"), "");
  });

  test("deploy --check names what each would get, and leaves nothing there", async () => {
    const { status, stdout, stderr } = await lab.vz("master", "deploy", "--check");
    assert.equal(status, 2, stderr);
    assert.match(stdout, /^narrow: would change: \/usr\/local\/bin\/vz \(i686\)/m);
    assert.match(stdout, /^wide: would change: \/usr\/local\/bin\/vz \(x86_64\)/m);
    assert.match(stdout, /^both: would change: \/usr\/local\/bin\/vz \(i686\)/m);
    assert.deepEqual(await eachInstalled(), ["", "", ""]);
  });

  test("each slave gets the first vz that its kernel runs, the slave's part alone", async () => {
    const out = await lab.ok("master", "deploy");
    assert.match(out, /^narrow: deployed: vz \d.*, i686, slave\)/m);
    assert.match(out, /^wide: deployed: vz \d.*, x86_64, slave\)/m);
    assert.match(out, /^both: deployed: vz \d.*, i686, slave\)/m);
    const facts = await Promise.all(
      ALL.map(async (name): Promise<FactsAnswer> => JSON.parse(await on(name, "vzexec facts --json"))),
    );
    assert.deepEqual(
      facts.map(({ architectures }) => architectures),
      [["i386"], ["amd64"], ["i386", "amd64"]],
    );
    assert.deepEqual(await eachInstalled(), [
      "runch\nvz\nvzexec\n",
      "runch\nvz\nvzexec\n",
      "runch\nvz\nvzexec\n",
    ]);
  });

  test("a slave has nothing sent while it has the right one, and gets it where another lies there", async () => {
    assert.match(await lab.ok("master", "deploy"), /^(\w+: up to date, nothing changed\n){3}$/);
    const other = Buffer.from(await on("wide", "base64 /usr/local/bin/vz"), "base64");
    const put = "cd /usr/local/bin && cat > other && chmod 755 other && mv other vz && vz --version";
    assert.match(await lab.sshOk(NUMBER.both, put, { input: other }), /, x86_64, slave\)$/m);
    assert.match(await lab.ok("master", "deploy", "both"), /^both: deployed: vz \d.*, i686, slave\)\n$/);
  });

  test("each host gets the first of a service's images that it can run, and ps tells which", async () => {
    const busybox = Buffer.from(await on("narrow", "base64 /bin/busybox"), "base64");
    writeFileSync(join(lab.dir, "web-i386.tar.gz"), makeImage("web", { args: SLEEP, busybox }));
    writeFileSync(join(lab.dir, "web-amd64.tar.gz"), makeImage("web", { args: SLEEP }));
    writeFleet(`{web: {${EITHER}, replicas: 3}}`);
    const out = await lab.ok("master", "apply");
    assert.equal(out.match(/: image web: sent /g)?.length, 3, out);
    assert.deepEqual(await states(), [
      "both web-3 running amd64",
      "narrow web-1 running i386",
      "wide web-2 running amd64",
    ]);
    assert.match(await lab.ok("master", "ps"), /^wide .* web@[0-9a-f]{12} +amd64 +\d/m);
    assert.match(await lab.ok("master", "apply"), /^nothing to do: 3 containers/);
  });

  test("a host that can run none is told before anything is sent, and the others go on", async () => {
    writeFleet("{only: {image: web-i386.tar.gz, hosts: [wide, both]}}");
    const { status, stdout, stderr } = await lab.vz("master", "apply");
    assert.equal(status, 77, stderr);
    assert.equal(stderr, "vz: wide: only-1: its image web is for i386, which does not run there\n");
    assert.doesNotMatch(stdout, /^wide: image/m);
    assert.deepEqual(await states(), ["both only-2 running i386"]);
  });

  test("what a host cannot run goes to one that can", async () => {
    writeFleet("{one: {image: web-amd64.tar.gz}}");
    const { status, stderr } = await lab.vz("master", "apply");
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "note: one: not on narrow: its image web is for amd64, which does not run there\n");
    assert.deepEqual(await states(), ["wide one-1 running amd64"]);
  });

  test("a container that comes to another host gets the image for that one", async () => {
    writeFleet(`{web: {${EITHER}}}`, ["wide"]);
    await lab.ok("master", "apply");
    assert.deepEqual(await states(), ["wide web-1 running amd64"]);
    writeFleet(`{web: {${EITHER}}}`, ["narrow"]);
    await lab.ok("master", "apply");
    assert.deepEqual(await states(), ["narrow web-1 running i386"]);
  });

  test("an image that can never be chosen is an error of its service", async () => {
    writeFileSync(join(lab.dir, "copy.tar.gz"), readFileSync(join(lab.dir, "web-i386.tar.gz")));
    writeFleet("{web: {image: [web-amd64.tar.gz, web-i386.tar.gz, copy.tar.gz]}}", ["narrow"]);
    const { status, stderr } = await lab.vz("master", "apply");
    assert.equal(status, 78, stderr);
    assert.match(
      stderr,
      /^vz: service web: .*copy\.tar\.gz: no host can get it: web-i386\.tar\.gz, listed before it, /,
    );
  });
});
