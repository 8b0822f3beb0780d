/** The container's terminal (`process.terminal`): made in its own devpts, so that it has a name inside. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { failed, isMountRefused } from "../../system/failure.ts";
import { pathOf } from "../../system/files.ts";
import { MS } from "../../system/linux.ts";
import { within } from "../mounts/inside.ts";
import type { Shortfalls } from "../shortfalls.ts";

const { O_RDWR, O_NOCTTY } = sys.constants;

export interface TerminalOptions {
  /** Unix socket that takes the master. */
  readonly socket: number;
  readonly size: { readonly height: number; readonly width: number } | undefined;
  /** Owner of the terminal. */
  readonly uid: number;
  /** Whether it becomes /dev/console too. */
  readonly console: boolean;
}

interface Pair {
  readonly master: number;
  readonly slave: number;
  /** Path of the slave inside. */
  readonly name: string;
}

/** In the container's own devpts; where it has none, in the machine's. */
function openPair(root: number): Pair {
  const own = within(root, "/dev/pts/ptmx", "nothing", (place) => sys.openTerminal(place));
  if (own !== null) {
    const name = `/dev/pts/${own.number}`;
    const slave = within(root, name, "nothing", (place) => sys.open(place, O_RDWR | O_NOCTTY));
    if (slave !== null) return { master: own.master, slave, name };
    sys.close(own.master);
  }
  const { master, number } = sys.openTerminal("/dev/ptmx");
  const name = `/dev/pts/${number}`;
  return { master, slave: sys.open(name, O_RDWR | O_NOCTTY), name };
}

/** Makes the terminal and sends its master to whoever waits for it. @returns the slave's descriptor */
export function openTerminal(
  root: number,
  { socket, size, uid, console }: TerminalOptions,
  short: Shortfalls,
): number {
  try {
    const { master, slave, name } = openPair(root);
    if (size !== undefined) sys.setWindowSize(master, size.width, size.height);
    try {
      sys.fchown(slave, uid, Number(sys.fstat(slave).gid));
    } catch (error) {
      // the user namespace of the devpts does not map this id: the terminal works all the same
      if (!hasCode(error, "EINVAL", "EPERM")) throw error;
    }
    try {
      if (console)
        within(root, "/dev/console", "file", (place) => sys.mount(pathOf(slave), place, null, MS.BIND, null));
    } catch (error) {
      if (!isMountRefused(error) && !hasCode(error, "EINVAL")) throw error;
      short.add("/dev/console", reason(error));
    }
    sys.sendFds(socket, [master], sys.fsEncode(name));
    sys.close(master);
    return slave;
  } catch (error) {
    throw failed("process.terminal", error);
  }
}

/** Makes `slave` the controlling terminal, and standard input, output and error; after setsid(2). */
export function attachTerminal(slave: number): void {
  sys.setControllingTty(slave);
  for (const fd of [0, 1, 2]) sys.dup2(slave, fd);
  if (slave > 2) sys.close(slave);
}
