import { Duplex, finished, PassThrough, pipeline, Readable, Transform, Writable } from "node:stream";
import { finished as finishedPromise, pipeline as pipelinePromise } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { check, thrown } from "./harness.ts";

type Done = (error?: Error | null) => void;

async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

/** Writes down the events of a stream; data as text. */
function record(stream: NodeJS.EventEmitter, names: string[], log: unknown[] = []): unknown[] {
  for (const name of names)
    stream.on(name, (...args) =>
      log.push([name, ...args.map((one) => (one instanceof Uint8Array ? String(one) : one))]),
    );
  return log;
}

function sink(log: string[], delay = false): Writable {
  return new Writable({
    write(chunk, encoding, done: Done) {
      log.push(`${encoding}:${chunk}`);
      if (delay) setImmediate(done);
      else done();
    },
    final(done: Done) {
      log.push("final");
      done();
    },
  });
}

/** Orders what record() wrote down by the name of the event: which comes first is not the same. */
function byName(a: unknown, b: unknown): number {
  return String((a as unknown[])[0]) < String((b as unknown[])[0]) ? -1 : 1;
}

check("stream: read() that pushes, then ends", async () => {
  const parts = ["a", "b", Buffer.from("c")];
  const stream = new Readable({
    read() {
      this.push(parts.shift() ?? null);
    },
  });
  const log = record(stream, ["data", "end", "close"]);
  await sleep(20);
  return log;
});
check("stream: read() that pushes later", async () => {
  let count = 0;
  const stream = new Readable({
    read() {
      setTimeout(() => this.push(count++ < 3 ? `part ${count}` : null), 2);
    },
  });
  return [(await all(stream)).map(String), count];
});
check("stream: pushed from outside", async () => {
  const stream = new Readable({ read() {} });
  stream.push("one");
  setTimeout(() => {
    stream.push("two");
    stream.push(null);
  }, 5);
  return (await all(stream)).map(String);
});
check("stream: setEncoding with characters cut in two, and one that never ends", async () => {
  const stream = new Readable({ read() {} });
  stream.setEncoding("utf8");
  for (const part of [[0x67, 0xc3], [0xbc, 0xe6, 0x97], [0xa5], [0xf0, 0x9f]]) stream.push(Buffer.from(part));
  stream.push(null);
  return (await all(stream)).join("");
});
check("stream: encodings as options", async () => [
  (
    await all(
      new Readable({
        encoding: "hex",
        read() {
          this.push(Buffer.from([1, 255]));
          this.push(null);
        },
      }),
    )
  ).join(""),
  await all(Readable.from(["a", "b"])),
]);
check("stream: Readable.from", async () => [
  await all(Readable.from([1, "two", { three: 3 }])),
  await all(Readable.from("text")),
  await all(Readable.from(Buffer.from("bytes"))),
  await all(Readable.from(new Set(["s", "t"]))),
  await all(
    Readable.from(
      (function* () {
        yield "g";
        yield "h";
      })(),
    ),
  ),
  await all(
    Readable.from(
      (async function* () {
        yield "a";
        await sleep(1);
        yield "b";
      })(),
    ),
  ),
  await all(Readable.from([])),
  thrown(() => Readable.from(5 as never)),
]);
check("stream: an iterable that throws", async () => {
  const stream = Readable.from(
    (async function* () {
      yield "a";
      throw new RangeError("broken");
    })(),
  );
  const got: unknown[] = [];
  try {
    for await (const part of stream) got.push(part);
  } catch (error) {
    got.push(error);
  }
  return [got, stream.destroyed];
});
check("stream: leaving the loop destroys the stream and the generator", async () => {
  const log: string[] = [];
  const stream = Readable.from(
    (async function* () {
      try {
        for (let i = 0; ; i++) yield `item ${i}`;
      } finally {
        log.push("generator left");
      }
    })(),
  );
  for await (const part of stream) {
    log.push(String(part));
    if (log.length === 2) break;
  }
  await sleep(5);
  return [log, stream.destroyed];
});
check("stream: destroy with an error", async () => {
  const order: string[] = [];
  const stream = new Readable({
    read() {},
    destroy(error, done) {
      order.push(`destroy ${error?.message}`);
      done(error);
    },
  });
  const log = record(stream, ["error", "close", "end"]);
  const same = stream.destroy(new Error("mine")) === stream;
  const at = stream.destroyed;
  stream.destroy(new Error("second"));
  await sleep(10);
  return [same, at, order, log];
});
check("stream: destroy without an error", async () => {
  const stream = new Readable({ read() {}, destroy: (error, done) => done(error) });
  const log = record(stream, ["error", "close", "end"]);
  stream.destroy();
  await sleep(10);
  return [log, stream.destroyed];
});
check("stream: an error from read", async () => {
  const stream = new Readable({
    read() {
      throw new Error("read failed");
    },
  });
  const log = record(stream, ["error", "close", "end"]);
  stream.resume();
  await sleep(10);
  return log;
});
check("stream: pause and resume", async () => {
  const stream = Readable.from(["1", "2", "3"]);
  const log: string[] = [];
  stream.on("data", (part) => {
    log.push(part);
    stream.pause();
    setTimeout(() => {
      log.push("resume");
      stream.resume();
    }, 3);
  });
  await new Promise((resolve) => stream.on("close", resolve));
  return log;
});

