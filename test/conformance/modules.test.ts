import { createHash, randomBytes, randomUUID } from "node:crypto";
import * as os from "node:os";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { format, inherits, inspect, promisify, types } from "node:util";
import * as zlib from "node:zlib";
import { check, thrown } from "./harness.ts";

check("crypto: sha256", () => [
  createHash("sha256").digest("hex"),
  createHash("sha256").update("abc").digest("hex"),
  createHash("SHA256").update("a").update(Buffer.from("bc")).digest(),
  createHash("sha256").update("grüße").digest("base64"),
  createHash("sha256").update("grüße", "latin1").digest("base64url"),
  createHash("sha256")
    .update(new Uint16Array([1, 2]))
    .digest("hex"),
  createHash("sha256").update(Buffer.alloc(3_000_000, "x")).digest("hex"),
]);
check("crypto: used up, unknown, not bytes", () => {
  const hash = createHash("sha256");
  hash.digest();
  return [
    thrown(() => hash.update("x")),
    thrown(() => hash.digest()),
    (thrown(() => createHash("nope")) as Error).message,
    (thrown(() => createHash("sha256").update(5 as never)) as { code: string }).code,
  ];
});
check("crypto: random", () => [
  randomBytes(5).length,
  Buffer.isBuffer(randomBytes(1)),
  randomBytes(16).equals(randomBytes(16)),
  /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(randomUUID()),
  new Set([randomUUID(), randomUUID()]).size,
]);

const DATA = [Buffer.alloc(0), Buffer.from("hello hello hello"), Buffer.alloc(300_000, "abcdefghij")];
check("zlib: there and back", () =>
  DATA.map((data) => [
    zlib.gunzipSync(zlib.gzipSync(data)).equals(data),
    zlib.inflateSync(zlib.deflateSync(data)).equals(data),
    zlib.inflateRawSync(zlib.deflateRawSync(data)).equals(data),
    zlib.unzipSync(zlib.gzipSync(data)).equals(data),
    zlib.unzipSync(zlib.deflateSync(data, { level: 0 })).equals(data),
  ]),
);
check("zlib: gzip's header is the same every time", () => zlib.gzipSync("x").subarray(0, 10));
check("zlib: reads what others packed", () => [
  zlib.gunzipSync(Buffer.from("H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==", "base64")),
  zlib.inflateSync(Buffer.from("789ccb48cdc9c95728cf2fca4901001a0b045d", "hex")),
]);
check("zlib: members one behind the other", () =>
  zlib.gunzipSync(Buffer.concat([zlib.gzipSync("one "), zlib.gzipSync("two")])).toString(),
);
check("zlib: what follows the last member", () => [
  thrown(() => zlib.gunzipSync(Buffer.concat([zlib.gzipSync("padded"), Buffer.alloc(600)])).toString()),
  thrown(() => zlib.gunzipSync(Buffer.concat([zlib.gzipSync("junk"), Buffer.from("garbage")])).toString()),
  thrown(() => zlib.inflateSync(Buffer.concat([zlib.deflateSync("more"), Buffer.from("rest")])).toString()),
]);
check("zlib: bad input", () => [
  thrown(() => zlib.gunzipSync("not packed")),
  thrown(() => zlib.gunzipSync(zlib.gzipSync("cut off").subarray(0, 20))),
  thrown(() => zlib.inflateSync(Buffer.from([1, 2, 3, 4]))),
  thrown(() => zlib.inflateSync(zlib.gzipSync("the other kind"))),
  thrown(() => zlib.gunzipSync(zlib.deflateSync("the other kind"))),
  thrown(() => zlib.gunzipSync(Buffer.alloc(0))),
  thrown(() => {
    const packed = zlib.gzipSync("checksum");
    packed[packed.length - 6] = (packed[packed.length - 6] ?? 0) ^ 1;
    return zlib.gunzipSync(packed);
  }),
  thrown(() => zlib.gunzipSync(zlib.gzipSync(Buffer.alloc(100_000)), { maxOutputLength: 1000 })),
  thrown(() => zlib.gzipSync("x", { level: 10 })),
  thrown(() => zlib.gunzipSync(5 as never)) instanceof TypeError,
]);
check("zlib: streams", async () => {
  const data = Buffer.alloc(500_000, "0123456789");
  const packed: Buffer[] = [];
  const gzip = zlib.createGzip();
  const piping = pipeline(Readable.from([data.subarray(0, 1000), data.subarray(1000)]), gzip);
  for await (const part of gzip) packed.push(part as Buffer);
  await piping;
  const gunzip = zlib.createGunzip();
  const whole = Buffer.concat(packed);
  for (let at = 0; at < whole.length; at += 100) gunzip.write(whole.subarray(at, at + 100));
  gunzip.end();
  const parts: Buffer[] = [];
  for await (const part of gunzip) parts.push(part as Buffer);
  return Buffer.concat(parts).equals(data);
});
check("zlib: a stream of bad bytes", async () => {
  const failure = (input: Buffer) =>
    new Promise((resolve) => {
      const gunzip = zlib.createGunzip();
      gunzip.on("error", resolve).on("end", () => resolve("end"));
      gunzip.resume();
      gunzip.end(input);
    });
  return [await failure(Buffer.from("garbage!")), await failure(zlib.gzipSync("cut").subarray(0, 12))];
});

