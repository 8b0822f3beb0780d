/** `node:timers`: the globals by name. */
export {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} from "./internal/timers.ts";
