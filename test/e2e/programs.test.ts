/**
 * Ten real programs: each is traced on this host, made an image of, and run from that image by `runch` on a slave, where
 * it must do again what it did here. No image may be much larger than what a careful tracer takes.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ContainerRow } from "../../src/common/contract/protocol.ts";
import { okOutput, run, startLab, until, vz } from "../support/lab.ts";
import { ENVIRONMENT, eventually, type Place, type Program, whyNot } from "../support/program.ts";
import { excess, traceProgram, weigh, whyNotJudged } from "../support/program-image.ts";
import { ALL } from "../support/programs.ts";
import { nginx, services } from "../support/programs-services.ts";
import { Slave } from "../support/slave.ts";

// Not below /tmp, which a container has memory at. Servers that give up being root come here too.
mkdirSync("/srv", { recursive: true });
const top = mkdtempSync("/srv/vz-programs-");
chmodSync(top, 0o755);
let slave: Slave;
/** The host's own address in the lab, which its slaves reach. */
let address = "";

before(async () => {
  const lab = await startLab(1, { mem: 512 });
  address = lab.address(1).replace(/\d+$/, "1");
  slave = await Slave.installed(lab);
});
after(async () => {
  await slave?.lab.down();
  rmSync(top, { recursive: true, force: true });
});

const unjudged = whyNotJudged();
if (unjudged !== false) process.stdout.write(`sizes are not compared: ${unjudged}\n`);

async function load(image: string): Promise<void> {
  const file = basename(image);
  const upload = `/var/lib/vz/upload/incoming/${file}`;
  await slave.lab.sshOk(1, `cat >${upload}`, { input: readFileSync(image) });
  await slave.ok("load", file);
}

/** Starts the image as a container of the same name, and has it do what it did on the host. */
async function runOnSlave(program: Program, place: Place): Promise<void> {
  const { name, service, prints } = program;
  const start = ["start", name, `--image=${name}`, "--fleet=programs", "--restart=never"];
  const stopServer = await program.server?.(place);
  try {
    const started = await slave.run(...start);
    const log = () => slave.run("logs", name).then(({ stdout }) => stdout);
    assert.equal(started.status, 0, `${started.stderr}${await log()}`);
    const row = async () => (await slave.json<ContainerRow[]>("ps")).find((one) => one.container === name);
    if (service !== undefined) {
      await eventually(10_000, () => service.ask(slave.lab.address(1), place)).catch(async (cause) => {
        throw new Error(`${name} on the slave: ${await log()}`, { cause });
      });
      if (service.stop !== null) await slave.ok("stop", name);
    }
    const end = await until(`${name} to end`, 10_000, async () => {
      const now = await row();
      return now?.state === "running" ? undefined : now;
    });
    assert.equal(end.state, "stopped");
    if (prints !== undefined) assert.equal(await log(), prints(place));
  } finally {
    stopServer?.();
  }
  await slave.ok("rm", name);
}

describe("traced here, run there:", { concurrency: 2 }, () => {
  for (const program of ALL) {
    const { name, exercise } = program;
    test(`${name}: ${exercise}`, { skip: whyNot(program) }, async () => {
      const dir = join(top, name);
      mkdirSync(dir);
      const place = { dir, address };
      const image = await traceProgram(program, place);
      if (unjudged === false) assert.equal(excess(program, await weigh(image)), undefined);
      await load(image.file);
      await runOnSlave(program, place);
    });
  }
});

const byRecipe: Program = { ...nginx, name: "nginx-by-recipe" };

test("a recipe exercises nginx by itself", { skip: whyNot(byRecipe) }, async () => {
  const { name, command, prepare, service } = byRecipe;
  const dir = join(top, name);
  mkdirSync(dir);
  const place = { dir, address };
  prepare?.(place);
  const answers = service?.answers(place);
  // JSON is YAML
  const run = { until: answers, exercise: [answers], for: 20 };
  const recipe = { command: command(place), name, run: [run], config: { env: { TZ: "UTC" } } };
  writeFileSync(join(dir, "nginx.yaml"), JSON.stringify(recipe));
  const words = ["trace", "--recipe", "nginx.yaml", "--image", `${name}.tar.gz`];
  okOutput("trace", await vz(words, { cwd: dir, env: ENVIRONMENT }));
  await load(join(dir, `${name}.tar.gz`));
  await runOnSlave(byRecipe, place);
});

for (const program of services) {
  const { name, service, prepare, command } = program;
  test(`${name}: --check finds that it comes up in its root`, { skip: whyNot(program) }, async () => {
    const dir = join(top, `${name}-checked`);
    mkdirSync(dir);
    const place = { dir, address };
    prepare?.(place);
    const until = ["--until", service?.answers(place) ?? "", "--for", "20"];
    const words = ["trace", "--check", "-o", join(dir, "spec"), ...until, "--", ...command(place)];
    const checked = await vz(words, { cwd: "/", env: ENVIRONMENT });
    okOutput("check", checked);
  });
}

/** Gives the bundle that umoci makes of the image's export. */
async function unpackExport(name: string): Promise<string> {
  const dir = join(top, name);
  const [archive, layout, bundle] = ["oci.tar", "oci", "unpacked"].map((end) => join(dir, end));
  assert.ok(archive !== undefined && layout !== undefined && bundle !== undefined);
  const image = join(dir, `${name}.tar.gz`);
  okOutput("export", await vz(["image", "export", image, "--oci", "-o", archive]));
  mkdirSync(layout);
  okOutput("tar", await run("tar", ["-xf", archive, "-C", layout]));
  okOutput("umoci", await run("umoci", ["unpack", "--image", `${layout}:${name}`, bundle]));
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  // umoci asks for a terminal, which a test has not
  config.process.terminal = false;
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  return bundle;
}

for (const program of ALL.filter(({ name }) => name === "perl" || name === "git")) {
  const { name, prints } = program;
  const missing = ["umoci", "runc"].find((tool) => spawnSync(tool, ["--version"]).status !== 0);
  const skip = whyNot(program) || (missing !== undefined && `${missing} is not here`);
  test(`${name}: exported, unpacked by umoci and run by runc`, { skip }, async () => {
    const bundle = await unpackExport(name);
    const ended = await run("runc", ["run", "--bundle", bundle, `vz-programs-${name}-${process.pid}`]);
    assert.equal(okOutput("runc", ended), prints?.({ dir: join(top, name), address }));
  });
}
