/** Attributes of the process that execve(2) keeps or applies: scheduling, I/O priority, labels of security modules. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import type { OciProcess } from "../../../common/oci/oci.ts";
import { badConfig, list, object, text, whole } from "../../../common/oci/oci-read.ts";
import { failed } from "../../system/failure.ts";
import { readTextIfAny } from "../../system/files.ts";
import { lookup } from "../../system/linux.ts";
import type { Act } from "../model.ts";

const { O_WRONLY } = sys.constants;

/** sched(7) */
const POLICIES: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};
/** sched_setattr(2) and linux/sched.h, at their bits. */
const SCHED_FLAGS = [
  "RESET_ON_FORK",
  "RECLAIM",
  "DL_OVERRUN",
  "KEEP_POLICY",
  "KEEP_PARAMS",
  "UTIL_CLAMP_MIN",
  "UTIL_CLAMP_MAX",
];
/** ioprio_set(2) */
const IO_CLASSES: Readonly<Record<string, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};

const scheduler = object(
  { policy: text },
  { nice: whole, priority: whole, flags: list(text), runtime: whole, deadline: whole, period: whole },
);
const ioPriority = object({ class: text }, { priority: whole });
const affinity = object({}, { initial: text, final: text });

const isRefused = (error: unknown) => hasCode(error, "EPERM", "ENOSYS", "EACCES");

/** Does `act`; what the kernel refuses falls short, what it finds wrong is an error. */
function granted(field: string, act: () => void): Act {
  return (short) => {
    try {
      act();
    } catch (error) {
      if (!isRefused(error)) throw failed(field, error);
      short.add(field, reason(error));
    }
  };
}

function planScheduler(value: unknown, unknown: string[]): Act {
  const at = "process.scheduler";
  const {
    policy,
    nice = 0,
    priority = 0,
    flags = [],
    runtime = 0,
    deadline = 0,
    period = 0,
  } = scheduler(value, at, unknown);
  const number = lookup(POLICIES, policy);
  if (number === undefined) throw badConfig(`${at}.policy`, `no such policy: ${policy}`);
  let bits = 0;
  for (const flag of flags) {
    const bit = flag.startsWith("SCHED_FLAG_") ? SCHED_FLAGS.indexOf(flag.slice(11)) : -1;
    if (bit < 0) throw badConfig(`${at}.flags`, `no such flag: ${flag}`);
    bits |= 1 << bit;
  }
  const isDeadline = policy === "SCHED_DEADLINE";
  if (!isDeadline && runtime + deadline + period !== 0)
    throw badConfig(at, "times are for SCHED_DEADLINE only");
  return granted(at, () => {
    try {
      sys.schedSetattr(number, bits, nice, priority, runtime, deadline, period);
    } catch (error) {
      // before Linux 3.14; what the older calls cannot express stays refused
      if (!hasCode(error, "ENOSYS") || isDeadline || bits > 1) throw error;
      sys.schedSetscheduler(number + bits * 0x40000000, priority);
      if (nice !== 0) sys.setNice(nice);
    }
  });
}

function planIoPriority(value: unknown, unknown: string[]): Act {
  const at = "process.ioPriority";
  const { class: name, priority = 0 } = ioPriority(value, at, unknown);
  const number = lookup(IO_CLASSES, name);
  if (number === undefined) throw badConfig(`${at}.class`, `no such class: ${name}`);
  if (priority < 0 || priority > 7) throw badConfig(`${at}.priority`, "not from 0 to 7");
  return granted(at, () => sys.ioprioSet(number * 0x2000 + priority));
}

/** "0-3,7" as cpuset(7) has it. @throws VzError 78 */
function parseCpuList(listed: string, at: string): number[] {
  const cpus: number[] = [];
  for (const part of listed.split(",")) {
    const range = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? range?.[1]);
    if (range === null || last < first) throw badConfig(at, `${JSON.stringify(listed)} is no list of CPUs`);
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}

/**
 * `process.execCPUAffinity`: the CPUs of a process that `exec` starts; it is not for the container's first process.
 * @returns what to do before the process moves to its cgroup, and after
 */
export function planAffinity(value: unknown, unknown: string[]): { initial: Act | null; final: Act | null } {
  const at = "process.execCPUAffinity";
  const { initial, final } = affinity(value, at, unknown);
  const act = (field: string, listed: string | undefined): Act | null => {
    if (listed === undefined || listed === "") return null;
    const cpus = parseCpuList(listed, `${at}.${field}`);
    return granted(`${at}.${field}`, () => sys.schedSetaffinity(cpus));
  };
  return { initial: act("initial", initial), final: act("final", final) };
}

function writeLabel(file: string, label: string): void {
  const fd = sys.open(file, O_WRONLY);
  try {
    sys.writeAll(fd, label);
  } finally {
    sys.close(fd);
  }
}

/** A label for the next execve(2); a security module that is not enabled is a shortfall. */
function planLabel(field: string, label: string, module: string, text: string): Act {
  return (short) => {
    const modules = readTextIfAny("/sys/kernel/security/lsm");
    const isOn =
      module === "apparmor"
        ? readTextIfAny("/sys/module/apparmor/parameters/enabled")?.startsWith("Y") === true
        : readTextIfAny("/sys/fs/selinux/enforce") !== null || modules?.includes("selinux") === true;
    if (!isOn) {
      short.add(field, `${module} is not enabled on this machine`);
      return;
    }
    const own = `/proc/self/attr/${module}/exec`;
    const file = module === "apparmor" && readTextIfAny(own) !== null ? own : "/proc/self/attr/exec";
    try {
      writeLabel(file, text);
    } catch (error) {
      throw failed(`${field} ${label}`, error);
    }
  };
}

/** @throws VzError 78 */
export function planAttributes(process: OciProcess, unknown: string[]): Act[] {
  const acts: Act[] = [];
  if (process.scheduler !== undefined) acts.push(planScheduler(process.scheduler, unknown));
  if (process.ioPriority !== undefined) acts.push(planIoPriority(process.ioPriority, unknown));
  const { apparmorProfile, selinuxLabel } = process;
  if (apparmorProfile)
    acts.push(planLabel("process.apparmorProfile", apparmorProfile, "apparmor", `exec ${apparmorProfile}`));
  if (selinuxLabel) acts.push(planLabel("process.selinuxLabel", selinuxLabel, "selinux", selinuxLabel));
  return acts;
}
