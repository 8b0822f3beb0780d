import * as fs from "node:fs";
import { check, thrown } from "./harness.ts";

/** @types/node wants more arguments than Node does. */
const openSync = fs.openSync as (...args: unknown[]) => number;
const readSync = fs.readSync as (...args: unknown[]) => number;

const here = `${process.cwd()}/fs-cases`;
fs.mkdirSync(here);
process.chdir(here);
const missing = "no/such";

function gather(...runs: (() => unknown)[]): unknown[] {
  return runs.map((run) => thrown(run));
}

function clean(): void {
  for (const name of fs.readdirSync(".")) fs.rmSync(name, { recursive: true, force: true });
}

function scene(name: string, run: () => unknown): void {
  check(`fs: ${name}`, async () => {
    clean();
    return await run();
  });
}

scene("write and read whole files", () => {
  fs.writeFileSync("a", "häh");
  fs.writeFileSync("b", Buffer.from([0, 255, 10]));
  fs.writeFileSync("c", new Uint16Array([1, 2]));
  fs.writeFileSync("d", "6869", "hex");
  fs.writeFileSync("e", "\xff", { encoding: "latin1", mode: 0o640 });
  fs.appendFileSync("a", "+");
  fs.writeFileSync("a", "more", { flag: "a" });
  return [
    fs.readFileSync("a", "utf8"),
    fs.readFileSync("a"),
    fs.readFileSync("b", { encoding: "hex" }),
    fs.readFileSync("c"),
    fs.readFileSync("d", "latin1"),
    fs.readFileSync("e"),
    fs.readFileSync("a", { encoding: null }),
    Buffer.isBuffer(fs.readFileSync("b")),
    thrown(() => fs.writeFileSync("a", "", { flag: "wx" })),
    thrown(() => fs.writeFileSync("x", 5 as never)),
    thrown(() => fs.readFileSync("a", "nope" as never)),
  ];
});
scene("a file of /proc, whose size says 0", () => {
  const text = fs.readFileSync("/proc/self/status", "utf8");
  return [text.includes("\nPid:"), fs.statSync("/proc/self/status").size, text.length > 500];
});
scene("a file by its descriptor, from where it stands", () => {
  fs.writeFileSync("a", "0123456789");
  const fd = openSync("a", "r+");
  const two = Buffer.alloc(2);
  readSync(fd, two);
  const rest = fs.readFileSync(fd, "utf8");
  fs.writeFileSync(fd, "END");
  fs.closeSync(fd);
  return [two, rest, fs.readFileSync("a", "utf8")];
});
scene("readSync in all its forms", () => {
  fs.writeFileSync("a", "0123456789");
  const fd = openSync("a");
  const buffer = Buffer.alloc(6, 0x2e);
  const counts = [
    readSync(fd, buffer, 1, 2, 4),
    readSync(fd, buffer, 3, 1, null),
    readSync(fd, buffer, { offset: 4, length: 1 }),
    readSync(fd, buffer, { position: 9 }),
    readSync(fd, buffer, 0, 6, 20),
    readSync(fd, buffer, 0, 0, 0),
    readSync(fd, new DataView(buffer.buffer, buffer.byteOffset + 5, 1), 0, 1, 3n),
  ];
  const wrong = gather(
    () => readSync(fd, buffer, 7, 1, null),
    () => readSync(fd, buffer, 2, 9, null),
    () => readSync(fd, buffer, 0, -1, null),
    () => readSync(fd, "x" as never),
    () => readSync(fd, buffer, 0, 1, 1.5),
    () => readSync(999, buffer),
    () => readSync("0" as never, buffer),
  );
  fs.closeSync(fd);
  return [counts, buffer, wrong, thrown(() => fs.closeSync(fd))];
});
scene("writeSync in all its forms", () => {
  const fd = openSync("a", "w");
  const counts = [
    fs.writeSync(fd, "äb"),
    fs.writeSync(fd, "6162", null, "hex"),
    fs.writeSync(fd, Buffer.from("xyz"), 1),
    fs.writeSync(fd, Buffer.from("xyz"), 0, 1),
    fs.writeSync(fd, Buffer.from("Q"), 0, 1, 8),
    fs.writeSync(fd, "R", 9),
    fs.writeSync(fd, ""),
  ];
  const wrong = gather(
    () => fs.writeSync(fd, Buffer.from("x"), 2),
    () => fs.writeSync(fd, 5 as never),
    () => fs.writeSync(fd, Buffer.from("x"), 0, 5),
  );
  fs.closeSync(fd);
  const reader = openSync("a", "r");
  const refused = thrown(() => fs.writeSync(reader, "x"));
  fs.closeSync(reader);
  return [counts, fs.readFileSync("a"), wrong, refused];
});
scene("open flags and modes", () => {
  process.umask(0o022);
  fs.closeSync(openSync("a", "w", 0o700));
  fs.closeSync(openSync("b", "wx", "644"));
  fs.closeSync(openSync("c", fs.constants.O_CREAT | fs.constants.O_WRONLY, 0o666));
  return [
    ...["a", "b", "c"].map((name) => (fs.statSync(name).mode & 0o777).toString(8)),
    ...gather(
      () => openSync("b", "wx"),
      () => openSync("a", "zz"),
      () => openSync("a", "w", "9"),
      () => openSync(missing),
      () => openSync("a/b"),
      () => openSync(".", "w"),
      () => openSync("a\0b"),
      () => openSync(5 as never),
    ),
  ];
});
scene("sparse file of more than 4 GB", () => {
  const fd = openSync("big", "w+");
  const far = 5_000_000_000;
  fs.writeSync(fd, Buffer.from("far"), 0, 3, far);
  const got = Buffer.alloc(5);
  const count = readSync(fd, got, 0, 5, far - 1);
  fs.ftruncateSync(fd, 6_000_000_001);
  const { size } = fs.fstatSync(fd);
  fs.closeSync(fd);
  const big = fs.statSync("big", { bigint: true });
  return [count, got, size, big.size, thrown(() => fs.readFileSync("big"))].map((one) =>
    one instanceof Error ? [one.name, (one as Error & { code: string }).code] : one,
  );
});
scene("truncate", () => {
  fs.writeFileSync("a", "0123456789");
  fs.truncateSync("a", 4);
  const cut = fs.readFileSync("a", "utf8");
  fs.truncateSync("a");
  return [
    cut,
    fs.statSync("a").size,
    thrown(() => fs.truncateSync(missing)),
    thrown(() => fs.truncateSync(".")),
  ];
});
scene("stat tells kind, mode, size, links and times", () => {
  fs.writeFileSync("a", "abc", { mode: 0o604 });
  fs.linkSync("a", "b");
  fs.symlinkSync("a", "l");
  fs.utimesSync("a", 1_000_000_000, 1_500_000_000.5);
  const shape = (stat: fs.Stats) => [
    stat.isFile(),
    stat.isDirectory(),
    stat.isSymbolicLink(),
    stat.isFIFO(),
    stat.isSocket(),
    stat.isBlockDevice(),
    stat.isCharacterDevice(),
    (stat.mode & 0o7777).toString(8),
    stat.nlink > 1,
  ];
  const stat = fs.statSync("a");
  const big = fs.statSync("a", { bigint: true });
  return [
    shape(stat),
    shape(fs.lstatSync("l")),
    shape(fs.statSync("l")),
    shape(fs.statSync(".")),
    shape(fs.statSync("/dev/null")),
    [stat.size, stat.uid, stat.gid, stat.atimeMs, stat.mtimeMs, stat.atime, stat.mtime],
    [
      big.size,
      big.mode === BigInt(stat.mode),
      big.mtimeNs,
      big.mtimeMs,
      big.ino === BigInt(stat.ino),
      big.isFile(),
    ],
    stat.ino === fs.statSync("b").ino,
    stat.dev === fs.statSync(".").dev,
    typeof stat.blksize,
  ];
});
scene("stat of what is not there", () => [
  ...gather(
    () => fs.statSync(missing),
    () => fs.lstatSync(missing),
    () => fs.fstatSync(999),
    () => fs.statSync(""),
  ),
  fs.statSync(missing, { throwIfNoEntry: false }),
  fs.lstatSync("/dev/null/x", { throwIfNoEntry: false }),
]);
scene("times before 1970, by Date, by string, of a link", () => {
  fs.writeFileSync("a", "");
  fs.symlinkSync("a", "l");
  fs.utimesSync("a", new Date(-1500), "86400");
  fs.lutimesSync("l", 5, 6);
  const [a, l] = [fs.statSync("a"), fs.lstatSync("l")];
  return [
    a.atimeMs,
    a.mtimeMs,
    a.atime,
    l.atimeMs,
    l.mtimeMs,
    thrown(() => fs.utimesSync(missing, 1, 1)),
    thrown(() => fs.lutimesSync(missing, 1, 1)),
  ];
});
scene("readdir is sorted bytewise", () => {
  const names = ["b", "a", "B", "ä", "z", "\uffee", "🦊", "a b", ".h"];
  for (const name of names) fs.writeFileSync(name, "");
  return [
    fs.readdirSync("."),
    fs.readdirSync(".", "buffer").length,
    fs.readdirSync(".", { encoding: "buffer" })[0],
    fs.readdirSync(Buffer.from(".")).length,
    ...gather(
      () => fs.readdirSync(missing),
      () => fs.readdirSync("a"),
    ),
  ];
});
scene("readdir with types, and recursive", () => {
  fs.mkdirSync("d/e/f", { recursive: true });
  fs.writeFileSync("d/x", "");
  fs.writeFileSync("d/e/y", "");
  fs.symlinkSync("x", "d/l");
  const show = (entry: fs.Dirent) => [
    entry.name,
    entry.parentPath,
    entry.isDirectory(),
    entry.isFile(),
    entry.isSymbolicLink(),
  ];
  return [
    fs.readdirSync("d", { withFileTypes: true }).map(show),
    fs.readdirSync("d", { recursive: true }),
    fs.readdirSync("d", { recursive: true, withFileTypes: true }).map(show),
  ];
});
scene("mkdir", () => {
  process.umask(0o022);
  const made: unknown[] = [
    fs.mkdirSync("a"),
    fs.mkdirSync("b", 0o700),
    fs.mkdirSync("c", { mode: 0o750 }),
    fs.mkdirSync("p/q/r", { recursive: true }),
    fs.mkdirSync("p/q/r", { recursive: true }),
    fs.mkdirSync("p/q/s/", { recursive: true }),
    fs.mkdirSync(`${process.cwd()}/abs/x`, { recursive: true }),
    fs.mkdirSync("p/../n", { recursive: true }),
  ];
  fs.writeFileSync("file", "");
  return [
    made.map((one) => (typeof one === "string" ? one.replace(/\/$/, "") : one)),
    ...["a", "b", "c", "p"].map((name) => (fs.statSync(name).mode & 0o777).toString(8)),
    ...gather(
      () => fs.mkdirSync("a"),
      () => fs.mkdirSync("x/y"),
      () => fs.mkdirSync("file/y"),
      () => fs.mkdirSync("file", { recursive: true }),
      () => fs.mkdirSync("file/y", { recursive: true }),
    ),
  ];
});
scene("mkdtemp", () => {
  const one = fs.mkdtempSync("t-");
  const two = fs.mkdtempSync("t-");
  return [
    /^t-[A-Za-z0-9]{6}$/.test(one),
    one !== two,
    (fs.statSync(one).mode & 0o777).toString(8),
    thrown(() => fs.mkdtempSync("no/such/x-")),
  ];
});
scene("rm", () => {
  fs.mkdirSync("d/e/f", { recursive: true });
  fs.writeFileSync("d/e/x", "");
  fs.writeFileSync("file", "");
  fs.symlinkSync("file", "d/link");
  fs.symlinkSync("/", "d/root");
  const wrong = gather(
    () => fs.rmSync("d"),
    () => fs.rmSync(missing),
    () => fs.rmdirSync("d"),
    () => fs.rmdirSync("file"),
    () => fs.unlinkSync("d"),
    () => fs.unlinkSync(missing),
  );
  fs.rmSync(missing, { force: true });
  fs.rmSync("d", { recursive: true });
  const left = fs.readdirSync(".");
  fs.rmSync("file");
  fs.mkdirSync("empty");
  fs.rmdirSync("empty");
  return [wrong, left, fs.readdirSync("."), fs.existsSync("/etc")];
});
scene("a deep tree is removed", () => {
  let path = "deep";
  for (let i = 0; i < 800; i++) path += "/d";
  fs.mkdirSync(path, { recursive: true });
  fs.rmSync("deep", { recursive: true });
  return fs.existsSync("deep");
});
scene("rename, link, symlink, readlink", () => {
  fs.writeFileSync("a", "1");
  fs.renameSync("a", "b");
  fs.symlinkSync("b", "l");
  fs.symlinkSync("nowhere/ä", "dangling");
  fs.linkSync("b", "h");
  return [
    fs.readdirSync("."),
    fs.readlinkSync("l"),
    fs.readlinkSync("dangling"),
    fs.readlinkSync("l", "buffer"),
    fs.readFileSync("l", "utf8"),
    ...gather(
      () => fs.renameSync(missing, "x"),
      () => fs.linkSync("b", "h"),
      () => fs.symlinkSync("x", "l"),
      () => fs.readlinkSync("b"),
      () => fs.readlinkSync(missing),
      () => fs.readFileSync("dangling"),
      () => fs.renameSync(undefined as never, "x"),
    ),
  ];
});
scene("realpath", () => {
  fs.mkdirSync("d/e", { recursive: true });
  fs.symlinkSync("d/e", "l");
  fs.symlinkSync("loop2", "loop1");
  fs.symlinkSync("loop1", "loop2");
  fs.symlinkSync("gone", "dangling");
  return [
    fs.realpathSync("l"),
    fs.realpathSync("l/.."),
    fs.realpathSync("."),
    fs.realpathSync("/"),
    ...gather(
      () => fs.realpathSync(missing),
      () => fs.realpathSync("dangling"),
      () => fs.realpathSync("loop1"),
    ),
  ];
});
scene("exists and access", () => {
  fs.writeFileSync("a", "", { mode: 0o600 });
  return [
    fs.existsSync("a"),
    fs.existsSync(missing),
    fs.existsSync(undefined as never),
    fs.existsSync("a\0"),
    fs.accessSync("a"),
    fs.accessSync("a", fs.constants.R_OK | fs.constants.W_OK),
    ...gather(
      () => fs.accessSync("a", fs.constants.X_OK),
      () => fs.accessSync(missing),
    ),
  ];
});
scene("chmod, fchmod, chown", () => {
  fs.writeFileSync("a", "");
  fs.symlinkSync("a", "l");
  const modes: string[] = [];
  const note = () => modes.push((fs.statSync("a").mode & 0o7777).toString(8));
  fs.chmodSync("a", 0o4751);
  note();
  fs.chmodSync("a", "600");
  note();
  const fd = openSync("a", "r");
  fs.fchmodSync(fd, 0o444);
  note();
  const owner = process.getuid?.() ?? 0;
  const group = process.getgid?.() ?? 0;
  fs.chownSync("a", owner, group);
  fs.lchownSync("l", owner, group);
  fs.fchownSync(fd, owner, group);
  fs.closeSync(fd);
  return [
    modes,
    ...gather(
      () => fs.chmodSync(missing, 0o600),
      () => fs.chmodSync("a", "x"),
      () => fs.chmodSync("a", undefined as never),
      () => fs.chownSync(missing, 0, 0),
      () => fs.lchownSync(missing, 0, 0),
      () => fs.chownSync("a", "root" as never, 0),
    ),
  ];
});
scene("copyFile", () => {
  fs.writeFileSync("a", "content", { mode: 0o640 });
  fs.writeFileSync("longer", "much longer content", { mode: 0o600 });
  fs.copyFileSync("a", "b");
  fs.copyFileSync("a", "longer");
  fs.copyFileSync("a", "a");
  return [
    ...["a", "b", "longer"].map((name) => fs.readFileSync(name, "utf8")),
    (fs.statSync("b").mode & 0o777).toString(8),
    ...gather(
      () => fs.copyFileSync("a", "b", fs.constants.COPYFILE_EXCL),
      () => fs.copyFileSync(missing, "c"),
      () => fs.copyFileSync("a", "no/such"),
    ),
    fs.existsSync("c"),
  ];
});
scene("fsync", () => {
  const fd = openSync("a", "w");
  fs.writeSync(fd, "x");
  const gave = fs.fsyncSync(fd);
  fs.closeSync(fd);
  return [gave, thrown(() => fs.fsyncSync(fd))];
});
scene("constants", () => {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK } = fs.constants;
  const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, F_OK, R_OK, W_OK, X_OK } =
    fs.constants;
  return [
    [O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK],
    [S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, F_OK, R_OK, W_OK, X_OK],
    [fs.constants.S_IRWXU, fs.constants.S_IXOTH, fs.constants.COPYFILE_EXCL],
  ];
});
scene("constants that are not the same on every architecture mean the same", () => {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  fs.writeFileSync("file", "");
  fs.symlinkSync("file", "link");
  const tries = [
    () => fs.openSync("file", O_RDONLY | O_DIRECTORY),
    () => fs.openSync("link", O_RDONLY | O_NOFOLLOW),
  ];
  const answers = tries.map(thrown);
  for (const name of ["file", "link"]) fs.unlinkSync(name);
  return answers;
});

