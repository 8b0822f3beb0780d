/** setTimeout and its kin over the base's timers. */
import * as sys from "vz:sys";
import { checkFunction } from "./errors.ts";

type Callback = (...args: unknown[]) => unknown;
const LONGEST = 2 ** 31 - 1;

/** Node's rule: what is not between 1 ms and 2^31-1 ms is 1 ms. */
function duration(ms: unknown): number {
  const number = Number(ms);
  return number >= 1 && number <= LONGEST ? Math.trunc(number) : 1;
}

/** What setTimeout and setInterval give. */
export class Timeout {
  readonly #run: () => void;
  readonly #ms: number;
  readonly #repeat: boolean;
  #id = 0;
  #active = true;
  #referenced = true;

  constructor(callback: Callback, ms: unknown, repeat: boolean, args: unknown[]) {
    checkFunction("callback", callback);
    this.#ms = duration(ms);
    this.#repeat = repeat;
    this.#run = () => {
      this.#active = repeat;
      callback(...args);
    };
    this.#start();
  }

  #start(): void {
    this.#active = true;
    this.#id = sys.setTimer(this.#run, this.#ms, this.#repeat);
    if (!this.#referenced) sys.refTimer(this.#id, false);
  }

  close(): this {
    this.#active = false;
    sys.clearTimer(this.#id);
    return this;
  }

  /** Starts the time anew. */
  refresh(): this {
    if (this.#active) {
      sys.clearTimer(this.#id);
      this.#start();
    }
    return this;
  }

  ref(): this {
    this.#referenced = true;
    sys.refTimer(this.#id, true);
    return this;
  }

  unref(): this {
    this.#referenced = false;
    sys.refTimer(this.#id, false);
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }
}

/** What setImmediate gives. */
export class Immediate {
  readonly #id: number;
  #referenced = true;

  constructor(callback: Callback, args: unknown[]) {
    checkFunction("callback", callback);
    // A timeout is 1 ms at least, so that what is due at once comes before it.
    this.#id = sys.setTimer(() => callback(...args), 0, false);
  }

  close(): void {
    sys.clearTimer(this.#id);
  }

  ref(): this {
    this.#referenced = true;
    sys.refTimer(this.#id, true);
    return this;
  }

  unref(): this {
    this.#referenced = false;
    sys.refTimer(this.#id, false);
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }
}

export function setTimeout(callback: Callback, ms?: number, ...args: unknown[]): Timeout {
  return new Timeout(callback, ms, false, args);
}

export function setInterval(callback: Callback, ms?: number, ...args: unknown[]): Timeout {
  return new Timeout(callback, ms, true, args);
}

export function setImmediate(callback: Callback, ...args: unknown[]): Immediate {
  return new Immediate(callback, args);
}

/** Also takes the number that a Timeout turns into; anything else is no timer and is let be, as Node does. */
export function clearTimeout(timer: unknown): void {
  if (timer instanceof Timeout) timer.close();
  else if (typeof timer === "number" || typeof timer === "string") sys.clearTimer(Number(timer) || 0);
}

export const clearInterval = clearTimeout;

export function clearImmediate(timer: unknown): void {
  if (timer instanceof Immediate) timer.close();
}

const resolved = Promise.resolve();

export function queueMicrotask(callback: () => unknown): void {
  checkFunction("callback", callback);
  resolved.then(() => {
    try {
      callback();
    } catch (error) {
      // An exception of its own, not the rejection of a promise that nobody knows.
      sys.nextTick(() => {
        throw error;
      });
    }
  });
}
