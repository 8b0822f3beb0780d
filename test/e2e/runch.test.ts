/**
 * `runch` on this machine's kernel, three times over: as it is; with mounts and namespaces refused; with every system call
 * that Linux 2.6.32 lacks answered ENOSYS. Bundles are made of Debian's busybox-static. Needs root.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Result, run, until } from "../support/lab.ts";
import { vzBinary } from "../support/machine.ts";

let dir = "";
let root = "";

before(() => {
  dir = mkdtempSync(join(tmpdir(), "vz-runch-"));
  root = join(dir, "state");
  symlinkSync(vzBinary, join(dir, "runch"));
});

after(async () => {
  for (const id of (await runch(["list", "-q"])).stdout.split("\n")) {
    if (id !== "") await runch(["delete", "--force", id]);
  }
  assert.equal(mountsBelow(dir), "", "no mount is left");
  rmSync(dir, { recursive: true, force: true });
});

/** System calls of i386 above 336 and of amd64 above 298; one that this strace does not know is left out ("?"). */
const NEWER_THAN_2_6_32 = (
  "recvmmsg fanotify_init fanotify_mark prlimit64 name_to_handle_at open_by_handle_at clock_adjtime syncfs sendmmsg setns " +
  "getcpu process_vm_readv process_vm_writev kcmp finit_module sched_setattr sched_getattr renameat2 seccomp getrandom " +
  "memfd_create kexec_file_load bpf execveat userfaultfd membarrier mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect " +
  "pkey_alloc pkey_free statx io_pgetevents rseq clock_gettime64 clock_settime64 clock_adjtime64 clock_getres_time64 " +
  "clock_nanosleep_time64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 utimensat_time64 " +
  "pselect6_time64 ppoll_time64 io_pgetevents_time64 recvmmsg_time64 mq_timedsend_time64 mq_timedreceive_time64 " +
  "semtimedop_time64 rt_sigtimedwait_time64 futex_time64 sched_rr_get_interval_time64 pidfd_send_signal io_uring_setup " +
  "io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open clone3 close_range " +
  "openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset " +
  "landlock_add_rule landlock_restrict_self memfd_secret process_mrelease futex_waitv set_mempolicy_home_node"
)
  .split(" ")
  .map((name) => `?${name}`)
  .join(",");

const profiles: Readonly<Record<string, readonly string[]>> = {
  "with mount namespaces": [],
  "with mounts refused": ["setpriv", "--bounding-set=-sys_admin"],
  "on Linux 2.6.32": ["strace", "-f", "-o", "/dev/null", "-e", `inject=${NEWER_THAN_2_6_32}:error=ENOSYS`],
};

function runch(args: readonly string[], prefix: readonly string[] = [], input = ""): Promise<Result> {
  const [file = "", ...words] = [...prefix, join(dir, "runch"), "--root", root, ...args];
  return run(file, words, { cwd: dir, input });
}

/** As runch, for commands that leave a process behind: it would keep pipes open. Gives the exit status. */
function leaving(args: readonly string[]): Promise<unknown> {
  const child = spawn(join(dir, "runch"), ["--root", root, ...args], { stdio: "ignore" });
  return new Promise((resolve) => child.on("exit", resolve));
}

interface Parts {
  process?: object;
  linux?: object;
  [field: string]: unknown;
}

/** Makes a bundle whose root filesystem holds busybox alone. */
function bundle(name: string, args: readonly string[], parts: Parts = {}): string {
  const path = join(dir, name);
  const bin = join(path, "rootfs/bin");
  mkdirSync(bin, { recursive: true });
  copyFileSync("/bin/busybox", join(bin, "busybox"));
  for (const applet of [
    "sh",
    "cat",
    "id",
    "sleep",
    "true",
    "ls",
    "chown",
    "hostname",
    "setsid",
    "touch",
    "stat",
  ]) {
    if (!existsSync(join(bin, applet))) symlinkSync("busybox", join(bin, applet));
  }
  const { process, ...more } = parts;
  const config = {
    ociVersion: "1.0.2",
    root: { path: "rootfs" },
    linux: { namespaces: [{ type: "mount" }] },
    ...more,
    process: { args, cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 }, ...process },
  };
  writeFileSync(join(path, "config.json"), JSON.stringify(config));
  return path;
}

function mountsBelow(path: string): string {
  return readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.split(" ")[1]?.startsWith(path))
    .join("\n");
}

