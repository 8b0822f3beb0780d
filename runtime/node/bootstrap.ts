/**
 * What a program finds in globalThis. Goes into the first bundle and no other, and is read at every start of vz: only what
 * all bundles must share is here. The other globals are put in by the bundler, where they are named
 * (scripts/build/inject-globals.js).
 */
import { Process } from "./internal/process-object.ts";

for (const [name, value] of [
  ["global", globalThis],
  ["process", new Process()],
] as const) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