check("os", () => [
  os.hostname().length > 0,
  os.type(),
  os.platform(),
  os.release() === os.release().trim(),
  os.EOL,
  os.endianness(),
  os.constants.signals.SIGTERM,
  os.constants.signals.SIGKILL,
  os.constants.signals.SIGCHLD,
  os.tmpdir() === process.env["TMPDIR"],
  os.homedir() === process.env["HOME"],
]);
check("os: tmpdir and homedir by the environment", () => {
  const { TMPDIR, HOME } = process.env;
  process.env["TMPDIR"] = "/some/where/";
  process.env["HOME"] = "/home/of mine";
  const given = [os.tmpdir(), os.homedir()];
  delete process.env["TMPDIR"];
  delete process.env["HOME"];
  const without = [os.tmpdir(), os.homedir()];
  process.env["TMPDIR"] = TMPDIR;
  process.env["HOME"] = HOME;
  return [given, without];
});

check("util: format", () => [
  format("%s %d %i %f %j %%", "text", "42.5", "42.9", "1.5", { a: [1] }),
  format("%s", null, undefined, 5n, Symbol("s")),
  format("plain", "more", 5, true),
  format(1, 2, "three"),
  format("%s and %s", "one"),
  format("%d %i", 5n, "x"),
  format("%s %s", -0, [1, [2, [3]]]),
  format("100%", "x"),
  format("%o", "text").length > 0,
  format("%c styled", "css"),
  format(),
  format("%x", 1),
]);
check("util: inspect", () => [
  inspect("it's"),
  inspect("both ' and \""),
  inspect("line\nbreak\ttab\u0001"),
  inspect(-0),
  inspect(12n),
  inspect(Symbol("x")),
  inspect([1, "a", null, undefined, true]),
  inspect([[], {}, [[]], { a: {} }]),
  inspect({ a: 1, "b c": "x", [Symbol("k")]: 2, nested: { deep: { deeper: { deepest: 1 } } } }),
  inspect(new Map([["k", { v: 1 }]])),
  inspect(new Set([1, "b"])),
  inspect(new Date(0)),
  inspect(/re/gi),
  inspect(Buffer.from("abc")),
  inspect(new Uint8Array([1, 2])),
  inspect(() => 1),
  inspect(function named() {}),
  inspect(class Klass {}),
  inspect(class Lower extends Map {}),
  inspect(Map),
  inspect(
    new (class Point {
      x = 1;
    })(),
  ),
  inspect(Object.create(null)),
  inspect({
    get g() {
      return 1;
    },
    set s(_v: number) {},
    f() {},
  }),
  inspect(Object.assign([1], { 2: 3 })),
  inspect({ a: 1, b: { c: 2 } }, { depth: 0 }),
  inspect({ a: { b: { c: { d: 1 } } } }, { depth: null }).replace(/\s+/g, " "),
  inspect(Array.from({ length: 101 }, (_, i) => i)).includes("... 1 more item"),
]);
check("util: inspect of a circle", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  return inspect(circle).includes("[Circular *1]");
});
check("util: types, inherits, promisify", async () => {
  function Base(this: { base?: boolean }): void {
    this.base = true;
  }
  Base.prototype.hello = () => "hello";
  function Child(): void {}
  inherits(Child as never, Base as never);
  const add = promisify((a: number, b: number, done: (error: Error | null, sum: number) => void) =>
    done(null, a + b),
  );
  const fail = promisify((done: (error: Error) => void) => done(new Error("failed")));
  return [
    types.isDate(new Date()),
    types.isDate({}),
    types.isRegExp(/x/),
    types.isUint8Array(Buffer.alloc(1)),
    types.isUint8Array(new Uint16Array(1)),
    types.isNativeError(new RangeError("x")),
    types.isMap(new Map()),
    types.isSet(new Map()),
    new (Child as never as new () => { hello(): string })().hello(),
    (Child as unknown as { super_: unknown }).super_ === Base,
    await add(2, 3),
    await fail().catch((error: Error) => error),
  ];
});