function stateOf(id: string) {
  return JSON.parse(readFileSync(join(root, id, "state.json"), "utf8"));
}

for (const [profile, prefix] of Object.entries(profiles)) {
  const refused = profile === "with mounts refused";

  test(`${profile}: the program gets its arguments, environment, directory and identity as they are written`, async () => {
    const script =
      'for a; do printf "<%s>" "$a"; done; echo; pwd; umask; ulimit -n; id -u; id -g; id -G; echo "$ODD|$HOME"; cat';
    const odd = ["two words", 'it\'s "quoted"', "line\nbreak", "", "$HOME `id` \\", "ü€"];
    const path = bundle("asis", ["sh", "-c", script, "sh", ...odd], {
      process: {
        cwd: "/made/for it",
        env: ["PATH=/bin", "ODD=a=b 'c'\nd"],
        user: { uid: 1234, gid: 2345, additionalGids: [7, 8], umask: 0o027 },
        rlimits: [{ type: "RLIMIT_NOFILE", soft: 99, hard: 100 }],
      },
    });
    const { status, stdout } = await runch(["start", path], prefix, "from standard input");
    assert.equal(status, 0);
    assert.deepEqual(stdout.split("\n"), [
      '<two words><it\'s "quoted"><line',
      "break><><$HOME `id` \\><ü€>",
      "/made/for it",
      "0027",
      // amd64's glibc has no other way to ask for a limit than a call that Linux 2.6.32 lacks
      ...(profile === "on Linux 2.6.32" ? [stdout.split("\n")[4]] : ["99"]),
      "1234",
      "2345",
      "2345 7 8",
      "a=b 'c'",
      "d|/",
      "from standard input",
    ]);
  });

  test(`${profile}: the exit status is the program's own, and 125, 126 and 127 are runch's`, async () => {
    const end = async (name: string, args: readonly string[], parts?: Parts) =>
      runch(["start", bundle(name, args, parts)], prefix);
    assert.equal((await end("seven", ["sh", "-c", "exit 7"])).status, 7);
    assert.equal((await end("killed", ["sh", "-c", "kill -TERM $$"])).status, 143);
    const nowhere = await end("nowhere", ["nosuch"]);
    assert.equal(nowhere.status, 127);
    assert.match(
      nowhere.stderr,
      /^vz: nosuch: executable file not found in \$PATH \(\/bin\) in the container$/m,
    );
    const plain = bundle("plain", ["/bin/plain"]);
    writeFileSync(join(plain, "rootfs/bin/plain"), "no program");
    chmodSync(join(plain, "rootfs/bin/plain"), 0o644);
    const denied = await runch(["start", plain], prefix);
    assert.equal(denied.status, 126);
    assert.match(
      denied.stderr,
      /^vz: \/bin\/plain: permission denied: not executable \(its mode is 0644\)$/m,
    );
    chmodSync(join(plain, "rootfs/bin/plain"), 0o755);
    assert.match(
      (await runch(["start", plain], prefix)).stderr,
      /\/bin\/plain: not a program for this machine/,
    );
    writeFileSync(join(plain, "rootfs/bin/plain"), "#!/usr/bin/perl\n");
    const lost = await runch(["start", plain], prefix);
    assert.equal(lost.status, 126);
    assert.match(lost.stderr, /\/bin\/plain: its interpreter "\/usr\/bin\/perl" is not in the container/);
    const bare = bundle("bare", ["true"], { root: { path: "nothing" } });
    const rootless = await runch(["start", bare], prefix);
    assert.equal(rootless.status, 125);
    assert.match(rootless.stderr, /^vz: root filesystem .*\/bare\/nothing: no such file or directory$/m);
  });

  test(`${profile}: root has the capabilities that are listed, and no other`, async () => {
    const script = "touch /x; chown 1 /x && echo may || echo may not";
    const none = await runch(["start", bundle("nocaps", ["sh", "-c", script])], prefix);
    assert.equal(none.stdout, "may not\n");
    const list = ["CAP_CHOWN", "CAP_DAC_OVERRIDE"];
    const capabilities = { bounding: list, effective: list, permitted: list };
    const some = await runch(
      ["start", bundle("caps", ["sh", "-c", script], { process: { capabilities } })],
      prefix,
    );
    assert.equal(some.stdout, "may\n");
  });

  test(`${profile}: no descriptor of the caller reaches the program`, async () => {
    const path = bundle("fds", ["sh", "-c", "(: <&9) 2>/dev/null && echo leak || echo none"]);
    const line = `exec 9</etc/passwd; exec "$@"`;
    const { stdout } = await runch(["start", path], ["sh", "-c", line, "sh", ...prefix]);
    assert.equal(stdout, "none\n");
  });

  test(`${profile}: the container's process is runch's own, and its root is the bundle's`, async () => {
    const path = bundle("pid", ["sh", "-c", "echo $$; ls /"]);
    const child = spawn("sh", [
      "-c",
      'echo $$; exec "$@"',
      "sh",
      ...[...prefix, join(dir, "runch")],
      "--root",
      root,
      "start",
      path,
    ]);
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
    });
    await new Promise((resolve) => child.on("close", resolve));
    const [outer, inner, ...names] = text.trim().split("\n");
    // strace stands between in its profile
    if (profile !== "on Linux 2.6.32") assert.equal(inner, outer);
    assert.equal(names.includes("bin"), true);
    assert.equal(names.includes("usr"), false);
    assert.equal(stateOf("pid").pid, Number(inner));
  });

  test(`${profile}: the devices of the specification are there`, async () => {
    const path = bundle("devs", [
      "sh",
      "-c",
      "echo x >/dev/null && stat -c '%n %t,%T' /dev/null /dev/zero /dev/urandom",
    ]);
    const { stdout } = await runch(["start", path], prefix);
    assert.equal(stdout, "/dev/null 1,3\n/dev/zero 1,5\n/dev/urandom 1,9\n");
  });

  test(`${profile}: what is asked for and not had is told, a line each, and refused in strict`, async () => {
    const path = bundle("short", ["true"], {
      mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
      linux: { namespaces: [{ type: "mount" }, { type: "time" }], intelRdt: { closID: "x" } },
    });
    const { status, stderr } = await runch(["start", path], prefix);
    assert.equal(status, 0, stderr);
    const told = [...stderr.matchAll(/^runch: short: runs without (.*) \(.*\)$/gm)].map(([, what]) => what);
    const expected = ["time namespace", "linux.intelRdt"];
    // seen as they are tried, in this order
    if (refused) expected.push("mount namespace", "mounts[0] (/proc)");
    assert.deepEqual(told.slice(0, expected.length), expected, stderr);
    const strict = await runch(["--strict", "start", path], prefix);
    assert.equal(strict.status, 125);
    assert.match(strict.stderr, /^vz: time namespace: .*\nhint: isolation is strict/);
  });
}

