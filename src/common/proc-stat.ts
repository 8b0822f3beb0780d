/** /proc/PID/stat: a line about a process (proc(5)). */

export interface ProcStat {
  readonly pid: number;
  /** Name of the program's file, cut to 15 bytes; may hold any characters. */
  readonly name: string;
  /** R, S, D …; Z or X for one that has ended. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** Device number of its terminal, 0 without one. */
  readonly terminal: number;
  /** The terminal's foreground process group. */
  readonly foreground: number;
  /** Clock ticks in the program and in the kernel, and those of children that it waited for. */
  readonly user: number;
  readonly kernel: number;
  readonly childrenUser: number;
  readonly childrenKernel: number;
  /** Clock ticks between boot and its start: with the pid and the boot it names one process for all time. */
  readonly starttime: number;
  /** Resident pages. */
  readonly rss: number;
}

/** @param text a line of that form @returns null for any other text */
export function parseProcStat(text: string): ProcStat | null {
  // the name, in parentheses, may hold spaces and parentheses
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  /** By its number in proc(5); the state is field 3. */
  const field = (number: number) => Number(fields[number - 3]);
  const stat = {
    pid: Number(text.slice(0, Math.max(0, open))),
    name: text.slice(open + 1, close),
    state: fields[0] ?? "",
    parent: field(4),
    group: field(5),
    terminal: field(7),
    foreground: field(8),
    user: field(14),
    kernel: field(15),
    childrenUser: field(16),
    childrenKernel: field(17),
    starttime: field(22),
    rss: field(24),
  };
  return Number.isInteger(stat.pid) && Number.isInteger(stat.rss) ? stat : null;
}

/** Whether the process has ended: a zombie only waits for its parent. */
export function hasEnded({ state }: ProcStat): boolean {
  return state === "Z" || state === "X";
}
