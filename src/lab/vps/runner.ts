/** What the runners of namespaces and of machines have in common: the link's and the console's life. */
import { appendFileSync, existsSync, rmSync, statSync } from "node:fs";
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";
import { portName } from "../host/network.ts";
import { tool } from "../host/tool.ts";

/** Removes the link if it is there: it outlives init by a moment, and longer where a connection lingers. */
export function dropPort(octet: number, i: number): void {
  const port = portName(octet, i);
  if (!existsSync(`/sys/class/net/${port}`)) return;
  try {
    tool("ip", ["link", "del", port]);
  } catch (error) {
    if (existsSync(`/sys/class/net/${port}`)) throw error;
  }
}

/** Bytes after which the console's file starts afresh. */
const CONSOLE_LIMIT = 1 << 20;

export interface Console {
  /** Name of the terminal that the VPS has. */
  readonly name: string;
  close(): void;
}

/** A terminal whose output is appended to a file: one that nobody reads would fill up and stop its writers. */
export function openConsole(path: string): Console {
  const { master, name } = sys.openpty();
  // Held open here too: without any user a terminal reads as an error, and init comes and goes.
  const held = sys.open(name, sys.constants.O_RDWR | sys.constants.O_NOCTTY);
  const chunk = new Uint8Array(4096);
  sys.watch(master, "r", () => {
    let length = 0;
    try {
      length = sys.read(master, chunk, 0, chunk.length);
    } catch (error) {
      if (!hasCode(error, "EAGAIN")) throw error;
    }
    if (existsSync(path) && statSync(path).size > CONSOLE_LIMIT) rmSync(path, { force: true });
    appendFileSync(path, chunk.subarray(0, length));
  });
  return {
    name,
    close() {
      sys.unwatch(master, "r");
      sys.close(master);
      sys.close(held);
    },
  };
}