test("limits are set without prlimit64", async () => {
  const path = bundle("limits", ["cat", "/proc/self/limits"], {
    process: { rlimits: [{ type: "RLIMIT_NOFILE", soft: 99, hard: 100 }] },
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
  });
  const { stdout } = await runch(["start", path], profiles["on Linux 2.6.32"]);
  assert.match(stdout, /^Max open files +99 +100 /m);
});

test("mounts are made in order, with their options, and nowhere but inside the root", async () => {
  const outside = join(dir, "outside");
  mkdirSync(join(outside, "data"), { recursive: true });
  writeFileSync(join(outside, "data/file"), "shared");
  const script =
    "cat /data/file; touch /data/new 2>/dev/null || echo readonly; stat -c %a /scratch; cat /proc/mounts; ls /evil /etc";
  const path = bundle("mounts", ["sh", "-c", script], {
    root: { path: "rootfs", readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec"] },
      {
        destination: "/scratch",
        type: "tmpfs",
        source: "tmpfs",
        options: ["mode=1770", "size=64k", "nodev"],
      },
      { destination: "/data", source: join(outside, "data"), options: ["rbind", "ro"] },
      { destination: "/evil/etc", source: join(outside, "data"), options: ["bind"] },
      { destination: "/etc/one", source: join(outside, "data/file"), options: ["bind"] },
    ],
    linux: {
      namespaces: [{ type: "mount" }],
      maskedPaths: ["/proc/version", "/proc/nosuch"],
      readonlyPaths: ["/scratch"],
    },
  });
  rmSync(join(path, "rootfs/evil"), { force: true });
  symlinkSync(`../../../../../../../..${outside}`, join(path, "rootfs/evil"));
  const { status, stdout, stderr } = await runch(["start", path]);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.match(stdout, /^sharedreadonly\n1770\n/);
  assert.match(stdout, / \/proc proc rw,nosuid,noexec,/);
  assert.match(stdout, / \/scratch tmpfs ro,nodev,.*size=64k/);
  assert.match(stdout, / \/data [^ ]+ ro,/);
  assert.match(stdout, / \/proc\/version /);
  assert.match(stdout, /^[^ ]+ \/ [^ ]+ ro,/m);
  // the link's target was made inside of the root, and the real one was not touched
  assert.deepEqual(readdirSync(outside), ["data"]);
  assert.ok(lstatSync(join(path, "rootfs", outside, "etc")).isDirectory());
  assert.equal(mountsBelow(dir), "");
});

