/** The table of `runch ps`: what ps -ef shows, out of /proc (proc(5)). */
import { parseProcStat } from "../../../common/proc-stat.ts";
import { readTextIfAny } from "../../system/files.ts";

/** Clock ticks in a second, as /proc counts them on every Linux that vz is built for: USER_HZ of asm-generic/param.h. */
const TICKS = 100;

interface Row {
  readonly uid: string;
  readonly pid: number;
  readonly parent: number;
  /** CPU use in per cent since its start. */
  readonly use: number;
  readonly started: string;
  readonly terminal: string;
  readonly time: string;
  readonly command: string;
}

const two = (n: number) => String(Math.floor(n)).padStart(2, "0");

/** HH:MM:SS */
function cpuTime(seconds: number): string {
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** tty_nr of /proc/PID/stat: "?", "pts/3", "tty1". */
function terminalName(number: number): string {
  if (number === 0) return "?";
  const major = Math.floor(number / 256) % 4096;
  const minor = (number % 256) + Math.floor(number / 2 ** 20) * 256;
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  return major === 4 ? `tty${minor}` : `${major}:${minor}`;
}

/** The time of day for a start today, the day for any other; UTC, as everywhere in vz. */
function startedAt(ms: number, now: number): string {
  const text = new Date(ms).toISOString();
  return text.slice(0, 10) === new Date(now).toISOString().slice(0, 10)
    ? text.slice(11, 16)
    : text.slice(5, 10);
}

function rowOf(pid: number, names: ReadonlyMap<string, string>, boot: number, now: number): Row | null {
  const stat = parseProcStat(readTextIfAny(`/proc/${pid}/stat`) ?? "");
  const status = readTextIfAny(`/proc/${pid}/status`);
  if (stat === null || status === null) return null;
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1] ?? "?";
  const words = readTextIfAny(`/proc/${pid}/cmdline`)?.split("\0").slice(0, -1) ?? [];
  const seconds = (stat.user + stat.kernel) / TICKS;
  const start = boot + (stat.starttime * 1000) / TICKS;
  const lived = Math.max(1, (now - start) / 1000);
  return {
    uid: names.get(uid) ?? uid,
    pid,
    parent: stat.parent,
    use: Math.min(99, Math.floor((seconds / lived) * 100)),
    started: startedAt(start, now),
    terminal: terminalName(stat.terminal),
    time: cpuTime(seconds),
    command: words.length > 0 ? words.join(" ") : `[${stat.name}]`,
  };
}

/** A header, and a line for each process that is still there. */
export function processTable(pids: readonly number[]): string {
  const names = new Map(
    (readTextIfAny("/etc/passwd") ?? "").split("\n").map((line) => {
      const [name = "", , uid = ""] = line.split(":");
      return [uid, name] as const;
    }),
  );
  const boot = Number(/^btime (\d+)/m.exec(readTextIfAny("/proc/stat") ?? "")?.[1] ?? 0) * 1000;
  const now = Date.now();
  const lines = ["UID          PID    PPID  C STIME TTY          TIME CMD"];
  for (const pid of pids) {
    const row = rowOf(pid, names, boot, now);
    if (row === null) continue;
    const { uid, parent, use, started, terminal, time, command } = row;
    lines.push(
      `${uid.padEnd(8)} ${String(pid).padStart(7)} ${String(parent).padStart(7)} ${String(use).padStart(2)} ${started} ${terminal.padEnd(8)} ${time} ${command}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
