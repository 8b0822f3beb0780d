import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { check } from "./harness.ts";

/** Programs that this program plays when it is started again with their name. */
const PLAYS: Record<string, () => unknown> = {
  exit() {
    process.on("exit", (code) => process.stdout.write(`exit ${code} ${process.exitCode}\n`));
    process.exit(5);
  },
  exitCode() {
    process.exitCode = 4;
    process.on("exit", (code) => {
      process.stdout.write(`exit ${code}\n`);
      process.exitCode = 6;
    });
    setTimeout(() => process.stdout.write("timer\n"), 5);
  },
  exitInExit() {
    process.on("exit", () => process.exit(9));
  },
  exitBeforeTimers() {
    setTimeout(() => process.stdout.write("never\n"), 1);
    process.nextTick(() => process.stdout.write("never\n"));
    process.exit();
  },
  unref() {
    setTimeout(() => process.stdout.write("never\n"), 10_000).unref();
    setInterval(() => process.stdout.write("never\n"), 10_000).unref();
    process.on("SIGUSR2", () => {});
    setTimeout(() => process.stdout.write("last\n"), 5);
  },
  uncaughtHandled() {
    process.on("uncaughtException", (error: Error, origin) => {
      process.stdout.write(`${error.message} ${origin}\n`);
      process.exit(3);
    });
    setTimeout(() => {
      throw new Error("from a timer");
    }, 1);
  },
  rejectionHandled() {
    process.on("unhandledRejection", (reason: Error) => {
      process.stdout.write(`${reason.message}\n`);
      process.exit(3);
    });
    void Promise.reject(new Error("rejected"));
  },
  rejectionToException() {
    process.on("uncaughtException", (error: Error, origin) => {
      process.stdout.write(`${error.message} ${origin}\n`);
      process.exit(3);
    });
    void Promise.reject(new Error("rejected"));
  },
  async rejectionLate() {
    const promise = Promise.reject(new Error("taken up in time"));
    await null;
    promise.catch((error: Error) => process.stdout.write(`${error.message}\n`));
  },
  async tryCatch() {
    try {
      await (async () => {
        throw new Error("inner");
      })();
    } catch (error) {
      process.stdout.write(`${(error as Error).message}\n`);
    }
  },
  microtask() {
    process.on("uncaughtException", (error: Error, origin) => {
      process.stdout.write(`${error.message} ${origin}\n`);
      process.exit(3);
    });
    queueMicrotask(() => {
      throw new Error("from a microtask");
    });
  },
  emitted() {
    process.on("uncaughtException", (error: Error) => {
      process.stdout.write(`${error.message}\n`);
      process.exit(3);
    });
    const child = spawn("no-such-program");
    child.on("close", () => process.stdout.write("never\n"));
  },
  async signal() {
    process.on("SIGTERM", (name: string, number: number) => {
      process.stdout.write(`${name} ${number}\n`);
      process.exit(7);
    });
    setTimeout(() => {}, 10_000);
    process.kill(process.pid, "SIGTERM");
  },
  signalRemoved() {
    const listener = () => process.stdout.write("never\n");
    process.on("SIGTERM", listener);
    process.off("SIGTERM", listener);
    setTimeout(() => {}, 10_000);
    process.kill(process.pid, "SIGTERM");
  },
  async stdin() {
    const parts: Buffer[] = [];
    for await (const part of process.stdin) parts.push(part as Buffer);
    process.stdout.write(`${Buffer.concat(parts).length} bytes, terminal ${process.stdin.isTTY}\n`);
  },
  stdinLines() {
    process.stdin.setEncoding("utf8");
    let text = "";
    process.stdin.on("data", (part) => {
      text += part;
    });
    process.stdin.on("end", () => process.stdout.write(`${text.split("\n").length} lines\n`));
  },
  stdinUnread() {
    process.stdout.write(`${typeof process.stdin.on}\n`);
  },
  stdinSync() {
    process.stdout.write(fs.readFileSync(0, "utf8").toUpperCase());
  },
  stdinPipe() {
    process.stdin.pipe(process.stdout);
  },
  big() {
    process.stdout.write("x".repeat(300_000));
    process.stdout.write(Buffer.alloc(300_000, "y"));
  },
  argv() {
    process.stdout.write(JSON.stringify(process.argv.slice(2)));
  },
  console() {
    console.log("log", "and", 5);
    console.error("error");
  },
};

const [, script = "", play = "", ...rest] = process.argv;
const played = PLAYS[play];
// an emulated program cannot start another of its kind, but by the emulator
const { CONFORMANCE_EMULATOR: emulator } = process.env;
const [self = "", ...own] = [...(emulator === undefined ? [] : [emulator]), process.execPath, script];
if (played !== undefined) {
  await played();
} else {
  const again = (name: string, input?: string, ...args: string[]) => {
    const { status, signal, stdout } = spawnSync(self, [...own, name, ...args], {
      encoding: "utf8",
      ...(input === undefined ? { stdio: ["ignore", "pipe", "pipe"] } : { input }),
      timeout: 20_000,
    });
    return [status, signal, stdout.length > 1000 ? stdout.length : stdout];
  };
  for (const name of Object.keys(PLAYS).filter((one) => !/^(stdin|argv)/.test(one))) {
    check(`exit: ${name}`, () => again(name));
  }
  check("exit: stdin to its end", () => [
    again("stdin", "x".repeat(200_000)),
    again("stdin", ""),
    again("stdin"),
  ]);
  check("exit: stdin as text", () => again("stdinLines", "äöü\n".repeat(50_000)));
  check("exit: stdin that is named but not read does not keep a program", async () => {
    const child = spawn(self, [...own, "stdinUnread"], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.on("error", () => {});
    child.stdout.resume();
    return once(child, "close");
  });
  check("exit: stdin by readFileSync", () => again("stdinSync", "some text"));
  check("exit: stdin piped to stdout", () => [
    again("stdinPipe", "through"),
    again("stdinPipe", "y".repeat(100_000)),
  ]);
  check("exit: arguments", () => again("argv", undefined, "a b", "", "--x=1", "é", "-"));
  check("exit: names of the plays are all known", () => [Object.keys(PLAYS).length, rest.length]);
}