test("a host name is the container's alone", async () => {
  const own = readFileSync("/proc/sys/kernel/hostname", "utf8");
  const linux = { namespaces: [{ type: "mount" }, { type: "uts" }] };
  const { stdout } = await runch(["start", bundle("named", ["hostname"], { hostname: "inner", linux })]);
  assert.equal(stdout, "inner\n");
  assert.equal(readFileSync("/proc/sys/kernel/hostname", "utf8"), own);
  const bad = await runch(["start", bundle("renamer", ["hostname"], { hostname: "inner" })]);
  assert.equal(bad.status, 125);
  assert.match(bad.stderr, /hostname: without a uts namespace it would rename the whole machine/);
});

test("a bind mount that is refused stops the start: the program would write elsewhere", async () => {
  const mounts = [{ destination: "/data", source: "/etc", options: ["bind"] }];
  const path = bundle("bound", ["true"], { mounts });
  const { status, stderr } = await runch(["start", path], profiles["with mounts refused"]);
  assert.equal(status, 125);
  assert.match(stderr, /^vz: mounts\[0\] \(\/data\): operation not permitted\nhint: /);
});

test("chroot alone: mounts that a dead instance left are undone by the next start and by delete, their files are not", async () => {
  const data = join(dir, "kept");
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "file"), "precious");
  const mounts = [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/data", source: data, options: ["rbind"] },
  ];
  const path = bundle("left", ["cat", "/data/file"], { mounts, root: { path: "rootfs", readonly: true } });
  const count = () => mountsBelow(path).split("\n").length;
  assert.equal((await runch(["--isolation=chroot", "start", path])).stdout, "precious");
  const first = count();
  assert.ok(first >= 2, "chroot leaves its mounts");
  assert.equal((await runch(["--isolation=chroot", "start", path])).stdout, "precious");
  assert.equal(count(), first, "they do not pile up");
  assert.equal((await runch(["delete", "left"])).status, 0);
  assert.equal(mountsBelow(path), "");
  assert.equal(readFileSync(join(data, "file"), "utf8"), "precious");
});

test("under vz's annotations output goes to a log that is cut back, and short runs wait", async () => {
  const log = join(dir, "logs/slow.log");
  const annotations = { "vz.log": log, "vz.log.limit": "1000", "vz.backoff": "true" };
  const path = bundle("slow", ["sh", "-c", "echo out; echo err >&2; cat"], { annotations });
  const first = await runch(["start", path], [], "not for the container");
  assert.deepEqual([first.status, first.stdout, first.stderr], [0, "", ""]);
  assert.equal(readFileSync(log, "utf8"), "out\nerr\n");
  assert.deepEqual([stateOf("slow").restarts, stateOf("slow").quick], [0, 0]);

  writeFileSync(log, Array.from({ length: 300 }, (_, i) => `line ${i}\n`).join(""));
  const second = await runch(["start", path]);
  assert.ok(second.ms >= 1000, `the second start came after ${second.ms} ms`);
  assert.deepEqual([stateOf("slow").restarts, stateOf("slow").quick], [1, 1]);
  const text = readFileSync(log, "utf8");
  assert.ok(text.length <= 600, `${text.length} bytes`);
  assert.match(text, /^line \d+\n/);
  assert.match(text, /line 299\nrunch: slow: its last run was short: waiting 1 s\nout\nerr\n$/);
});

