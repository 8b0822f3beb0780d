/** `node:timers/promises` */
import { checkOptions } from "../internal/errors.ts";
import * as timers from "../internal/timers.ts";

interface Options {
  ref?: boolean;
}

/** Resolves with `value` after `ms` milliseconds. */
export function setTimeout<T>(ms?: number, value?: T, options: Options = {}): Promise<T | undefined> {
  checkOptions("timers/promises setTimeout", options, ["ref"]);
  return new Promise((resolve) => {
    const timer = timers.setTimeout(() => resolve(value), ms);
    if (options.ref === false) timer.unref();
  });
}

/** Resolves with `value` once the events that are ready have been dealt with. */
export function setImmediate<T>(value?: T, options: Options = {}): Promise<T | undefined> {
  checkOptions("timers/promises setImmediate", options, ["ref"]);
  return new Promise((resolve) => {
    const immediate = timers.setImmediate(() => resolve(value));
    if (options.ref === false) immediate.unref();
  });
}
