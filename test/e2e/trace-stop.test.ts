/** How a traced daemon is stopped, and that what stops, continues and ends the command passes through the tracer. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { vzBinary } from "../support/machine.ts";
import { Workshop } from "../support/tracing.ts";

const shop = new Workshop();
after(() => shop.remove());
beforeEach(() => shop.next());

/** A daemon that is ready when the file "ready" is there; with "-d" it goes to the background as daemons do. */
const DAEMON = `static void end(int signal) { unlink("ready"); _exit(0); }
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-d")) { if (fork()) { pause(); } setsid(); kill(getppid(), SIGKILL); }
    if (!strcmp(argv[i], "-b")) { if (fork()) return 0; setsid(); if (fork()) return 0; }
    if (!strcmp(argv[i], "-h")) { signal(SIGTERM, SIG_IGN); signal(SIGHUP, SIG_IGN); }
    if (!strcmp(argv[i], "-c")) { signal(SIGTERM, end); signal(SIGQUIT, end); }
  }
  usleep(200000);
  close(open("data", O_RDONLY));
  close(open("ready", O_CREAT | O_WRONLY, 0644));
  for (;;) pause();
}`;

function start(...args: string[]): {
  child: ChildProcess;
  ended: Promise<[number | null, string | null]>;
  err: () => string;
} {
  let text = "";
  const child = spawn(vzBinary, ["trace", ...args], { cwd: shop.dir, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr?.on("data", (data) => {
    text += data;
  });
  const ended = new Promise<[number | null, string | null]>((resolve) =>
    child.on("close", (code, signal) => resolve([code, signal])),
  );
  return { child, ended, err: () => text };
}

async function ready(): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (existsSync(join(shop.dir, "ready"))) return;
    await sleep(25);
  }
  assert.fail("the daemon is not ready within 5 s");
}

function prepare(): void {
  shop.files({ data: "" });
  shop.compile("daemon", DAEMON);
}

/** Processes of this test that are left. */
function left(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith(`${shop.dir}/`);
    } catch {
      return false;
    }
  });
}

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;
for (const signal of SIGNALS) {
  for (const [how, flag] of [
    ["in the foreground", ""],
    ["in the background", "-b"],
  ] as const) {
    test(`${signal} to the tracer stops a daemon ${how}, and all is made`, async () => {
      prepare();
      const daemon = [join(shop.dir, "daemon"), flag].filter((word) => word !== "");
      const { child, ended, err } = start("--rootfs", "root", ...daemon);
      await ready();
      child.kill(signal);
      assert.deepEqual(await ended, [0, null], err());
      assert.deepEqual(left(), []);
      assert.deepEqual(shop.own(), ["daemon", "data"]);
      assert.ok(existsSync(join(shop.dir, "root", shop.dir, "data")));
    });
  }
}

test("without a product the status is the command's own", async () => {
  prepare();
  const { child, ended } = start("./daemon");
  await ready();
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [143, null]);
});

test("--for stops the daemon after a fraction of a second, with status 0 and all made", async () => {
  prepare();
  for (const flags of [[], ["-b"], ["-c"]]) {
    const before = Date.now();
    const { ended, err } = start(
      "--for",
      "0.6",
      "--rootfs",
      "root",
      "--force",
      join(shop.dir, "daemon"),
      ...flags,
    );
    assert.deepEqual(await ended, [0, null], err());
    assert.ok(Date.now() - before >= 600);
    assert.equal(err(), "");
    assert.deepEqual(left(), []);
    assert.ok(existsSync(join(shop.dir, "root", shop.dir, "data")));
  }
});

test("--for stops what the command's shell started too", async () => {
  prepare();
  const before = Date.now();
  const { ended, err } = start("--for", "0.5", "sh", "-c", `${shop.dir}/daemon & wait`);
  assert.deepEqual(await ended, [0, null], err());
  assert.ok(Date.now() - before < 8000, "not by KILL after the grace");
  assert.deepEqual(left(), []);
});

test("a command that is done before --for ends has its own status, at once", async () => {
  const before = Date.now();
  assert.deepEqual(await start("--for", "30", "sh", "-c", "exit 3").ended, [3, null]);
  assert.ok(Date.now() - before < 10_000);
});

test("who ignores TERM is killed 10 s after it, and that is said", async () => {
  prepare();
  const { ended, err } = start("--for", "0.5", "--rootfs", "root", join(shop.dir, "daemon"), "-h");
  assert.deepEqual(await ended, [0, null]);
  assert.equal(err(), "vz trace: still running 10 s after TERM: killed\n");
  assert.deepEqual(left(), []);
  assert.ok(existsSync(join(shop.dir, "root", shop.dir, "data")));
});