test("why a container could not be started stands in its state, and while it waits it reads failed", async () => {
  const path = bundle("never", ["nosuch"], { annotations: { "vz.backoff": "true" } });
  assert.equal((await runch(["start", path])).status, 127);
  assert.equal(stateOf("never").status, "failed");
  assert.match(stateOf("never").reason, /^cannot start: nosuch: executable file not found/);
  writeFileSync(join(path, "config.json"), "{");
  const again = runch(["start", path]);
  await until("the waiting start to write its state", 30_000, () =>
    /not JSON/.test(stateOf("never").reason ?? ""),
  );
  assert.equal(stateOf("never").status, "failed");
  const result = await again;
  assert.equal(result.status, 125);
  assert.match(result.stderr, /vz: config\.json: not JSON/);
});

test("a container that runs is not started twice", async () => {
  const path = bundle("once", ["sleep", "1000"]);
  const first = runch(["start", path]);
  await until("the first to run", 30_000, async () =>
    (await runch(["state", "once"])).stdout.includes('"running"'),
  );
  const comm = `/proc/${stateOf("once").pid}/comm`;
  await until("it to be its program", 30_000, () => readFileSync(comm, "utf8") === "sleep\n");
  const second = await runch(["start", path]);
  assert.equal(second.status, 125);
  assert.match(second.stderr, /^vz: container once: runs already \(pid \d+\)$/m);
  assert.equal((await runch(["kill", "once", "KILL"])).status, 0);
  assert.equal((await first).status, 137);
});

