/** process.stdin: put by the bundler where a program names it. Reading begins when somebody wants to read. */
import * as sys from "vz:sys";
import { FdReadable } from "./fd-stream.ts";

function makeStdin(): FdReadable {
  const stream = new FdReadable({ open: () => 0, autoClose: false, eager: false });
  return Object.assign(stream, { isTTY: sys.isatty(0) || undefined });
}

export const stdin = /* @__PURE__ */ makeStdin();
