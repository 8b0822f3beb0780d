/** `vz trace --check`: the same command again in the new root, what differs, and that nothing is left behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { vzBinary } from "../support/machine.ts";
import { ok, Workshop } from "../support/tracing.ts";

const shop = new Workshop();
after(() => shop.remove());
beforeEach(() => shop.next());

const REDIS = resolve("docs/recipes/redis.yaml");

test("--check: the same in the new root is 0, and leaves nothing behind", () => {
  writeFileSync(join(shop.dir, "input"), "one\ntwo\n");
  mkdirSync(join(shop.dir, "tmp"));
  const script = "cat; echo err >&2; cat /etc/hostname";
  const options = ["trace", "--check", "--check-input", "input", "sh", "-c", script];
  const checked = ok(shop.run(vzBinary, options, { TMPDIR: join(shop.dir, "tmp") }));
  assert.equal(checked.stdout, `one\ntwo\n${readFileSync("/etc/hostname", "latin1")}`);
  assert.equal(checked.stderr, "err\n");
  assert.deepEqual(readdirSync(shop.dir).sort(), ["input", "spec", "tmp"]);
  assert.deepEqual(readdirSync(join(shop.dir, "tmp")), []);
});

test("--check names the first file that is missing, and the first line that differs", () => {
  for (const [exclude, missing] of [
    ["/etc/hostname", /first file missed there: \/etc\/hostname\n/],
    ["/usr/bin/cat", /first file missed there: \/usr\/bin\/cat\n/],
    ["/usr/lib64/ld-*", /first file missed there: \S*\/ld-/],
    ["libc.so.6", /first file missed there: \S*\/libc\.so\.6\n/],
  ] as const) {
    const { status, stderr } = shop.trace("--check", "--exclude", exclude, "cat", "/etc/hostname");
    assert.equal(status, 2, stderr);
    assert.match(stderr, /check: exit status 0 here, exit status \d+ there/);
    assert.match(stderr, missing);
  }
  const listed = shop.trace("--check", "ls", "/etc/default");
  assert.equal(listed.status, 2);
  assert.match(listed.stderr, /stdout differs in line 1: "/);
  assert.match(listed.stderr, /directories hold less there: --include '\/etc\/default\/\*\*'\n/);
  ok(shop.trace("--check", "--include", "/etc/default/**", "ls", "/etc/default"));
});

test("--check-status leaves the output alone", () => {
  const time = ["sh", "-c", "date +%N; cat /etc/hostname"];
  ok(shop.trace("--check-status", "--image", "i.tar", ...time));
  assert.ok(existsSync(join(shop.dir, "i.tar")));
  assert.equal(shop.trace("--check-status", "--exclude", "/etc/hostname", ...time).status, 2);
});

test("--check of a recipe's daemon: that it came up there too, and was used", () => {
  assert.equal(shop.run("redis-server", ["--version"]).status, 0, "needs the package redis-server");
  ok(shop.trace("--check", "--recipe", REDIS));
  const broken = shop.trace("--check", "--exclude", "libssl.so.*", "--recipe", REDIS);
  assert.equal(broken.status, 2);
  assert.match(broken.stderr, /first file missed there: \S*\/libssl\.so\.\d+\n/);
});

test("--check of a command that fails here says that there is nothing to check", () => {
  const { status, stderr } = shop.trace("--check", "sh", "-c", "exit 3");
  assert.equal(status, 3);
  assert.equal(stderr, "vz trace: sh failed (3): only spec was written\n");
});

test("--check is refused where it has nothing to compare", () => {
  assert.equal(shop.trace("--check", "--no-run", "--include", "/bin/ls", "ls").status, 64);
  assert.equal(shop.trace("--check-input", "x", "true").status, 64);
  assert.equal(shop.trace("--check", "--check-input", "none", "true").status, 64);
  const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
  const refused = shop.run("setpriv", [...nobody, vzBinary, "trace", "--check", "-o", "/dev/null", "true"]);
  assert.equal(refused.status, 77, refused.stderr);
});

/** Starts a check whose temporary files go to `tmp`, sends TERM once `isTime`, and gives how it ended. */
async function stopped(
  args: readonly string[],
  isTime: (tmp: string) => boolean,
): Promise<[number | null, string]> {
  const tmp = join(shop.dir, "tmp");
  mkdirSync(tmp);
  const env = { ...process.env, LC_ALL: "C", TMPDIR: tmp };
  const child = spawn(vzBinary, ["trace", "--check", ...args], {
    cwd: shop.dir,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (data) => {
    text += data;
  });
  const ended = new Promise<[number | null, string | null]>((done) => {
    child.on("close", (code, signal) => done([code, signal]));
  });
  for (let i = 0; i < 2000 && !isTime(tmp); i++) await sleep(5);
  assert.ok(isTime(tmp), text);
  child.kill("SIGTERM");
  const [code, signal] = await ended;
  assert.deepEqual(readdirSync(tmp), []);
  return [signal === "SIGTERM" ? 143 : code, text];
}

function runs(...command: string[]): boolean {
  const wanted = `${command.join("\0")}\0`;
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1") === wanted;
    } catch {
      return false;
    }
  });
}

test("TERM while the command runs in the new root ends it there, and leaves nothing behind", async () => {
  const script = "test -e /etc/hostname || exec sleep 31.7";
  const options = ["--exclude", "/etc/hostname", "--include", "/usr/bin/sleep", "sh", "-c", script];
  const [status, stderr] = await stopped(options, () => runs("sleep", "31.7"));
  assert.equal(status, 143, stderr);
  assert.equal(stderr, "vz: vz trace: --check: ended by SIGTERM\n");
  assert.ok(!runs("sleep", "31.7"));
});

test("TERM while the new root is filled leaves nothing behind", async () => {
  const many = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`many/${i}`, ""]));
  shop.files(many);
  const filling = (tmp: string) =>
    readdirSync(tmp).some((name) => readdirSync(join(tmp, name)).some((one) => one.startsWith("check-")));
  const [status, stderr] = await stopped(["--include", `${shop.dir}/many/**`, "true"], filling);
  assert.equal(status, 143, stderr);
});