test("run -d, state, list, kill and delete do as runc's", async () => {
  const pidFile = join(dir, "bg.pid");
  const path = bundle("bg", ["sleep", "1000"]);
  assert.equal(await leaving(["run", "-d", "--pid-file", pidFile, "-b", path, "bg"]), 0);
  const state = JSON.parse((await runch(["state", "bg"])).stdout);
  assert.deepEqual([state.id, state.status, state.bundle], ["bg", "running", join(dir, "bg")]);
  assert.equal(readFileSync(pidFile, "utf8"), String(state.pid));
  const rows: { id: string; pid: number }[] = JSON.parse((await runch(["list", "--format", "json"])).stdout);
  assert.equal(rows.find(({ id }) => id === "bg")?.pid, state.pid);
  assert.match((await runch(["list"])).stdout, /^bg +\d+ +running +\//m);
  const refused = await runch(["delete", "bg"]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /container bg: is running/);
  assert.equal((await runch(["run", "-d", "-b", join(dir, "bg"), "bg"])).status, 125);
  assert.equal((await runch(["kill", "bg", "BOGUS"])).status, 64);
  assert.equal((await runch(["kill", "bg", "KILL"])).status, 0);
  await until("its end", 30_000, async () => (await runch(["state", "bg"])).stdout.includes('"stopped"'));
  assert.equal((await runch(["kill", "bg"])).status, 1);
  assert.equal((await runch(["delete", "bg"])).status, 0);
  assert.equal((await runch(["state", "bg"])).status, 1);
  assert.equal((await runch(["delete", "--force", "bg"])).status, 0);
});

test("a pid that another process has by now is left alone", async () => {
  const bystander = spawn("sleep", ["1000"]);
  // start times are told in hundredths of a second
  await sleep(50);
  assert.equal(await leaving(["run", "-d", "-b", bundle("reused", ["true"]), "reused"]), 0);
  const file = join(root, "reused/state.json");
  writeFileSync(file, JSON.stringify({ ...stateOf("reused"), pid: bystander.pid }));
  assert.match((await runch(["state", "reused"])).stdout, /"status": "stopped"/);
  assert.equal((await runch(["kill", "reused", "KILL"])).status, 1);
  assert.equal((await runch(["delete", "--force", "reused"])).status, 0);
  await sleep(100);
  assert.equal(bystander.exitCode ?? bystander.signalCode, null, "it lives");
  bystander.kill("SIGKILL");
});

test("create parks the container until start, and a program that is missing is told by create", async () => {
  const mark = join(dir, "parked/rootfs/mark");
  const path = bundle("parked", ["sh", "-c", "touch /mark; sleep 1000"]);
  assert.equal(await leaving(["create", "-b", path, "parked"]), 0);
  assert.match((await runch(["state", "parked"])).stdout, /"status": "created"/);
  assert.equal(existsSync(mark), false);
  assert.equal((await runch(["start", "parked"])).status, 0);
  await until("the program", 30_000, () => existsSync(mark));
  assert.equal((await runch(["start", "parked"])).status, 1);
  assert.equal((await runch(["delete", "--force", "parked"])).status, 0);
  const missing = await runch(["create", "-b", bundle("missing", ["nosuch"]), "missing"]);
  assert.equal(missing.status, 127);
  assert.equal(existsSync(join(root, "missing")), false);
});

test("run in the foreground passes signals on and forgets the container at its end", async () => {
  const path = bundle("fore", ["sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done"]);
  const child = spawn(join(dir, "runch"), ["--root", root, "run", "-b", path, "fore"]);
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const status = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(status, 9);
  assert.equal(existsSync(join(root, "fore")), false);
});

test("a signal that comes before the program runs reaches it, and leaves nothing behind", async () => {
  const path = bundle("early", ["sh", "-c", "trap 'exit 9' TERM; while :; do sleep 0.1; done"]);
  for (const delay of [1, 2, 3, 4, 5, 6, 8, 12]) {
    const child = spawn(join(dir, "runch"), ["--root", root, "run", "-b", path, "early"], {
      stdio: "ignore",
    });
    setTimeout(() => child.kill("SIGTERM"), delay);
    const [code, signal] = await once(child, "exit");
    // Before runch listens nothing runs yet; before the shell's trap the signal ends the shell.
    assert.ok(signal === "SIGTERM" || code === 143 || code === 9, `after ${delay} ms: ${code} ${signal}`);
    const left = await run("pgrep", ["-f", "^sh -c trap 'exit 9' TERM; while"]);
    assert.equal(left.stdout, "", `after ${delay} ms`);
    await runch(["delete", "--force", "early"]);
  }
});

test("a pid namespace makes the program the first process, where runch stays to wait", async () => {
  const linux = { namespaces: [{ type: "mount" }, { type: "pid" }] };
  const { status, stdout, stderr } = await runch([
    "run",
    "-b",
    bundle("first", ["sh", "-c", "echo $$"], { linux }),
    "first",
  ]);
  assert.deepEqual([status, stdout, stderr], [0, "1\n", ""]);
});

test("delete --force also ends what has left the container's session", async () => {
  const path = bundle("daemon", ["sh", "-c", "setsid sleep 1001 & setsid sleep 1002 & exec sleep 1000"]);
  assert.equal(await leaving(["run", "-d", "-b", path, "daemon"]), 0);
  const inside = () => {
    const { ino } = lstatSync(join(path, "rootfs"));
    return readdirSync("/proc").filter((pid) => {
      try {
        return /^\d+$/.test(pid) && lstatSync(`/proc/${pid}/root/.`).ino === ino;
      } catch {
        return false;
      }
    }).length;
  };
  await until("three processes", 30_000, () => inside() === 3);
  assert.equal((await runch(["delete", "--force", "daemon"])).status, 0);
  assert.equal(inside(), 0);
});

test("ids that are paths are refused before anything is touched", async () => {
  for (const id of ["..", ".", "../x", "/abs", "a/b", ""]) {
    const { status } = await runch(["delete", "--force", id]);
    assert.equal(status, 64, JSON.stringify(id));
  }
  assert.ok(existsSync(root));
});

test("help, version and mistakes on the command line", async () => {
  const help = await run(join(dir, "runch"), ["--help"]);
  assert.match(help.stdout, /^runch - OCI container runner/);
  assert.match((await runch(["kill", "--help"])).stdout, /^runch kill - sends a signal/);
  assert.match((await run(join(dir, "runch"), ["--version"])).stdout, /^runch version \d.*\nspec: 1\./);
  const log = join(dir, "errors.log");
  const failed = await runch(["--log", log, "--log-format=json", "start", bundle("logged", ["nosuch"])]);
  assert.equal(failed.status, 127);
  assert.match(JSON.parse(readFileSync(log, "utf8")).msg, /^nosuch: executable file not found/);
  const many: [string[], RegExp][] = [
    [["checkpoint", "x"], /checkpoint: not supported/],
    [["fly"], /fly: no such command/],
    [["crate"], /crate: no such command\nhint: did you mean runch create\?/],
    [["start"], /start: an argument is missing/],
    [["run", "--pidfd-socket", "s", "x"], /unknown option --pidfd-socket/],
    [["list", "--format", "xml"], /neither table nor json/],
    [["kill", "a", "TERM", "b"], /too many arguments: b/],
  ];
  for (const [words, message] of many) {
    const { status, stderr } = await runch(words);
    assert.equal(status, 64, stderr);
    assert.match(stderr, message);
  }
});
