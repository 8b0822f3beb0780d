/** How much memory stays taken beside a container while a runner waits for it. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds to wait for a container to run. */
const PATIENCE = 10_000;

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // it has ended
    return "";
  }
}

function executable(pid) {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return "";
  }
}

/** @returns {number[]} `pid` and all below it; each thread has children of its own */
function tree(pid) {
  let threads = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // it has ended
  }
  const children = threads.flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).trim().split(" ").filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => tree(Number(child)))];
}

/** kB that no other process shares: what the machine gets back when this one ends, and the part that holds no file's bytes. */
function privateMemory(pid) {
  const text = read(`/proc/${pid}/smaps_rollup`);
  const of = (name) => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  const dirty = of("Private_Dirty");
  return { kb: of("Private_Clean") + dirty, dirty };
}

/**
 * Runs a command line that waits for a container of busybox, and looks at its processes once the container runs.
 * @returns {Promise<{ processes: number, kb: number, dirty: number }>} of the runner's own, the container left out
 */
export async function waitingMemory([file, ...args]) {
  const child = spawn(file, args, { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const end = Date.now() + PATIENCE;
  let pids = [];
  let inside;
  while (inside === undefined) {
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${file}: its container does not run`);
    await sleep(20);
    pids = tree(child.pid);
    inside = pids.find((pid) => executable(pid) === "busybox");
  }
  // what it gives back, it gives back behind the start
  await sleep(300);
  const own = tree(child.pid).filter((pid) => pid !== inside);
  const parts = own.map(privateMemory);
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0);
  process.kill(inside, "SIGKILL");
  await ended;
  return { processes: own.length, kb: sum("kb"), dirty: sum("dirty") };
}
