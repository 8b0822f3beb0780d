/** Starts and stops VPSes from outside. Callers hold the lab's lock. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import * as sys from "vz:sys";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { groupOf, type NamespaceGroup } from "../host/groups.ts";
import { tryLock } from "../host/lock.ts";
import { plugOut, portName, vpsAddress } from "../host/network.ts";
import { type LabSettings, list, vpsPaths } from "../host/state.ts";
import { TOOL_PATH, tool } from "../host/tool.ts";
import { type Held, limitVps, vpsGroup } from "./cgroup.ts";
import { readPid } from "./processes.ts";

export type VpsState = "up" | "booting" | "cut" | "dead";

/** State of VPS `i`, by its pid files and its link; `cut`: it runs without a link. */
export function vpsState(settings: LabSettings, i: number): VpsState {
  const paths = vpsPaths(settings.name, i);
  if (readPid(paths.runner) === undefined) return "dead";
  if (readPid(paths.init) === undefined) return "booting";
  return isPlugged(settings.octet, i) ? "up" : "cut";
}

function isPlugged(octet: number, i: number): boolean {
  return list(`/sys/class/net/${portName(octet, i)}`).includes("master");
}

/** Limits memory and devices of VPS `i`, a namespace; tells which limits this machine can hold. */
export function limit(lab: string, { memory }: Pick<NamespaceGroup, "memory">, i: number): Held {
  return limitVps(vpsGroup(lab, i), memory * 1024 * 1024);
}

/** Starts the runner of VPS `i` unless it has one. */
export function startVps(settings: LabSettings, i: number): void {
  const paths = vpsPaths(settings.name, i);
  mkdirSync(paths.dir, { recursive: true });
  if (readPid(paths.runner) !== undefined) return;
  const group = groupOf(settings.groups, i);
  // qemu limits a machine's memory.
  if (group.kind === "namespace") limit(settings.name, group, i);
  const log = openSync(paths.log, "w");
  try {
    sys.spawn("/proc/self/exe", ["vz", "lab", "vps", String(i)], {
      env: [`PATH=${TOOL_PATH}`, `VZ_LAB=${settings.name}`],
      cwd: "/",
      stdio: [-1, log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

const STOP_MS = 10_000;
/** Milliseconds after which a runner that has no init is killed too. */
const PATIENCE_MS = 1000;

/**
 * Ends VPS `i` as a power cut does.
 * @returns its lock: the VPS cannot start until the caller closes it
 * @throws VzError 71 when it does not end
 */
export async function stopVps(lab: string, i: number): Promise<number> {
  const paths = vpsPaths(lab, i);
  mkdirSync(paths.dir, { recursive: true });
  const started = sys.now();
  for (;;) {
    const lock = tryLock(paths.lock);
    const init = readPid(paths.init);
    if (lock !== undefined && init === undefined) return lock;
    if (lock !== undefined) closeSync(lock);
    const patient = sys.now() - started < PATIENCE_MS;
    const target = init ?? (patient ? undefined : readPid(paths.runner));
    if (target !== undefined) killProcess(target);
    if (sys.now() - started > STOP_MS) {
      throw new VzError(Status.osError, `vps${i}: does not end`, { hint: `see ${paths.log}` });
    }
    await sleep(5);
  }
}

function killProcess(pid: number): void {
  try {
    sys.kill(pid, osConstants.signals.SIGKILL);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

/** Cuts the link first: dying sockets would say goodbye, which a power loss does not. */
export async function killVps(settings: LabSettings, i: number): Promise<void> {
  if (isPlugged(settings.octet, i)) tool("ip", plugOut(settings.octet, i));
  const lock = await stopVps(settings.name, i);
  rmSync(vpsPaths(settings.name, i).runner, { force: true });
  closeSync(lock);
}

/** Most milliseconds for a boot, a connection and sshd's greeting; a machine's processor may be emulated on a busy host. */
const patience = {
  namespace: { boot: 10_000, connect: 200, banner: 2000 },
  vm: { boot: 180_000, connect: 500, banner: 30_000 },
};

/** Milliseconds after its start within which a runner writes its pid file. */
const RUNNER_MS = 300;

/**
 * Waits until sshd of VPS `i`, which was just started, answers. Starts the VPS again once: an interrupted `vz lab down` may have
 * left a runner that was about to end.
 * @throws VzError 71 when sshd does not answer in time, or the VPS has ended
 */
export async function waitForSshd(settings: LabSettings, i: number): Promise<void> {
  const paths = vpsPaths(settings.name, i);
  const { kind } = groupOf(settings.groups, i);
  const { boot, connect, banner } = patience[kind];
  const end = sys.now() + boot;
  let started = sys.now();
  let starts = 1;
  while (!(await answers(vpsAddress(settings.octet, i), 22, connect, banner))) {
    const alive = readPid(paths.runner) !== undefined || sys.now() - started < RUNNER_MS;
    if (!alive && starts === 1) {
      startVps(settings, i);
      started = sys.now();
      starts++;
    } else if (!alive || sys.now() > end) {
      const said = lastLine(paths.log) || (alive ? "" : lastLine(paths.console));
      const why = said === "" ? `sshd does not answer after ${boot / 1000} s` : said;
      throw new VzError(Status.osError, `vps${i}: did not boot: ${why}`, {
        hint: `its console is in ${paths.console}, what its runner said in ${paths.log}`,
      });
    }
    await sleep(10);
  }
}

function lastLine(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "";
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}

/** Whether a server there sends a greeting, as sshd does; `connect` and `banner` are the most milliseconds for each step. */
async function answers(address: string, port: number, connect: number, banner: number): Promise<boolean> {
  const fd = sys.tcpConnect(address, port);
  try {
    if (!(await ready(fd, "w", connect)) || sys.socketError(fd) !== null) return false;
    if (!(await ready(fd, "r", banner))) return false;
    return sys.read(fd, new Uint8Array(255), 0, 255) > 0;
  } catch (error) {
    if (hasCode(error, "ECONNRESET", "ECONNREFUSED", "EAGAIN")) return false;
    throw error;
  } finally {
    sys.close(fd);
  }
}

function ready(fd: number, events: "r" | "w", ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (is: boolean) => {
      sys.clearTimer(timer);
      sys.unwatch(fd, events);
      resolve(is);
    };
    const timer = sys.setTimer(() => done(false), ms, false);
    sys.watch(fd, events, () => done(true));
  });
}

/** Says which limits this machine cannot hold VPSes to. */
export function sayWhatIsNotHeld(held: { memory: boolean; devices: boolean }, io: Io): void {
  if (!held.memory) io.err("vz: lab: no memory limit: this machine's cgroups offer none\n");
  if (!held.devices) io.err("vz: lab: root in a VPS can open this machine's devices: no devices cgroup\n");
}
