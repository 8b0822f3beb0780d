/**
 * What a program of one bundle finds in globalThis. The other globals are put in by the bundler, where they are named
 * (scripts/build/inject-globals.js).
 */
import { process } from "./internal/process.ts";

for (const [name, value] of [
  ["global", globalThis],
  ["process", process],
] as const) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
