import { EOL } from "node:os";
import process, { argv, env } from "node:process";
import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";
import { check, thrown } from "./harness.ts";

check("loop: ticks, microtasks, immediates and timers in their order", async () => {
  const log: string[] = [];
  await new Promise<void>((resolve) => {
    // from a timer: what the order is in the main module differs between CommonJS and ES modules
    setTimeout(() => {
      setTimeout(() => log.push("timeout 1"), 1);
      setTimeout(() => log.push("timeout 0"), 0);
      setTimeout(resolve, 30);
      setImmediate(() => {
        log.push("immediate 1");
        process.nextTick(() => log.push("tick in immediate"));
      });
      setImmediate(() => log.push("immediate 2"));
      Promise.resolve().then(() => {
        log.push("promise");
        process.nextTick(() => log.push("tick in promise"));
        queueMicrotask(() => log.push("microtask in promise"));
      });
      queueMicrotask(() => log.push("microtask"));
      process.nextTick(() => {
        log.push("tick 1");
        Promise.resolve().then(() => log.push("promise in tick"));
        process.nextTick(() => log.push("tick in tick"));
      });
      process.nextTick((a: string, b: string) => log.push(a + b), "tick", " 2");
      log.push("sync");
    }, 5);
  });
  return log;
});
check("loop: timers go by their time, equal ones in turn", async () => {
  const log: string[] = [];
  setTimeout(() => log.push("20"), 20);
  setTimeout(() => log.push("5 a"), 5);
  setTimeout((x: string) => log.push(x), 5, "5 b");
  setTimeout(() => log.push("negative"), -5);
  setTimeout(() => log.push("cleared"), 8).close();
  const cleared = setTimeout(() => log.push("cleared"), 3);
  clearTimeout(cleared);
  clearTimeout(cleared);
  clearTimeout(undefined);
  clearTimeout({} as never);
  const byNumber = setTimeout(() => log.push("cleared"), 3);
  clearTimeout(Number(byNumber));
  await sleep(40);
  return log;
});
check("loop: intervals", async () => {
  const log: number[] = [];
  await new Promise<void>((resolve) => {
    const interval = setInterval(() => {
      log.push(log.length);
      if (log.length < 3) return;
      clearInterval(interval);
      setTimeout(resolve, 15);
    }, 3);
  });
  return log;
});
check("loop: ref, unref, refresh, clearImmediate", async () => {
  const log: unknown[] = [];
  const timer = setTimeout(() => log.push("ran"), 5);
  log.push(timer.hasRef(), timer.unref().hasRef(), timer.ref().hasRef(), timer.refresh() === timer);
  const never = setImmediate(() => log.push("cleared"));
  clearImmediate(never);
  clearImmediate(undefined);
  await sleep(20);
  return log;
});
check("loop: callbacks must be functions", () => [
  thrown(() => setTimeout("code" as never, 1)),
  thrown(() => setInterval(undefined as never)),
  thrown(() => setImmediate(null as never)),
  thrown(() => queueMicrotask(5 as never)),
  thrown(() => process.nextTick({} as never)),
]);
check("loop: timers/promises", async () => {
  const before = Date.now();
  const value = await sleep(15, "value");
  return [value, Date.now() - before >= 13, await immediate("now"), await sleep(1)];
});
check("loop: timers keep their time", async () => {
  const before = process.hrtime.bigint();
  await sleep(30);
  const ms = Number(process.hrtime.bigint() - before) / 1e6;
  const [seconds, ns] = process.hrtime(process.hrtime());
  return [ms >= 29 && ms < 300, seconds, ns >= 0 && ns < 1e9, process.uptime() > 0];
});

check("process: what it says of itself", () => [
  process.platform,
  process.pid > 1,
  process.ppid > 1,
  process.cwd(),
  process.argv === argv,
  process.env === env,
  process.argv.length,
  typeof process.argv0,
  process.execPath.startsWith("/"),
  process.exitCode,
  EOL,
  process === globalThis.process,
]);
check("process: env", () => {
  process.env["CONFORMANCE_NEW"] = "new";
  const seen = [
    env["CONFORMANCE_NEW"],
    env["CONFORMANCE"],
    env["NOT_THERE"],
    "CONFORMANCE" in env,
    "toString" in env,
  ];
  delete process.env["CONFORMANCE_NEW"];
  return [seen, env["CONFORMANCE_NEW"], Object.keys(env).includes("CONFORMANCE")];
});
check("process: chdir and umask", () => {
  const before = process.cwd();
  process.chdir("/");
  const root = process.cwd();
  process.chdir(before);
  const mask = process.umask(0o027);
  const changed = process.umask();
  process.umask("22");
  const text = process.umask(mask);
  return [
    root,
    process.cwd() === before,
    changed,
    text,
    thrown(() => process.chdir("no/such")),
    thrown(() => process.chdir(5 as never)),
  ];
});
check("process: kill", () => [
  process.kill(process.pid, 0),
  thrown(() => process.kill(2 ** 22 + 1, 0)),
  thrown(() => process.kill(process.pid, "SIGNONE")),
  thrown(() => process.kill("1" as never)),
]);
check("process: signals", async () => {
  const log: unknown[] = [];
  const note = (name: string, number: number) => log.push([name, number]);
  process.on("SIGUSR2", note);
  process.once("SIGHUP", note);
  process.kill(process.pid, "SIGUSR2");
  process.kill(process.pid, "SIGHUP");
  await sleep(20);
  process.off("SIGUSR2", note);
  return [log.sort(), process.listenerCount("SIGUSR2"), process.listenerCount("SIGHUP")];
});
check("process: stdout and stderr", () => [
  process.stdout.isTTY,
  process.stdout.columns,
  process.stderr.isTTY,
  process.stdout.fd,
  process.stderr.fd,
  thrown(() => process.stdout.write(5 as never)),
]);
check(
  "process: stdout.write calls back",
  () =>
    new Promise((resolve) => {
      process.stdout.write("", (error) => resolve(error ?? "written"));
    }),
);
check("process: ids", () => [
  process.getuid?.() === process.geteuid?.(),
  process.getgid?.() === process.getegid?.(),
  Array.isArray(process.getgroups?.()),
]);
