/** `node:events`: the emitter that everything else stands on. Names and order of events are Node's. */
import { checkFunction, codedError, notOffered } from "./internal/errors.ts";

type EventName = string | symbol;
type Listener = (...args: never[]) => unknown;
interface Entry {
  /** What is called. */
  run: (...args: unknown[]) => unknown;
  /** What was given to on() or once(). */
  listener: unknown;
}

/** Kept beside the object, so that a class that never called the constructor works as well. */
const kEvents = Symbol("events");

interface Holder {
  [kEvents]?: Map<EventName, readonly Entry[]>;
}

function eventsOf(emitter: Holder): Map<EventName, readonly Entry[]> {
  if (!Object.hasOwn(emitter, kEvents)) {
    Object.defineProperty(emitter, kEvents, { value: new Map(), configurable: true });
  }
  return emitter[kEvents] ?? new Map();
}

function add(
  emitter: EventEmitter,
  name: EventName,
  listener: Listener,
  single: boolean,
  first: boolean,
): void {
  checkFunction("listener", listener);
  const events = eventsOf(emitter);
  if (events.has("newListener")) emitter.emit("newListener", name, listener);
  const entry: Entry = { run: listener as Entry["run"], listener };
  if (single) {
    entry.run = (...args) => {
      remove(emitter, name, (one) => one === entry);
      return (listener as Entry["run"]).apply(emitter, args);
    };
  }
  const before = events.get(name) ?? [];
  events.set(name, first ? [entry, ...before] : [...before, entry]);
}

/** Removes the last entry that matches. The list is replaced: an emit under way goes on with the old one. */
function remove(emitter: EventEmitter, name: EventName, matches: (entry: Entry) => boolean): void {
  const events = eventsOf(emitter);
  const entries = events.get(name) ?? [];
  const at = entries.findLastIndex(matches);
  const entry = entries[at];
  if (entry === undefined) return;
  if (entries.length === 1) events.delete(name);
  else events.set(name, entries.toSpliced(at, 1));
  if (events.has("removeListener")) emitter.emit("removeListener", name, entry.listener);
}

export class EventEmitter {
  declare [kEvents]?: Map<EventName, readonly Entry[]>;

  static EventEmitter = EventEmitter;
  static once = once;
  static defaultMaxListeners = 10;

  on(name: EventName, listener: Listener): this {
    add(this, name, listener, false, false);
    return this;
  }

  once(name: EventName, listener: Listener): this {
    add(this, name, listener, true, false);
    return this;
  }

  prependListener(name: EventName, listener: Listener): this {
    add(this, name, listener, false, true);
    return this;
  }

  prependOnceListener(name: EventName, listener: Listener): this {
    add(this, name, listener, true, true);
    return this;
  }

  addListener(name: EventName, listener: Listener): this {
    return this.on(name, listener);
  }

  off(name: EventName, listener: Listener): this {
    checkFunction("listener", listener);
    remove(this, name, (entry) => entry.listener === listener);
    return this;
  }

  removeListener(name: EventName, listener: Listener): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: EventName): this {
    const names = name === undefined ? this.eventNames().filter((one) => one !== "removeListener") : [name];
    for (const one of names) {
      while (this.listenerCount(one) > 0) remove(this, one, () => true);
    }
    if (name === undefined) eventsOf(this).clear();
    return this;
  }

  emit(name: EventName, ...args: unknown[]): boolean {
    const entries = eventsOf(this).get(name);
    if (entries === undefined) {
      if (name === "error") throw unhandledError(args[0]);
      return false;
    }
    for (const { run } of entries) run.apply(this, args);
    return true;
  }

  listenerCount(name: EventName): number {
    return eventsOf(this).get(name)?.length ?? 0;
  }

  listeners(name: EventName): unknown[] {
    return (eventsOf(this).get(name) ?? []).map((entry) => entry.listener);
  }

  eventNames(): EventName[] {
    return [...eventsOf(this).keys()];
  }

  /** Nothing is counted here, so there is no limit to set. */
  setMaxListeners(_count: number): this {
    return this;
  }
}

function unhandledError(error: unknown): unknown {
  if (error instanceof Error) return error;
  const message = `Unhandled error. (${typeof error === "string" ? `'${error}'` : String(error)})`;
  return Object.assign(codedError(Error, "ERR_UNHANDLED_ERROR", message), { context: error });
}

/** Resolves with the arguments of the next event `name`; rejects with those of an "error" that comes before it. */
export function once(emitter: EventEmitter, name: EventName, options?: object): Promise<unknown[]> {
  if (Object.keys(options ?? {}).length > 0) throw notOffered("events.once: options");
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => {
      emitter.off(name, done);
      reject(error);
    };
    const done = (...args: unknown[]) => {
      emitter.off("error", failed);
      resolve(args);
    };
    emitter.once(name, done);
    if (name !== "error") emitter.once("error", failed);
  });
}

export const defaultMaxListeners = 10;
export default EventEmitter;
