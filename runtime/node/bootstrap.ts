/**
 * What a program finds in globalThis. Goes into the first bundle and no other, and is read at every start of vz: nothing is
 * made here before it is asked for.
 */
import { console } from "./internal/console.ts";
import { Process } from "./internal/process-object.ts";
import { TextDecoder, TextEncoder } from "./internal/text.ts";
import * as timers from "./internal/timers.ts";

const process = new Process();
const globals = {
  global: globalThis,
  process,
  console,
  TextDecoder,
  TextEncoder,
  setTimeout: timers.setTimeout,
  setInterval: timers.setInterval,
  setImmediate: timers.setImmediate,
  clearTimeout: timers.clearTimeout,
  clearInterval: timers.clearTimeout,
  clearImmediate: timers.clearImmediate,
  queueMicrotask: timers.queueMicrotask,
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
