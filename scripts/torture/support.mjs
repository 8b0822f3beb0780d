/**
 * What the torture scripts share: a work folder whose programs are copies of its own, so that every process, mount, state and
 * cgroup that a container leaves behind can be told from the machine's.
 */
import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { executable } from "../machine.mjs";

/** As few applets as the bundles here call. */
const APPLETS = ["sh", "true", "sleep", "cat", "ls", "id"];
const CGROUPS = "/sys/fs/cgroup";

/** Ends the script where it cannot work at all. */
export function needRoot(name) {
  if (process.getuid?.() !== 0) stop(name, "needs root, for namespaces and mounts", 77);
  if (!existsSync(executable)) stop(name, `no ${executable}: npm run build`, 1);
}

function stop(name, why, status) {
  process.stderr.write(`${name}: ${why}\n`);
  process.exit(status);
}

/**
 * Reads `--name VALUE` and `--flag` from the command line.
 * @param {Record<string, string | number | boolean>} defaults every option there is; the type is that of its default
 */
export function readOptions(name, defaults) {
  const values = { ...defaults };
  const words = process.argv.slice(2);
  for (let i = 0; i < words.length; i++) {
    const key = words[i].replace(/^--/, "");
    if (!Object.hasOwn(defaults, key) || !words[i].startsWith("--"))
      stop(name, `unknown argument ${words[i]}; there are ${Object.keys(defaults).join(", ")}`, 64);
    if (typeof defaults[key] === "boolean") values[key] = true;
    else values[key] = typeof defaults[key] === "number" ? Number(words[++i]) : String(words[++i]);
    if (Number.isNaN(values[key])) stop(name, `--${key}: not a number`, 64);
  }
  return values;
}

/**
 * A folder of its own, removed with all that stands in it when the script ends.
 * @returns {{ dir: string, runch: string, busybox: string, state: string }}
 */
export function makeWork(name) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `vz-${name}-`)));
  const work = {
    dir,
    runch: join(dir, "runch"),
    busybox: join(dir, "busybox"),
    state: join(dir, "state"),
  };
  copyFileSync(executable, work.runch);
  copyFileSync("/bin/busybox", work.busybox);
  // for those too who are root in a user namespace alone
  for (const file of [dir, work.runch, work.busybox]) chmodSync(file, 0o755);
  process.on("exit", () => {
    // never through a mount: what is mounted here may be the machine's own
    if (mountsBelow(dir).length === 0) rmSync(dir, { recursive: true, force: true });
  });
  return work;
}

/** Writes a bundle whose root filesystem holds the work folder's busybox alone. @returns {string} its path */
export function makeBundle(work, name, config) {
  const bundle = join(work.dir, name);
  const bin = join(bundle, "rootfs/bin");
  for (const directory of [bin, join(bundle, "rootfs/proc"), join(bundle, "rootfs/dev")])
    mkdirSync(directory, { recursive: true });
  if (!existsSync(join(bin, "busybox"))) {
    linkSync(work.busybox, join(bin, "busybox"));
    for (const applet of APPLETS) symlinkSync("busybox", join(bin, applet));
  }
  const { process: own, ...rest } = config;
  const whole = {
    ociVersion: "1.0.2",
    root: { path: "rootfs" },
    ...rest,
    process: { args: ["/bin/true"], cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 }, ...own },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(whole));
  return bundle;
}

/**
 * Runs a command to its end.
 * @param {{ leaves?: boolean, timeout?: number, cwd?: string, env?: Record<string, string> }} options `leaves`: a process that
 *   goes on behind it would keep pipes open, so its output goes nowhere
 * @returns {Promise<{ status: number | string, stdout: string, stderr: string }>} status: a number, or the name of a signal
 */
export function run([file, ...args], options = {}) {
  const { leaves = false, timeout = 60_000, cwd, env } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: leaves ? "ignore" : ["ignore", "pipe", "pipe"],
      cwd,
      env: { ...process.env, ...env },
    });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name]?.setEncoding("utf8").on("data", (data) => {
        text[name] += data;
      });
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeout);
    child.on("error", reject);
    child.on(leaves ? "exit" : "close", (code, signal) => {
      clearTimeout(timer);
      resolve({ status: late ? "timeout" : (code ?? signal), ...text });
    });
  });
}

/** Identity of a file, whatever path a process sees it by; "" where there is none. */
function identity(path) {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    // ended, a kernel thread, or gone
    return "";
  }
}

/**
 * Processes that run one of `programs`, or whose root is one of `roots`.
 * @returns {{ pid: number, exe: string }[]}
 */
export function processesOf(programs, roots = []) {
  const known = new Set([...programs, ...roots].map(identity).filter((one) => one !== ""));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => known.has(identity(`/proc/${pid}/exe`)) || known.has(identity(`/proc/${pid}/root`)))
    .map((pid) => {
      let exe = "";
      try {
        exe = readlinkSync(`/proc/${pid}/exe`);
      } catch {
        // it has ended since
      }
      return { pid: Number(pid), exe };
    })
    .filter(({ exe }) => exe !== "");
}

/** @returns {string[]} what is mounted below `dir` in the machine's own table */
export function mountsBelow(dir) {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${dir}/`) || path === dir);
}

/** @returns {string[]} cgroups of this name, directly in one of the hierarchies or where this process's own stand */
export function cgroupsNamed(name) {
  const own = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":").slice(2).join(":"));
  const bases = new Set(["", ...own]);
  const hierarchies = existsSync(CGROUPS) ? ["", ...readdirSync(CGROUPS)] : [];
  return hierarchies
    .flatMap((hierarchy) => [...bases].map((base) => join(CGROUPS, hierarchy, base, name)))
    .filter((path, i, all) => all.indexOf(path) === i && existsSync(path));
}

/** Names in a folder, none where there is no such folder. */
export function namesIn(dir) {
  return existsSync(dir) ? readdirSync(dir) : [];
}

/** Repeats `look` until it finds nothing, or for `ms` milliseconds. @returns {Promise<string[]>} what it found last */
export async function untilNothing(look, ms) {
  const end = Date.now() + ms;
  for (;;) {
    const found = look();
    if (found.length === 0 || Date.now() > end) return found;
    await sleep(10);
  }
}

/** Undoes by hand what a fault has left, so that the next try starts from nothing. */
export function sweep(work, roots = []) {
  for (const { pid } of processesOf([work.runch, work.busybox], roots)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended
    }
  }
}
