import minimist from "minimist";
import type { SFTPWrapper } from "ssh2";
import * as tar from "tar-stream";
import * as v from "valibot";
import YAML from "yaml";
import { check, thrown } from "./harness.ts";

type Entry = { header: tar.Header; body: Buffer };

async function unpack(archive: Buffer, step: number): Promise<Entry[]> {
  const extract = tar.extract();
  const entries: Entry[] = [];
  extract.on("entry", (header, stream, next) => {
    const parts: Buffer[] = [];
    stream.on("data", (part) => parts.push(part as Buffer));
    stream.on("end", () => {
      entries.push({ header, body: Buffer.concat(parts) });
      next();
    });
  });
  const done = new Promise((resolve, reject) =>
    extract.on("finish", resolve as () => void).on("error", reject),
  );
  for (let at = 0; at < archive.length; at += step) extract.write(archive.subarray(at, at + step));
  extract.end(undefined);
  await done;
  return entries;
}

async function pack(): Promise<Buffer> {
  const archive = tar.pack();
  const mtime = new Date(1_000_000_000_000);
  archive.entry({ name: "dir", type: "directory", mtime, mode: 0o755, uid: 5, gid: 6 });
  archive.entry({ name: "dir/file.txt", mtime, mode: 0o4711 }, "content äöü");
  archive.entry({ name: "link", type: "symlink", linkname: "dir/file.txt", mtime });
  archive.entry({ name: `${"long/".repeat(40)}name-日本`, mtime }, Buffer.alloc(3000, "z"));
  archive.entry({ name: "big-numbers", uid: 3_000_000, gid: 70_000, mtime: new Date(2 ** 34 * 1000) }, "");
  const streamed = archive.entry({ name: "streamed", size: 6, mtime }, () => archive.finalize());
  streamed.write("abc");
  streamed.end("def");
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

check("tar-stream: packs the same bytes", async () => {
  const archive = await pack();
  return [archive.length, archive];
});
check("tar-stream: extracts what it packed, in pieces of any size", async () => {
  const archive = await pack();
  const show = ({ header, body }: Entry) => [
    header.name,
    header.type,
    header.mode,
    header.uid,
    header.gid,
    header.size,
    header.mtime,
    header.linkname,
    body,
  ];
  return [
    (await unpack(archive, 512)).map(show),
    (await unpack(archive, 333)).length,
    (await unpack(archive, 1 << 20)).length,
  ];
});
check("tar-stream: bad archives", async () => {
  const archive = await pack();
  const broken = Buffer.from(archive);
  broken[10] = 0xff;
  return [
    await unpack(broken, 512).catch((error: Error) => error.message),
    await unpack(archive.subarray(0, 700), 512).catch((error: Error) => error.message),
  ];
});
check("tar-stream: async iterator", async () => {
  const extract = tar.extract();
  extract.end(await pack());
  const names: string[] = [];
  for await (const entry of extract) {
    names.push(entry.header.name);
    entry.resume();
  }
  return names;
});

/** Client and server of the SFTP codec, back to back, as ssh's pipes would join them. */
interface Codec extends SFTPWrapper {
  push(data: Buffer | null): void;
  _isOpenSSH: boolean;
  handle(id: number, handle: Buffer): void;
  status(id: number, code: number, message?: string): void;
  data(id: number, data: Buffer): void;
  attrs(id: number, attrs: object): void;
  name(id: number, names: object[]): void;
}

type Methods = Record<string, (...args: unknown[]) => void>;

// the codec alone has no types
const { SFTP } = require("ssh2/lib/protocol/SFTP.js") as { SFTP: new (...args: unknown[]) => Codec };

function wire(): { client: Codec; server: Codec } {
  const channel = (deliver: (data: Buffer) => void) => {
    const protocol = {
      channelData: (_id: number, data: Buffer) => deliver(Buffer.from(data)),
      channelClose() {},
      channelEOF() {},
      _kex: true,
    };
    return {
      _debug: undefined,
      _protocol: protocol,
      config: {},
    };
  };
  const later = (to: () => Codec) => (data: Buffer) => setImmediate(() => to().push(data));
  const outgoing = { id: 0, window: 2 ** 31, packetSize: 32_768, state: "open" };
  const info = {
    type: "session",
    incoming: { id: 0, window: 2 ** 31, packetSize: 32_768, state: "open" },
    outgoing,
  };
  const client: Codec = new SFTP(channel(later(() => server)), info, {});
  const server: Codec = new SFTP(channel(later(() => client)), { ...info }, { server: true });
  return { client, server };
}

check("ssh2's SFTP codec: a conversation", async () => {
  const { client, server } = wire();
  const log: unknown[] = [];
  const file = Buffer.from("content of the file");
  const on = (name: string, fn: (...args: never[]) => void) =>
    (server as unknown as NodeJS.EventEmitter).on(name, fn as () => void);
  on("OPEN", (id: number, name: string, flags: number, attrs: object) => {
    log.push(["OPEN", name, flags, attrs]);
    if (name === "missing") server.status(id, 2);
    else server.handle(id, Buffer.from([1, 2, 3, 4]));
  });
  on("READ", (id: number, handle: Buffer, offset: number, length: number) => {
    log.push(["READ", handle, offset, length]);
    if (offset >= file.length) server.status(id, 1);
    else server.data(id, file.subarray(offset, offset + length));
  });
  on("WRITE", (id: number, handle: Buffer, offset: number, data: Buffer) => {
    log.push(["WRITE", handle, offset, data]);
    server.status(id, 0);
  });
  on("CLOSE", (id: number, handle: Buffer) => {
    log.push(["CLOSE", handle]);
    server.status(id, 0);
  });
  on("STAT", (id: number, path: string) => {
    log.push(["STAT", path]);
    server.attrs(id, { mode: 0o100644, uid: 1, gid: 2, size: 5_000_000_000, atime: 10, mtime: 20 });
  });
  on("RENAME", (id: number, from: string, to: string) => {
    log.push(["RENAME", from, to]);
    server.status(id, 3, "not allowed");
  });
  on("REALPATH", (id: number, path: string) => {
    log.push(["REALPATH", path]);
    server.name(id, [{ filename: "/grüße", longname: "", attrs: {} }]);
  });
  const call = (name: string, ...args: unknown[]) =>
    new Promise((resolve) =>
      (client as unknown as Methods)[name]?.(...args, (error: unknown, ...values: unknown[]) =>
        resolve(error ? [(error as Error).message, (error as { code: number }).code] : values),
      ),
    );
  await new Promise((resolve) => {
    (client as unknown as NodeJS.EventEmitter).on("ready", resolve);
    // the first packet is the client's to send
    (client as unknown as Methods)["_init"]?.();
  });
  const [handle] = (await call("open", "naïve", "w", { mode: 0o600 })) as [Buffer];
  const buffer = Buffer.alloc(8);
  return [
    handle,
    await call("write", handle, Buffer.from("hello"), 0, 5, 5_000_000_000),
    await call("read", handle, buffer, 0, 8, 11),
    buffer,
    await call("read", handle, buffer, 0, 8, 100),
    await call("close", handle),
    await call("open", "missing", "r"),
    await call("rename", "a", "b"),
    await call("realpath", "."),
    ((await call("stat", "big")) as { size: number; mtime: number }[]).map(({ size, mtime }) => [
      size,
      mtime,
    ]),
    log,
  ];
});

check("minimist", () => [
  minimist(["-a", "1", "--bool", "--no-x", "--name=v", "-abc", "rest", "--", "-z"]),
  minimist(["--f", "x", "y"], { boolean: ["f"], string: ["_"], alias: { f: "force" }, "--": true }),
  minimist(["cmd", "-v"], { stopEarly: true }),
  minimist(["--n", "0x10", "--e", "1e3", "--s", "01"], { string: ["s"] }),
]);

const DOCUMENT = `# comment
fleet: example
hosts: &all
  web1: {address: 192.0.2.10, port: 22, memory: 512M}
  "quoted key": 'it''s'
list: [1, 2.5, true, null, ~, 0o17, 0x1f, .inf]
text: |
  two
  lines
folded: >-
  one
  line
again: *all
umlaut: grüße 🦊
`;
check("yaml: parse and print", () => {
  const value = YAML.parse(DOCUMENT);
  return [value, YAML.stringify(value), YAML.stringify({ a: [1, { b: "x: y" }], c: "", d: "multi\nline\n" })];
});
check("yaml: mistakes have their place", () =>
  ["a: [1", "a: 1\na: 2", "\tx: 1", "a: b: c", "*nothing"].map((text) =>
    YAML.parseDocument(text).errors.map((error) => [error.code, error.linePos]),
  ),
);
check("valibot", () => {
  const schema = v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[a-z]+$/)),
    port: v.optional(v.pipe(v.number(), v.integer(), v.maxValue(65535)), 22),
    kind: v.picklist(["a", "b"]),
  });
  const issues = (value: unknown) => {
    const result = v.safeParse(schema, value);
    return result.success
      ? result.output
      : result.issues.map((issue) => [v.getDotPath(issue), issue.message]);
  };
  return [
    issues({ name: "web", kind: "a" }),
    issues({ name: "WEB", port: 1.5, kind: "c", extra: 1 }),
    issues({ name: "x", port: 70000, kind: "b" }),
    issues("text"),
    thrown(() => v.parse(schema, {})) instanceof Error,
  ];
});