test("--until stops the daemon once the check succeeds; the check is not traced", async () => {
  prepare();
  for (const flags of [[], ["-b"]]) {
    rmSync(join(shop.dir, "ready"), { force: true });
    const check = "cat /etc/hostname; test -e ready";
    const { ended, err } = start(
      "--until",
      check,
      "--rootfs",
      "root",
      "--force",
      join(shop.dir, "daemon"),
      ...flags,
    );
    assert.deepEqual(await ended, [0, null], err());
    assert.equal(err(), "");
    assert.deepEqual(left(), []);
    assert.deepEqual(shop.own(), ["daemon", "data"]);
    assert.ok(!shop.spec().includes("/etc/hostname"));
  }
});

test("--until that does not succeed within --for fails with 124: the spec only is written", async () => {
  prepare();
  const { ended, err } = start(
    "--until",
    "sleep 77 & wait",
    "--for",
    "0.5",
    "--rootfs",
    "root",
    join(shop.dir, "daemon"),
  );
  assert.deepEqual(await ended, [124, null]);
  assert.match(err(), /--until did not succeed within 0\.5 s: the run is stopped/);
  assert.match(err(), /failed \(124\): only spec was written/);
  assert.ok(existsSync(join(shop.dir, "spec")));
  assert.ok(!existsSync(join(shop.dir, "root")));
  assert.deepEqual(left(), []);
});

test("a command that ends before --until succeeds is told of", async () => {
  const { ended, err } = start("--until", "false", "sh", "-c", "exit 4");
  assert.deepEqual(await ended, [4, null]);
  assert.match(err(), /the command ended before --until succeeded/);
});

test("bad numbers and empty checks are refused before the run", () => {
  for (const text of ["x", "-1", "1e3", "1s", "99999999"]) {
    const ended = shop.trace(`--for=${text}`, "touch", "ran");
    assert.equal(ended.status, 64, text);
    assert.match(ended.stderr, /--for .*: no number of seconds/);
  }
  assert.equal(shop.trace("--until", " ", "touch", "ran").status, 64);
  assert.deepEqual(readdirSync(shop.dir), []);
});

test("statuses and signals of the command come through", () => {
  for (const status of [0, 1, 77, 126, 127, 200])
    assert.equal(shop.trace("sh", "-c", `exit ${status}`).status, status);
  for (const [signal, number] of [
    ["KILL", 9],
    ["SEGV", 11],
    ["USR1", 10],
    ["ABRT", 6],
  ] as const)
    assert.equal(shop.trace("sh", "-c", `ulimit -c 0; kill -${signal} $$`).status, 128 + number);
});

test("a command that is stopped and continued goes on", async () => {
  const { ended } = start("sh", "-c", "(sleep 0.5; kill -CONT $$) & kill -STOP $$; : < /etc/hostname");
  assert.deepEqual(await ended, [0, null]);
  assert.ok(shop.spec().includes("/etc/hostname"));
});

test("on a terminal: a job that is stopped by TSTP and brought back, and a shell with jobs of its own", () => {
  const stopped = `set -m; "$VZ" trace sh -c 'kill -TSTP 0; echo continued'; jobs; fg`;
  const first = shop.run("script", ["-qec", `bash -c '${stopped.replaceAll("'", "'\\''")}'`, "/dev/null"], {
    VZ: vzBinary,
  });
  assert.match(first.stdout, /Stopped/);
  assert.match(first.stdout, /continued/);
  const inner = `"$VZ" trace bash --norc -ic 'sleep 0.1 & fg; echo inner; tty'`;
  const second = shop.run("script", ["-qec", inner, "/dev/null"], { VZ: vzBinary });
  assert.equal(second.status, 0, second.stdout);
  assert.match(second.stdout, /inner\r\n\/dev\/pts\//);
  assert.doesNotMatch(second.stdout, /no job control|cannot set terminal/);
});

test("what is typed reaches the command, and a key's signal reaches it once", () => {
  const count = `trap "echo got" INT; read line; echo "<$line>"; kill -INT $$; sleep 0.1`;
  const typed = shop.run("sh", ["-c", `(sleep 0.5; echo typed; sleep 1) | script -qec "$WHAT" /dev/null`], {
    WHAT: `${vzBinary} trace sh -c '${count}'`,
  });
  assert.match(typed.stdout, /<typed>/);
  assert.equal(typed.stdout.match(/got/g)?.length, 1);
});