check("stream: writes come in order, then final and finish", async () => {
  const log: string[] = [];
  const stream = sink(log, true);
  const events = record(stream, ["finish", "close", "error"]);
  stream.write("text");
  stream.write(Buffer.from("bytes"));
  stream.write("6869", "hex");
  stream.write(new Uint8Array([33]));
  stream.end("last");
  const ended = [stream.writableEnded, stream.writableFinished];
  await sleep(20);
  return [log, events, ended, stream.writableFinished, stream.destroyed];
});
check("stream: write calls back in order, and end", async () => {
  const log: string[] = [];
  const stream = sink(log, true);
  stream.write("a", (error) => log.push(`written a ${error ?? ""}`));
  stream.write("b", "utf8", (error) => log.push(`written b ${error ?? ""}`));
  stream.end("c", () => log.push("ended"));
  await sleep(20);
  return log.filter((one) => !one.startsWith("buffer"));
});
check("stream: backpressure and drain", async () => {
  const pending: Done[] = [];
  const stream = new Writable({ highWaterMark: 10, write: (_chunk, _encoding, done) => pending.push(done) });
  const more = [stream.write("12345"), stream.write("67890"), stream.write("x")];
  let drained = 0;
  stream.on("drain", () => drained++);
  await sleep(2);
  const before = drained;
  while (pending.length > 0) {
    pending.shift()?.();
    await sleep(1);
  }
  return [more, before, drained, stream.write("y")];
});
check("stream: strings stay strings with decodeStrings false; objects with objectMode", async () => {
  const log: unknown[] = [];
  const strings = new Writable({
    decodeStrings: false,
    write: (chunk, encoding, done) => {
      log.push([chunk, encoding]);
      done();
    },
  });
  strings.end("text");
  const objects = new Writable({
    objectMode: true,
    write: (chunk, _encoding, done) => {
      log.push(chunk);
      done();
    },
  });
  objects.write({ a: 1 });
  objects.write("s");
  objects.end(5);
  await sleep(5);
  return log;
});
check("stream: an error from write", async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error("no space")) });
  const log = record(stream, ["error", "close", "finish"]);
  stream.write("x", (error) => log.push(["callback", error]));
  await sleep(10);
  return log.sort(byName);
});
check("stream: write after end", async () => {
  const stream = sink([]);
  const log = record(stream, ["error"]);
  stream.end();
  stream.write("late", (error) => log.push(["callback", error]));
  await sleep(10);
  return log.sort(byName);
});
check("stream: what cannot be written", () => [
  thrown(() => sink([]).write(null as never)),
  thrown(() => sink([]).write(5 as never)),
  thrown(() => sink([]).write({} as never)),
]);
check("stream: an error from final", async () => {
  const stream = new Writable({
    write: (_c, _e, done) => done(),
    final: (done) => done(new Error("not final")),
  });
  const log = record(stream, ["error", "finish", "close"]);
  stream.end("x");
  await sleep(10);
  return log;
});
check("stream: subclasses with methods of their own", async () => {
  const log: string[] = [];
  class Source extends Readable {
    #left = 3;
    override _read(size: number): void {
      this.push(this.#left-- > 0 ? `${typeof size} ` : null);
    }
  }
  class Sink extends Writable {
    override _write(chunk: Buffer, encoding: string, done: Done): void {
      log.push(`${chunk}${encoding}`);
      done();
    }
    override _final(done: Done): void {
      log.push("final");
      done();
    }
  }
  class Upper extends Transform {
    override _transform(
      chunk: Buffer,
      _encoding: string,
      done: (error?: Error | null, data?: unknown) => void,
    ): void {
      done(null, String(chunk).toUpperCase());
    }
    override _flush(done: (error?: Error | null, data?: unknown) => void): void {
      done(null, "end");
    }
  }
  await pipelinePromise(new Source(), new Upper(), new Sink());
  return log;
});

check("stream: transform", async () => {
  const stream = new Transform({
    transform(chunk, _encoding, done) {
      if (String(chunk) === "skip") return done();
      this.push(`<${chunk}`);
      done(null, ">");
    },
    flush(done) {
      done(null, "!");
    },
  });
  for (const part of ["a", "skip", "b"]) stream.write(part);
  stream.end();
  return (await all(stream)).map(String).join("");
});
check("stream: transform with an error", async () => {
  const stream = new Transform({ transform: (_chunk, _encoding, done) => done(new Error("bad chunk")) });
  const log = record(stream, ["error", "close", "end", "finish"]);
  stream.end("x");
  stream.resume();
  await sleep(10);
  return log;
});
check("stream: transform of objects", async () => {
  const stream = new Transform({
    objectMode: true,
    transform: (item, _encoding, done) => done(null, { got: item }),
  });
  stream.write(1);
  stream.write("s");
  stream.end({ a: 1 });
  return all(stream);
});
check("stream: passthrough, and much through little", async () => {
  const stream = new PassThrough({ highWaterMark: 64 });
  const data = Buffer.alloc(100_000, "abc");
  const reading = all(stream);
  for (let at = 0; at < data.length; at += 1000) stream.write(data.subarray(at, at + 1000));
  stream.end();
  return Buffer.concat((await reading) as Buffer[]).equals(data);
});
check("stream: duplex", async () => {
  const log: string[] = [];
  const stream = new Duplex({
    read() {
      this.push("out");
      this.push(null);
    },
    write(chunk, _encoding, done) {
      log.push(String(chunk));
      done();
    },
  });
  const events = record(stream, ["end", "finish", "close"]);
  stream.end("in");
  const out = (await all(stream)).map(String);
  await sleep(5);
  return [out, log, events.map((one) => (one as unknown[])[0]).sort()];
});

check("pipeline: all goes well", async () => {
  const log: string[] = [];
  const result = await new Promise((resolve) => {
    pipeline(Readable.from(["a", "b"]), new PassThrough(), sink(log, true), (error) => resolve(error));
  });
  return [result, log];
});
check("pipeline: from an iterable", async () => {
  const log: string[] = [];
  await pipelinePromise(["x", "y"], sink(log));
  await pipelinePromise(
    (async function* () {
      yield "z";
    })(),
    sink(log),
  );
  return log;
});
check("pipeline: an error at each place ends all", async () => {
  const outcomes: unknown[] = [];
  const bad = () => new Transform({ transform: (_chunk, _encoding, done) => done(new Error("middle")) });
  const first = () =>
    Readable.from(
      (async function* () {
        yield "a";
        throw new Error("first");
      })(),
    );
  const last = () => new Writable({ write: (_chunk, _encoding, done) => done(new Error("last")) });
  for (const streams of [
    [first(), new PassThrough(), sink([])],
    [Readable.from(["a"]), bad(), sink([])],
    [Readable.from(["a"]), new PassThrough(), last()],
  ] as const) {
    const error = await pipelinePromise([...streams] as never).catch((reason: Error) => reason);
    await sleep(5);
    outcomes.push([error, streams.map((stream) => stream.destroyed)]);
  }
  return outcomes;
});
check("pipeline: a sink that is destroyed early", async () => {
  const target = sink([]);
  const running = pipelinePromise(Readable.from(["a", "b"]), target).catch(
    (error: Error & { code?: string }) => error.code,
  );
  target.destroy();
  return running;
});
check("pipeline: into standard output", async () => {
  await pipelinePromise(Readable.from([""]), new PassThrough(), process.stdout, {
    end: false,
  } as never).catch(() => {});
  return "still printing";
});
check("pipe: data and end go through", async () => {
  const log: string[] = [];
  const target = sink(log, true);
  const gave = Readable.from(["a", "b"]).pipe(target) === target;
  await new Promise((resolve) => target.on("close", resolve));
  return [gave, log];
});
check("finished: ended, failed, destroyed", async () => {
  const run = (stream: Readable | Writable, act: () => void) =>
    new Promise((resolve) => {
      finished(stream, (error) => resolve(error ?? "well"));
      act();
    });
  const readable = Readable.from(["a"]);
  const failing = new Readable({ read() {} });
  const early = new Readable({ read() {} });
  const writable = sink([]);
  return [
    await run(readable, () => readable.resume()),
    await run(failing, () => failing.destroy(new Error("failed"))),
    await run(early, () => early.destroy()),
    await run(writable, () => writable.end("x")),
    await finishedPromise(Readable.from(["a"]).resume()),
  ];
});
