/** What test/e2e/base.test.ts lets the base do: the first argument names the play. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as sys from "vz:sys";
import { BigIntStats, Stats } from "../../runtime/node/internal/fs-stat.ts";

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}n` : one))}\n`);
}

function fail(where: string): never {
  throw new RangeError(`boom in ${where}`);
}

/** What the kernel would say of a file, with numbers that a double cannot hold. */
function hugeStat(): sys.Stat {
  return { ...sys.stat("/"), ino: 2n ** 60n + 1n, dev: 2n ** 53n + 1n, size: 2n ** 62n };
}

function messageOf(run: () => unknown): string {
  try {
    return `gave ${String(run())}`;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

const PLAYS: Record<string, () => unknown> = {
  main: () => fail("main"),
  timer: () => setTimeout(() => fail("a timer"), 1),
  tick: () => process.nextTick(() => fail("a tick")),
  immediate: () => setImmediate(() => fail("an immediate")),
  microtask: () => queueMicrotask(() => fail("a microtask")),
  rejection: () => void Promise.reject(new RangeError("boom in a promise")),
  async async() {
    await null;
    fail("an async function");
  },
  watch() {
    const [readEnd, writeEnd] = sys.pipe();
    sys.watch(readEnd, "r", () => fail("a watched descriptor"));
    sys.writeAll(writeEnd, "x");
  },
  child() {
    const pid = sys.spawn("true", ["true"], { env: ["PATH=/bin:/usr/bin"], stdio: [-1, -1, -1] });
    sys.onChild(pid, () => fail("a child's end"));
  },
  signal() {
    process.on("SIGUSR1", () => fail("a signal"));
    setTimeout(() => {}, 5000);
    process.kill(process.pid, "SIGUSR1");
  },
  statusIsSet() {
    process.exitCode = 0;
    setTimeout(() => fail("a timer"), 1);
  },
  handlerReturns() {
    process.on("uncaughtException", (error) => print(error.message));
    setTimeout(() => fail("a timer"), 1);
  },
  handlerThrows() {
    process.on("uncaughtException", () => fail("the handler"));
    setTimeout(() => fail("a timer"), 1);
  },
  exitThrows() {
    process.on("exit", () => fail("an exit listener"));
  },
  notAnError() {
    setTimeout(() => {
      throw "just text";
    }, 1);
  },
  names() {
    const [name = ""] = fs.readdirSync(".");
    const found = fs.readFileSync(name, "utf8");
    fs.renameSync(name, `${name}+`);
    const child = spawnSync("/bin/ls", [`./${name}+`], { encoding: "buffer" });
    print([
      name.length,
      found,
      process.argv[3] === name,
      process.env["NAME"] === name,
      fs.readdirSync(".", "buffer")[0]?.toString("hex"),
      child.stdout.toString("hex"),
    ]);
  },
  stats() {
    const stats = new Stats(hugeStat());
    const big = new BigIntStats(hugeStat());
    print([
      messageOf(() => stats.ino),
      messageOf(() => stats.dev),
      messageOf(() => stats.size),
      stats.isDirectory(),
      big.ino,
      big.dev,
      big.size,
      String(big.ino),
    ]);
  },
  exchange() {
    fs.mkdirSync("one/in-one", { recursive: true });
    fs.mkdirSync("other/in-other", { recursive: true });
    sys.exchange("one", "other");
    print([fs.readdirSync("one"), fs.readdirSync("other"), messageOf(() => sys.exchange("one", "none"))]);
  },
  bigints: () =>
    print(
      [3_000_000_000, 2 ** 31, 2 ** 32 - 1, 2 ** 53]
        .map((n) => String(BigInt(n)))
        .concat(String(2n ** 63n), (2n ** 63n + 1n).toString(16)),
    ),
  mkdirInProc: () => print(messageOf(() => fs.mkdirSync("/proc/self/x/y", { recursive: true }))),
  notOffered: () =>
    print([
      messageOf(() => fs.readFileSync("/dev/null", { signal: {} } as never)),
      messageOf(() => spawnSync("true", { shell: true })),
      messageOf(() => process.on("beforeExit", () => {})),
      messageOf(() => fs.rmdirSync("x", { recursive: true } as never)),
      typeof (fs as Record<string, unknown>)["promises"],
      typeof (fs as Record<string, unknown>)["readFile"],
    ]),
  members: () =>
    print([
      Object.keys({
        Buffer,
        TextDecoder,
        TextEncoder,
        clearImmediate,
        clearInterval,
        clearTimeout,
        console,
        global,
        process,
        queueMicrotask,
        setImmediate,
        setInterval,
        setTimeout,
      }),
      [process, Object.getPrototypeOf(process)].flatMap(Object.getOwnPropertyNames),
    ]),
  brokenPipe() {
    process.stdout.on("error", (error: Error) => process.stderr.write(`${error.message}\n`));
    setTimeout(() => process.stdout.write("nobody reads this"), 200);
  },
};

const play = PLAYS[process.argv[2] ?? ""];
if (play === undefined) throw new Error(`no play ${process.argv[2]}`);
await play();
