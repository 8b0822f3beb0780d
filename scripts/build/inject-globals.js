// What a program may name without importing it comes from here, all but `process`: a bundle that does not name it does not
// read it. At the start of a container nothing of this is read.
export { Buffer } from "node:buffer";
// So that stream code is loaded only where somebody reads standard input.
export { stdin as "process.stdin" } from "node:process";
export { console } from "../../runtime/node/internal/console.ts";
export { TextDecoder, TextEncoder } from "../../runtime/node/internal/text.ts";
export {
  clearImmediate,
  clearInterval,
  clearTimeout,
  queueMicrotask,
  setImmediate,
  setInterval,
  setTimeout,
} from "../../runtime/node/internal/timers.ts";
