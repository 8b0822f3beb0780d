import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { check, thrown } from "./harness.ts";

const sh = (script: string, options: SpawnOptions = {}): ChildProcess =>
  spawn("/bin/sh", ["-c", script], options);

async function text(stream: AsyncIterable<unknown> | null): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream ?? []) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** All that a child tells, in its order. */
async function story(child: ChildProcess): Promise<unknown> {
  const log: unknown[] = [];
  for (const name of ["spawn", "error", "exit"]) child.on(name, (...args) => log.push([name, ...args]));
  const output = child.stdout === null ? null : text(child.stdout);
  const errors = child.stderr === null ? null : text(child.stderr);
  const [code, signal] = (await once(
    child.on("error", () => {}),
    "close",
  ).catch((error) => [error])) as unknown[];
  return {
    log,
    output: await output,
    errors: await errors,
    close: [code, signal],
    exitCode: child.exitCode,
    signalCode: child.signalCode,
  };
}

check("spawn: output, errors and status", () => story(sh("echo out; echo err >&2; exit 3")));
check("spawn: a program gets no descriptors but its standard ones", () => {
  const script =
    "for fd in 3 4 5 6 7 8 9 10 11 12; do if [ -e /dev/fd/$fd ]; then readlink /dev/fd/$fd; fi; done";
  return spawnSync("/bin/bash", ["-c", script], { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" })
    .stdout;
});
check("spawn: a program that is not there has streams all the same, which end, and closes", async () => {
  const child = spawn("/nonexistent").on("error", () => {});
  const streams = [child.stdin, child.stdout, child.stderr].map((stream) => stream !== null);
  return [streams, await text(child.stdout), await story(spawn("/nonexistent"))];
});
check("spawn: ended by a signal", () => story(sh("kill -TERM $$")));
check("spawn: nothing printed, status 0", () => story(spawn("true")));
check("spawn: words go through as they are", () =>
  story(spawn("printf", ["%s|", "a b", "", "*", "$HOME", "'q'", "é\n"])),
);
check("spawn: names itself", async () => {
  const child = spawn("sleep", ["0"], { argv0: "sleep" });
  const told = [
    child.spawnfile,
    child.spawnargs,
    typeof child.pid,
    child.exitCode,
    child.signalCode,
    child.killed,
    child.stdio.length,
  ];
  await once(child, "close");
  return [told, child.exitCode];
});
check("spawn: a program that is not there", async () => {
  const child = spawn("no-such-program", ["a", "b"]);
  const pid = child.pid;
  const log: unknown[] = [];
  child.on("exit", (...args) => log.push(["exit", ...args]));
  child.on("error", (...args) => log.push(["error", ...args]));
  const closed = await new Promise((resolve) => child.on("close", (...args) => resolve(args)));
  return [pid, log, closed];
});
check(
  "spawn: a program that may not be run, a directory, a working directory that is not there",
  async () => {
    fs.writeFileSync("plain", "", { mode: 0o644 });
    const failures: unknown[] = [];
    for (const run of [() => spawn("./plain"), () => spawn("/"), () => spawn("true", { cwd: "/no/such" })]) {
      failures.push(await new Promise((resolve) => run().on("error", resolve)));
    }
    return failures;
  },
);
check("spawn: arguments that it does not take", () => [
  thrown(() => spawn("")),
  thrown(() => spawn(5 as never)),
  thrown(() => spawn("true", "args" as never)),
  thrown(() => spawn("a\0b")),
  (thrown(() => spawn("true", ["x"], { stdio: "nonsense" as never })) as { code: string }).code,
]);
check("spawn: env and cwd", async () => {
  fs.mkdirSync("sub");
  process.env["FROM_PARENT"] = "inherited";
  const kept = await story(sh("echo $FROM_PARENT; pwd", { cwd: "sub" }));
  const own = await story(
    spawn("/usr/bin/env", { env: { ONLY: "this", SKIPPED: undefined, NUMBER: 5 as never } }),
  );
  return [kept, own];
});
check("spawn: PATH of the child's own environment", () => {
  fs.writeFileSync("sub/mine", "#!/bin/sh\necho mine $1\n", { mode: 0o755 });
  return story(spawn("mine", ["x"], { env: { PATH: `${process.cwd()}/sub` } }));
});
check("spawn: stdin is read to its end", async () => {
  const child = sh("cat; echo done");
  child.stdin?.write("one ");
  child.stdin?.end("two\n");
  return story(child);
});
check("spawn: a megabyte there and back", async () => {
  const child = spawn("cat");
  const data = Buffer.alloc(1 << 20, "0123456789abcdef");
  const got = text(child.stdout);
  const drained: boolean[] = [];
  for (let at = 0; at < data.length; at += 65_536) {
    const more = child.stdin?.write(data.subarray(at, at + 65_536));
    drained.push(more === true);
    if (more === false) await once(child.stdin as NodeJS.EventEmitter, "drain");
  }
  child.stdin?.end();
  return [(await got) === data.toString(), drained.includes(false)];
});
check("spawn: stdin that nobody reads is EPIPE", async () => {
  const child = sh("exec 0<&-; sleep 0.3");
  const failure = new Promise((resolve) => child.stdin?.on("error", resolve));
  await new Promise((resolve) => setTimeout(resolve, 150));
  child.stdin?.write(Buffer.alloc(200_000));
  const [error, close] = await Promise.all([failure, once(child, "close")]);
  return [error, close];
});
check("spawn: ignored and inherited streams, descriptors of files", async () => {
  const fd = fs.openSync("out", "w");
  const one = sh("echo to the file; echo lost >&2", { stdio: ["ignore", fd, "ignore"] });
  const none = [one.stdin, one.stdout, one.stderr];
  await once(one, "close");
  fs.closeSync(fd);
  const input = fs.openSync("out", "r");
  const two = sh("cat; cat <&3 >&4; echo five >&5", {
    stdio: [input, "pipe", "pipe", input, "pipe", "pipe"],
  });
  const [output, four, five] = await Promise.all([
    text(two.stdout),
    text(two.stdio[4] as never),
    text((two.stdio as unknown[])[5] as never),
  ]);
  return [none, fs.readFileSync("out", "utf8"), output, four, five, two.stdio.length];
});
check("spawn: kill", async () => {
  const child = spawn("sleep", ["30"]);
  const first = child.kill("SIGKILL");
  const [code, signal] = await once(child, "exit");
  return [first, child.killed, code, signal, child.kill(), thrown(() => child.kill("SIGNONE" as never))];
});
check("spawn: asking with signal 0", async () => {
  const child = spawn("sleep", ["30"]);
  const asked = [child.kill(0), child.killed];
  child.kill();
  return [asked, await once(child, "close"), child.signalCode];
});
check("spawn: time limit", async () => {
  const before = Date.now();
  const child = spawn("sleep", ["30"], { timeout: 80, killSignal: "SIGINT" });
  const end = await once(child, "close");
  return [end, Date.now() - before < 5000];
});
check("spawn: detached leads a session of its own", async () => {
  const child = sh("cut -d' ' -f1,6 /proc/self/stat; echo $$", { detached: true });
  const [stat = "", own = ""] = (await text(child.stdout)).split("\n");
  return stat.split(" ")[1] === own;
});
check("spawn: output that nobody reads does not keep close away", async () => {
  const child = sh("echo unread");
  return once(child, "close");
});
check("spawn: setEncoding on a child's output", async () => {
  const child = sh("printf 'gr\\303'; sleep 0.05; printf '\\274n'");
  child.stdout?.setEncoding("utf8");
  const parts: unknown[] = [];
  child.stdout?.on("data", (part) => parts.push(part));
  await once(child, "close");
  return parts.join("");
});
check("spawn: many at once", async () => {
  const children = Array.from({ length: 20 }, (_, i) => sh(`echo ${i}; exit ${i}`));
  return Promise.all(
    children.map(async (child) => [
      await text(child.stdout),
      child.exitCode ?? (await once(child, "exit"))[0],
    ]),
  );
});
check("spawn: started from another's exit", async () => {
  const first = sh("exit 1");
  const [code] = await once(first, "exit");
  const second = sh("exit 2");
  return [code, (await once(second, "close"))[0]];
});
check("spawn: SIGPIPE is what it was, no signal is blocked", async () => {
  const status = await text(sh("grep -E 'Sig(Blk|Ign)' /proc/self/status").stdout);
  return status;
});

check("spawnSync: status, output, signal", () => {
  const { pid: _a, ...one } = spawnSync("/bin/sh", ["-c", "echo out; echo err >&2; exit 4"]);
  const { pid: _b, ...two } = spawnSync("/bin/sh", ["-c", "kill -INT $$"], { encoding: "utf8" });
  return [one, two];
});
check("spawnSync: input", () => [
  spawnSync("cat", { input: "text ü" }).stdout,
  spawnSync("cat", [], { input: Buffer.alloc(1_000_000, "x"), maxBuffer: 2_000_000 }).stdout.length,
  spawnSync("cat", { input: new Uint16Array([1, 2]) }).stdout,
  spawnSync("cat").stdout,
  spawnSync("true", { input: Buffer.alloc(500_000) }).status,
]);
check("spawnSync: encodings", () =>
  ["utf8", "latin1", "hex", "buffer"].map(
    (encoding) => spawnSync("printf", ["é"], { encoding: encoding as "utf8" }).stdout,
  ),
);
check("spawnSync: a program that is not there", () => {
  const one = spawnSync("no-such-program", ["x"]);
  const two = spawnSync("true", { cwd: "/no/such", encoding: "utf8" });
  return [one, two];
});
check("spawnSync: time limit and full buffer", () => {
  const before = Date.now();
  const { pid: _a, ...late } = spawnSync("sleep", ["30"], { timeout: 80 });
  const { pid: _b, ...full } = spawnSync("/bin/sh", ["-c", "yes"], { maxBuffer: 10, encoding: "utf8" });
  // how much there is of it is left to chance
  return [late, { ...full, output: null, stdout: full.stdout.slice(0, 10) }, Date.now() - before < 10_000];
});
check("spawnSync: time limit with no pipes", () => {
  const { pid: _, ...late } = spawnSync("sleep", ["30"], {
    timeout: 50,
    stdio: "ignore",
    killSignal: "SIGKILL",
  });
  return late;
});
check("spawnSync: descriptors", () => {
  const fd = fs.openSync("sync-out", "w");
  const { output } = spawnSync("/bin/sh", ["-c", "echo x; echo y >&2"], { stdio: ["ignore", fd, "pipe"] });
  fs.closeSync(fd);
  return [output, fs.readFileSync("sync-out", "utf8")];
});
check("execFileSync", () => [
  execFileSync("echo", ["a"]),
  execFileSync("echo", ["a"], { encoding: "utf8" }),
  execFileSync("cat", { input: "in", encoding: "utf8" }),
  execFileSync("true", { stdio: "ignore" }),
  thrown(() => execFileSync("/bin/sh", ["-c", "exit 7"])),
  thrown(() => execFileSync("/bin/sh", ["-c", "echo why >&2; exit 1"], { stdio: "pipe" })),
  thrown(() => execFileSync("no-such-program")),
  thrown(() => execFileSync("/bin/sh", ["-c", "kill -TERM $$"])),
]);
