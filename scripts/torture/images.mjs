/**
 * Damaged and hostile tarballs and specs, each given to dist/vz: an image to verify, inspect, export, sbom and a slave's
 * load; archives of other tools to import; specs to trace. Every run must end soon, with status 0 or 65 (and 64 for specs),
 * with one clear line if not 0, in 256 MB of address space, and without a file but its result.
 *
 *     node scripts/torture/images.mjs [--count 10000] [--seed N]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root as project } from "../build/base-target.mjs";
import { executable } from "../machine.mjs";
import { Damage } from "./image-mutations.mjs";
import { exchangeNasties, imageNasties } from "./image-nasties.mjs";
import { Mutator } from "./mutations.mjs";
import { readOptions, run } from "./support.mjs";
import { membersOf, sampleLayers } from "./tar-archives.mjs";

const NAME = "torture/images";
const options = readOptions(NAME, { count: 10_000, seed: 20261126 });
/** Kilobytes of address space. */
const MEMORY = 256 * 1024;
const WORKERS = 3;
const SLOW_MS = 30_000;
const MOST_FAULTS = 20;
/** Characters. */
const LONGEST_LINE = 700;
/** Cases from which on every hostile image goes through every command. */
const LONG = 10_000;

const vz = executable;
const dir = mkdtempSync(join(tmpdir(), "vz-images-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
const victim = join(dir, "victim");
writeFileSync(victim, "untouched\n");

/** An image, packed and not, with a file of each kind that needs no root. */
function makeImages() {
  const bundle = join(dir, "bundle");
  mkdirSync(join(bundle, "rootfs/bin"), { recursive: true });
  const config = {
    ociVersion: "1.0.2",
    root: { path: "rootfs" },
    process: { args: ["/bin/hello"], cwd: "/" },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  writeFileSync(join(bundle, "rootfs/bin/hello"), "hello\n", { mode: 0o755 });
  writeFileSync(join(bundle, `rootfs/${"n".repeat(150)}`), "long".repeat(500));
  execFileSync("ln", ["-s", "bin/hello", join(bundle, "rootfs/link")]);
  execFileSync("mkfifo", [join(bundle, "rootfs/fifo")]);
  const image = join(dir, "image.tar");
  execFileSync(vz, ["image", "build", bundle, "-o", image, "--name", "image"]);
  return readFileSync(image);
}

const IMAGE_COMMANDS = [
  (file) => ["image", "verify", file],
  (file) => ["image", "inspect", file, "--json"],
  (file) => ["image", "export", file, "--oci", "-o", "out/result"],
  (file) => ["image", "export", file, "--docker", "-o", "out/result"],
  (file) => ["image", "sbom", file],
  (file) => ["image", "diff", file, file],
  (file) => ["load-image", "--root", "out/result", file],
];
const IMPORT = (file) => ["image", "import", file, "-o", "out/result.tar", "--max-size", "64M"];
const TRACE = (file) => ["trace", "--from", file, "--no-run", "-o", "out/result", "--", "/bin/true"];

/** What is to be run, one after another: hostile ones first, then as many damaged ones as are asked for. */
function* cases(count, seed) {
  const image = makeImages();
  const images = [image, gzipSync(image)];
  const whole = IMAGE_COMMANDS.filter((command) => !/inspect|sbom|diff/.test(command("").join(" ")));
  for (const [i, nasty] of imageNasties(membersOf(image), victim).entries()) {
    // each through one command, in a short run; inspect, sbom and diff read no more than the manifest
    const commands = count < LONG ? [whole[i % whole.length]] : whole;
    for (const command of commands) yield { ...nasty, words: command("in") };
  }
  for (const { name, bytes, wanted } of exchangeNasties(victim))
    yield { name, bytes, wanted, words: IMPORT("in") };
  const help = execFileSync(vz, ["help", "trace"], { encoding: "utf8" });
  const hasFrom = /--from/.test(help) && /--no-run/.test(help);
  if (!hasFrom) process.stdout.write("not run: specs: vz trace has no --from here\n");
  const spec = ["/bin/true", "/etc", "/etc/passwd", "/lib", "/usr/bin", "/usr/share/doc"].join("\n");
  const layers = sampleLayers();
  const damage = new Damage(seed);
  const mutator = new Mutator(seed);
  for (let i = 0; i < count; i++) {
    const kind = i % 10;
    if (kind === 0 && hasFrom) yield { name: `spec ${i}`, bytes: damage.spec(spec), words: TRACE("in") };
    else if (kind < 5) {
      const words = damage.pick(IMAGE_COMMANDS)("in");
      yield { name: `image ${i}`, bytes: damage.image(damage.pick(images)), words };
    } else yield { name: `archive ${i}`, bytes: damage.exchange(layers, mutator), words: IMPORT("in") };
  }
}

const faults = [];
const statuses = {};
let runs = 0;
let slowest = { ms: 0, name: "" };

function fault(one, why, output) {
  faults.push(why);
  if (faults.length > MOST_FAULTS) return;
  const kept = join(project, "build", `torture-image-${faults.length}`);
  writeFileSync(kept, one.bytes);
  process.stdout.write(
    `  ${one.name}: ${why}: vz ${one.words.join(" ")} (in: ${kept})\n    ${output.trim().slice(0, 600)}\n`,
  );
}

/** Why the lines are not what a person should get, or undefined. */
function whyUnclear(status, stderr) {
  if (/[^\P{Cc}\n]/u.test(stderr)) return "control characters";
  const lines = stderr === "" ? [] : stderr.replace(/\n$/, "").split("\n");
  if (lines.some((line) => line.length > LONGEST_LINE)) return "a line too long";
  if (status === 0)
    return lines.every((line) => /^(vz|vz trace|hint): ./.test(line))
      ? undefined
      : "lines that are none of vz's";
  const [first = "", hint = "hint: x", ...more] = lines;
  return /^vz: .+: ./.test(first) && hint.startsWith("hint: ") && more.length === 0
    ? undefined
    : "not one clear line";
}

const listing = (work) => readdirSync(work).sort().join(" ");

async function play(one, work) {
  writeFileSync(join(work, "in"), one.bytes);
  mkdirSync(join(work, "out"));
  const begin = performance.now();
  const limited = ["sh", "-c", `ulimit -v ${MEMORY}; exec "$0" "$@"`, vz, ...one.words];
  const { status, stdout, stderr } = await run(limited, { cwd: work, timeout: SLOW_MS });
  const ms = Math.round(performance.now() - begin);
  if (ms > slowest.ms) slowest = { ms, name: one.name };
  runs++;
  statuses[status] = (statuses[status] ?? 0) + 1;
  const output = `${stdout.slice(0, 200)}${stderr}`;
  const isSpec = one.words[0] === "trace";
  const allowed = isSpec ? [0, 64, 65] : [0, 65];
  const unclear = whyUnclear(status, stderr);
  const made = readdirSync(join(work, "out"));
  const { wanted } = one;
  if (!allowed.includes(status)) fault(one, `status ${status}`, output);
  else if (unclear !== undefined) fault(one, unclear, output);
  else if (listing(work) !== "in out") fault(one, `left ${listing(work)}`, output);
  // the slave's store keeps its own directories whatever comes
  else if (one.words[0] !== "load-image" && made.length > (status === 0 ? 1 : 0))
    fault(one, `left ${made}`, output);
  else if (wanted === "ok" && status !== 0) fault(one, "refused", output);
  else if (wanted instanceof RegExp && (status !== 65 || !wanted.test(stderr.split("\n")[0])))
    fault(one, `not ${wanted}`, output);
  else if (one.words[1] === "import" && status === 0) await checkImported(one, work);
  rmSync(join(work, "out"), { recursive: true });
}

/** What was imported must be right by the rules for all images. */
async function checkImported(one, work) {
  const { status, stderr } = await run([vz, "image", "verify", "out/result.tar"], { cwd: work });
  if (status !== 0) fault(one, "its result is refused", stderr);
}

const before = listing(dir);
const source = cases(options.count, options.seed);
const worker = async (_, i) => {
  const work = join(dir, `work-${i}`);
  mkdirSync(work);
  for (const one of source) await play(one, work);
};
const begin = Date.now();
await Promise.all(Array.from({ length: WORKERS }, worker));
const added = readdirSync(dir).filter(
  (name) => !before.split(" ").includes(name) && !/^(work-\d|bundle|image\.tar)$/.test(name),
);
if (added.length > 0 || readFileSync(victim, "utf8") !== "untouched\n")
  fault({ name: "all", bytes: Buffer.alloc(0), words: [] }, `reached ${added.join(" ") || victim}`, "");
const counts = Object.entries(statuses).map(([status, times]) => `${times} x ${status}`);
process.stdout.write(
  `images: ${runs} runs in ${Math.round((Date.now() - begin) / 1000)} s, the slowest ${slowest.ms} ms (${slowest.name}): ${counts.join(", ")}\n` +
    `images: ${faults.length} faults\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
