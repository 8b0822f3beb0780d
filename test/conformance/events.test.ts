import EventEmitter, { once } from "node:events";
import { check, thrown } from "./harness.ts";

function recorder(): {
  emitter: EventEmitter;
  log: unknown[];
  note: (tag: string) => (...args: unknown[]) => void;
} {
  const log: unknown[] = [];
  return {
    emitter: new EventEmitter(),
    log,
    note:
      (tag) =>
      (...args) =>
        log.push([tag, ...args]),
  };
}

check("events: order, arguments and this", () => {
  const { emitter, log, note } = recorder();
  emitter.on("x", note("1")).prependListener("x", note("0")).addListener("x", note("2"));
  emitter.on("x", function (this: unknown) {
    log.push(this === emitter);
  });
  return [emitter.emit("x", "a", 5), emitter.emit("y"), log];
});
check("events: once runs once", () => {
  const { emitter, log, note } = recorder();
  emitter.once("x", note("once")).prependOnceListener("x", note("first"));
  emitter.emit("x");
  emitter.emit("x");
  return [log, emitter.listenerCount("x")];
});
check("events: off takes the last of the same", () => {
  const { emitter, log, note } = recorder();
  const same = note("same");
  emitter.on("x", same).on("x", note("other")).on("x", same);
  emitter.off("x", same);
  emitter.emit("x");
  emitter.removeListener("x", same).removeListener("x", same);
  emitter.emit("x");
  return log;
});
check("events: off of a once listener by what was given", () => {
  const { emitter, log, note } = recorder();
  const same = note("same");
  emitter.once("x", same);
  emitter.off("x", same);
  return [emitter.emit("x"), log];
});
check("events: a listener that removes and adds during emit", () => {
  const { emitter, log, note } = recorder();
  const second = note("second");
  emitter.on("x", () => {
    log.push("first");
    emitter.off("x", second);
    emitter.on("x", note("third"));
  });
  emitter.on("x", second);
  emitter.emit("x");
  log.push("again");
  emitter.emit("x");
  return log;
});
check("events: newListener and removeListener", () => {
  const { emitter, log, note } = recorder();
  emitter.on("newListener", (name: string) => log.push(["new", name, emitter.listenerCount(name)]));
  emitter.on("removeListener", (name: string) => log.push(["remove", name, emitter.listenerCount(name)]));
  const x = note("x");
  emitter.on("x", x);
  emitter.once("x", x);
  emitter.emit("x");
  emitter.off("x", x);
  return log;
});
check("events: error without a listener", () => [
  thrown(() => new EventEmitter().emit("error", new RangeError("boom"))),
  thrown(() => new EventEmitter().emit("error", "text")),
  new EventEmitter().on("error", () => {}).emit("error", 1),
]);
check("events: names, listeners, removeAllListeners", () => {
  const { emitter, note } = recorder();
  const symbol = Symbol("s");
  const a = note("a");
  emitter.on("a", a).once("b", a).on(symbol, a);
  const before = [
    emitter.eventNames().map(String),
    emitter.listeners("b")[0] === a,
    emitter.listenerCount("b"),
  ];
  emitter.removeAllListeners("a");
  const between = emitter.eventNames().map(String);
  emitter.removeAllListeners();
  return [before, between, emitter.eventNames(), emitter.setMaxListeners(20) === emitter];
});
check("events: a listener must be a function", () => [
  thrown(() => new EventEmitter().on("x", undefined as never)),
  thrown(() => new EventEmitter().once("x", "f" as never)),
  thrown(() => new EventEmitter().off("x", {} as never)),
]);
check("events: once as a promise", async () => {
  const { emitter } = recorder();
  const wait = once(emitter, "x");
  emitter.emit("x", 1, 2);
  const failing = once(emitter, "y").catch((error: Error) => error);
  emitter.emit("error", new Error("no y"));
  const error = once(emitter, "error");
  emitter.emit("error", "itself");
  return [await wait, await failing, await error, emitter.eventNames()];
});
check("events: subclasses, and prototypes without a constructor call", () => {
  class Sub extends EventEmitter {}
  const log: unknown[] = [];
  const sub = new Sub().on("x", (value) => log.push(value));
  const bare = Object.create(EventEmitter.prototype) as EventEmitter;
  bare.on("x", (value) => log.push(value));
  sub.emit("x", 1);
  bare.emit("x", 2);
  return [
    log,
    sub instanceof EventEmitter,
    EventEmitter.EventEmitter === EventEmitter,
    Object.keys(bare).length < 5,
  ];
});