async function collect(stream: AsyncIterable<unknown>): Promise<unknown> {
  const parts: unknown[] = [];
  for await (const part of stream) parts.push(part);
  return typeof parts[0] === "string" ? parts.join("") : Buffer.concat(parts as Buffer[]);
}
scene("read streams", async () => {
  fs.writeFileSync("a", "0123456789äöü");
  fs.writeFileSync("big", Buffer.alloc(300_000, "abcdefg"));
  const big = (await collect(fs.createReadStream("big"))) as Buffer;
  return [
    await collect(fs.createReadStream("a")),
    await collect(fs.createReadStream("a", "utf8")),
    await collect(fs.createReadStream("a", { start: 2, end: 5 })),
    await collect(fs.createReadStream("a", { start: 8, encoding: "utf8", highWaterMark: 3 })),
    big.equals(fs.readFileSync("big")),
    await collect(fs.createReadStream(missing)).catch((error: Error) => error),
    await collect(fs.createReadStream(".")).catch((error: Error) => error),
  ];
});
scene("write streams", async () => {
  const write = (stream: fs.WriteStream, ...parts: string[]) =>
    new Promise((resolve) => {
      for (const part of parts) stream.write(part);
      stream.on("error", resolve);
      stream.on("close", () => resolve(stream.bytesWritten));
      stream.end("!");
    });
  return [
    await write(fs.createWriteStream("a"), "one", "two"),
    await write(fs.createWriteStream("a", { flags: "a" }), "three"),
    await write(fs.createWriteStream("b", { mode: 0o600 }), "x".repeat(200_000)),
    await write(fs.createWriteStream("a", { flags: "r+", start: 1 }), "--"),
    fs.readFileSync("a", "utf8"),
    fs.statSync("b").size,
    await write(fs.createWriteStream("no/such"), "x"),
  ];
});
scene("the directory is left as it was", () => {
  process.chdir("/");
  fs.rmSync(here, { recursive: true });
  return fs.existsSync(here);
});
