/** `node:timers`: the globals by name. */
export const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } =
  globalThis;
