/**
 * Starts a container of /bin/true in turns with several runners and prints what each start costs. Called by run.sh with a
 * work folder and, if wanted, the number of rounds (50). Fails when runch costs more than crun, or 4 MB.
 *
 * All do the same: mount namespace only, /proc, no cgroups, no other namespace; chroot does less. Minima are what the
 * machine can do, medians what it did meanwhile; compare within one run only.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [work, roundsText = "50"] = process.argv.slice(2);
const rounds = Number(roundsText);
if (work === undefined || !Number.isInteger(rounds) || rounds < 2) {
  process.stderr.write("usage: bash scripts/bench/run.sh [ROUNDS]\n");
  process.exit(64);
}
const measure = join(work, "measure");

/** Root filesystem of nothing but a static busybox, and its bundle. */
function makeBundle() {
  const bundle = join(work, "bench");
  const rootfs = join(bundle, "rootfs");
  for (const name of ["bin", "proc", "dev"]) mkdirSync(join(rootfs, name), { recursive: true });
  copyFileSync("/bin/busybox", join(rootfs, "bin/busybox"));
  chmodSync(join(rootfs, "bin/busybox"), 0o755);
  symlinkSync("busybox", join(rootfs, "bin/true"));
  const config = {
    ociVersion: "1.0.2",
    process: { args: ["/bin/true"], cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 } },
    root: { path: "rootfs" },
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
    linux: { namespaces: [{ type: "mount" }] },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  return { bundle, rootfs };
}

const { bundle, rootfs } = makeBundle();
symlinkSync(resolve("dist/vz"), join(work, "runch"));

const commands = {
  "runch start": [join(work, "runch"), "start", bundle],
  "crun run": [
    "crun",
    "--root",
    "/run/crun-bench",
    "--cgroup-manager=disabled",
    "run",
    "-b",
    bundle,
    "bench",
  ],
  bwrap: ["bwrap", "--bind", rootfs, "/", "--proc", "/proc", "/bin/true"],
  chroot: ["chroot", rootfs, "/bin/true"],
  "vz --version": [resolve("dist/vz"), "--version"],
};
const names = Object.keys(commands);
const list = join(work, "commands");
writeFileSync(
  list,
  Object.values(commands)
    .map((words) => `${words.join("\t")}\n`)
    .join(""),
);

function lines(...args) {
  const text = execFileSync(measure, [...args, list], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
}

const runs = lines("time", String(rounds)).map((row) => row.map(Number));
for (const [index, , , status] of runs) {
  if (status === 0) continue;
  process.stderr.write(`bench: ${commands[names[index]].join(" ")}: status ${status}\n`);
  process.exit(1);
}
const peaks = new Map(lines("peak", "busybox").map(([index, kb]) => [Number(index), Number(kb)]));

function figures(index) {
  const own = runs.filter(([at]) => at === index);
  const sorted = (column) => own.map((row) => row[column]).sort((a, b) => a - b);
  const [wall, cpu] = [sorted(1), sorted(2)];
  const half = Math.floor(own.length / 2);
  return { min: wall[0], median: wall[half], cpuMin: cpu[0], cpuMedian: cpu[half], peak: peaks.get(index) };
}

const all = names.map((_, index) => figures(index));
const crun = all[names.indexOf("crun run")];
const ms = (us) => (us / 1000).toFixed(2);
const ratio = (part, whole) => (part / whole).toFixed(2);
const rows = [
  ["", "wall min", "median", "cpu min", "median", "peak kB", "min/crun", "cpu/crun", "peak/crun"],
  ...all.map((f, i) => [
    names[i],
    ...[f.min, f.median, f.cpuMin, f.cpuMedian].map(ms),
    String(f.peak),
    ratio(f.min, crun.min),
    ratio(f.cpuMin, crun.cpuMin),
    ratio(f.peak, crun.peak),
  ]),
];
process.stdout.write(`${rounds} interleaved starts of /bin/true each, in milliseconds\n`);
for (const [name, ...cells] of rows) {
  process.stdout.write(`${name.padEnd(14)}${cells.map((cell) => cell.padStart(11)).join("")}\n`);
}

const runch = all[0];
const faults = [
  [runch.min > crun.min || runch.median > crun.median, "runch start takes longer than crun run"],
  [runch.peak >= 4096, "runch start takes 4 MB or more"],
].filter(([wrong]) => wrong);
for (const [, fault] of faults) process.stderr.write(`bench: ${fault}\n`);
process.exit(faults.length > 0 ? 1 : 0);
