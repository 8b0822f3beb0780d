/**
 * Runs the suite of test/oci, which drives an OCI runtime through its command line. Needs root, gcc and busybox-static.
 *
 *     node scripts/oci-test.mjs [--runtime runch|runc|crun] [--profile namespaces|mount|chroot] [--arch ARCH] [FILE...]
 *
 * Without options: runch in all three profiles, then runc and crun in the first, as a check of the suite itself; then runch for
 * the architectures that this machine does not run, under an emulator in the last profile. What runc and crun fail must be what
 * test/oci/differences.json lists, no more and no less.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { architectures } from "./build/architectures.mjs";
import { root } from "./build/base-target.mjs";
import { architecture, is32, runsHere, testEnvironment } from "./machine.mjs";
import { emulate, isEmulated } from "./oci-emulation.mjs";
import { noteTime } from "./test-times.mjs";

const RUNTIMES = ["runch", "runc", "crun"];
const PROFILES = ["namespaces", "mount", "chroot"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string" },
    profile: { type: "string" },
    arch: { type: "string" },
    verbose: { type: "boolean", short: "v" },
    jobs: { type: "string", default: "3" },
  },
});

function fail(why) {
  process.stderr.write(`oci-test: ${why}\n`);
  process.exit(1);
}

for (const [name, list] of [
  ["runtime", RUNTIMES],
  ["profile", PROFILES],
  ["arch", architectures.map(({ name }) => name)],
]) {
  if (values[name] !== undefined && !list.includes(values[name]))
    fail(`--${name} ${values[name]}: not one of ${list.join(", ")}`);
}
if (process.getuid?.() !== 0) fail("needs root");

const arch = architectures.find(({ name }) => name === values.arch) ?? architecture;
/** For an architecture that this machine does not run, another process runs the suite, under an emulator. */
if (!runsHere(arch) && !isEmulated) {
  const words = positionals.concat(values.verbose ? "--verbose" : []);
  const { status, reason } = emulate(arch, words);
  if (status === undefined) fail(reason);
  process.exit(status);
}

mkdirSync(join(root, "build"), { recursive: true });
const outdir = mkdtempSync(join(root, "build/oci-"));
process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));

const wanted = positionals.map((name) => basename(name));
const names = readdirSync(join(root, "test/oci"))
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .sort();
if (names.length === 0) fail(`no tests match ${positionals.join(" ")}`);

for (const [name, source, compiler] of [
  ["refuse", "refuse", "gcc"],
  ["probe", "probe", "gcc"],
  ["probe32", "probe", `${architectures[0].triplet}-gcc`],
]) {
  if (name === "probe32" && !is32) continue;
  const file = join(root, "test/support", `${source}.c`);
  const argv = ["-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", join(outdir, name), file];
  if (spawnSync(compiler, argv, { stdio: "inherit" }).status !== 0) fail(`cannot compile ${name}`);
}
symlinkSync(join(root, "dist", arch.file), join(outdir, "runch"));
Object.assign(process.env, testEnvironment, { OCI_ARCH: arch.debian });

await build({
  absWorkingDir: root,
  entryPoints: names.map((name) => `test/oci/${name}`),
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
  packages: "external",
});
const files = names.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));

/** Runs all files against one runtime, and prints the counts. @returns the failed tests' titles with their errors */
async function suite(runtime, profile) {
  process.env["OCI_RUNTIME"] = runtime;
  process.env["OCI_PROFILE"] = profile;
  process.env["OCI_TOOLS"] = outdir;
  process.env["NODE_OPTIONS"] = "--enable-source-maps";
  const begin = performance.now();
  const failed = new Map();
  const skipped = new Map();
  let passed = 0;
  const stream = run({ files, concurrency: Number(values.jobs), timeout: 300_000 });
  for (const event of ["test:pass", "test:fail"]) stream.on(event, noteTime);
  stream.on("test:pass", ({ name, skip, details }) => {
    if (details.type === "suite") return;
    if (skip !== undefined) skipped.set(name, skip);
    else passed++;
    if (values.verbose) process.stdout.write(`  ok ${Math.round(details.duration_ms)} ms: ${name}\n`);
  });
  stream.on("test:fail", ({ name, details }) => {
    const { error } = details;
    const cause = error?.cause ?? error;
    // a suite fails by its tests, which are reported themselves; on its own it fails by what it left behind
    const code = error?.failureType;
    if (code === "subtestsFailed" || (details.type === "suite" && code !== "hookFailed")) return;
    const title = code === "hookFailed" ? `${name}: afterwards nothing is left` : name;
    failed.set(title, String(cause?.message ?? cause));
  });
  stream.on("test:stderr", ({ message }) => process.stderr.write(message));
  await new Promise((resolve) => stream.on("close", resolve).on("end", resolve).resume());
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  process.stdout.write(
    `${runtime}${values.arch === undefined ? "" : ` for ${arch.name}`} in profile ${profile}: ${passed} passed, ${failed.size} failed, ${skipped.size} skipped, ${seconds} s\n`,
  );
  const reasons = new Map();
  for (const why of skipped.values()) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  for (const [why, count] of reasons) process.stdout.write(`  skipped ${count}: ${why}\n`);
  return failed;
}

function tell(title, message) {
  process.stdout.write(`  FAILED ${title}\n${message.replace(/^/gm, "      ")}\n`);
}

/** Compares the failures of a reference runtime with the list of them. @returns the number of differences */
function compare(runtime, failed, complete) {
  const list = JSON.parse(readFileSync(join(root, "test/oci/differences.json"), "utf8"));
  const known = new Map(list.filter((one) => one.runtime === runtime).map((one) => [one.test, one.why]));
  let wrong = 0;
  for (const [title, message] of failed) {
    if (known.has(title)) {
      if (values.verbose) process.stdout.write(`  differs as listed: ${title}\n`);
      continue;
    }
    wrong++;
    tell(title, message);
  }
  for (const title of complete ? known.keys() : []) {
    if (failed.has(title)) continue;
    wrong++;
    process.stdout.write(`  listed in differences.json, but ${runtime} passes: ${title}\n`);
  }
  return wrong;
}

const all = [values.runtime, values.profile, values.arch].every((value) => value === undefined);
const runs = all
  ? [...PROFILES.map((profile) => ["runch", profile]), ["runc", "namespaces"], ["crun", "namespaces"]]
  : [[values.runtime ?? "runch", values.profile ?? "namespaces"]];
let wrong = 0;
for (const [runtime, profile] of runs) {
  const failed = await suite(runtime, profile);
  if (runtime === "runch") {
    for (const [title, message] of failed) tell(title, message);
    wrong += failed.size;
  } else {
    wrong += compare(runtime, failed, wanted.length === 0);
  }
}
for (const one of all ? architectures.filter((other) => !runsHere(other)) : []) {
  const { status, reason } = emulate(one, positionals);
  if (status === undefined) process.stdout.write(`runch for ${one.name}: left out: ${reason}\n`);
  else wrong += status;
}
process.exit(wrong === 0 ? 0 : 1);
