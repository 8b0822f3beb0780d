/** The tracers, on real programs of this machine; what they make is run under chroot, which needs root. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { vzBinary } from "../support/machine.ts";
import { type Ended, ok, Workshop } from "../support/tracing.ts";

const shop = new Workshop();
/** A directory of its own for each test. */
let dir = shop.dir;
after(() => shop.remove());
beforeEach(() => {
  shop.next();
  dir = shop.dir;
});
const run: typeof shop.run = (...args) => shop.run(...args);
const bin = join(shop.top, "bin");
mkdirSync(bin);
for (const name of ["strace-trace", "ldd-trace", "ldd-chroot.sh"]) symlinkSync(vzBinary, join(bin, name));

const DATE = ["perl", "-MHTTP::Date", "-e", 'print time2str(time())."\\n"'];
const A_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\n$/;

const trace: typeof shop.trace = (...args) => shop.trace(...args);
const spec: typeof shop.spec = (...args) => shop.spec(...args);

function inRoot(root: string, ...command: string[]): Ended {
  return run("chroot", [join(dir, root), ...command]);
}

test("the example of the readme: perl prints its date, and spec lists what it took", () => {
  assert.equal(run("perl", ["-MHTTP::Date", "-e", "1"]).status, 0, "needs the package libhttp-date-perl");
  const { stdout, stderr } = ok(run(join(bin, "strace-trace"), DATE));
  assert.match(stdout, A_DATE);
  assert.equal(stderr, "");
  const names = spec();
  for (const wanted of [
    /^\/usr\/bin\/perl$/,
    /\/HTTP\/Date\.pm$/,
    /\/libc\.so\.6$/,
    /\/ld-linux[^/]*$/,
    /^\/etc\/localtime$/,
  ]) {
    assert.ok(
      names.some((name) => wanted.test(name)),
      `${wanted} in\n${names.join("\n")}`,
    );
  }
  assert.deepEqual(names, [...new Set(names)].sort());
  for (const name of names) {
    lstatSync(name);
    assert.doesNotMatch(name, /^\/(proc|sys|dev|run|tmp)\/(?!null$|u?random$)/);
  }
});

test("a tool that copies each line of the spec gets a root in which the command runs", () => {
  ok(run(join(bin, "strace-trace"), DATE));
  mkdirSync(join(dir, "root"));
  const pack = "tar -c --no-recursion -P --verbatim-files-from -T spec | tar -x -C root";
  ok(run("sh", ["-c", pack]));
  assert.match(ok(inRoot("root", ...DATE)).stdout, A_DATE);
});

test("--rootfs makes a root in which the same command prints a date under chroot", () => {
  ok(trace("--rootfs", "root", ...DATE));
  assert.match(ok(inRoot("root", ...DATE)).stdout, A_DATE);
  const mode = (name: string) => (statSync(join(dir, "root", name)).mode & 0o7777).toString(8);
  assert.equal(mode("tmp"), "1777");
  assert.deepEqual(readdirSync(join(dir, "root", "proc")), []);
  assert.equal(readlinkSync(join(dir, "root", "lib")), readlinkSync("/lib"));
  const { uid, mtimeMs } = statSync("/usr/bin/perl");
  const copy = statSync(join(dir, "root/usr/bin/perl"));
  assert.deepEqual([copy.uid, Math.floor(copy.mtimeMs / 1000)], [uid, Math.floor(mtimeMs / 1000)]);
  assert.deepEqual(readdirSync(dir).sort(), ["root", "spec"]);
});

test("--bundle makes a bundle that the runner runs, with nothing of the operator's environment", () => {
  ok(run(vzBinary, ["trace", "--bundle", "b", ...DATE], { SECRET: "hidden", TZ: "UTC" }));
  const config = JSON.parse(readFileSync(join(dir, "b/config.json"), "utf8"));
  assert.equal(config.ociVersion, "1.0.2");
  assert.deepEqual(config.process.args, DATE);
  assert.equal(config.root.readonly, true);
  assert.ok(config.process.env.includes("TZ=UTC"));
  assert.doesNotMatch(JSON.stringify(config), /SECRET|hidden/);
  assert.match(ok(run(vzBinary, ["runch", "start", join(dir, "b")])).stdout, A_DATE);
});

test("--image makes an image that verifies, and leaves nothing beside it", () => {
  ok(trace("--image", "date.tar.gz", "--", ...DATE));
  ok(run(vzBinary, ["image", "verify", "date.tar.gz"]));
  const { name, command } = JSON.parse(
    ok(run(vzBinary, ["image", "inspect", "--json", "date.tar.gz"])).stdout,
  );
  assert.equal(name, "perl");
  assert.deepEqual(command, DATE);
  assert.deepEqual(readdirSync(dir).sort(), ["date.tar.gz", "spec"]);
});

test("the command runs as without a tracer: input, output, environment, descriptors, terminal, status", () => {
  assert.equal(ok(run(vzBinary, ["trace", "cat"], {}, "in\n")).stdout, "in\n");
  const plain = run("env", []).stdout;
  assert.equal(trace("env").stdout, plain);
  const descriptors = ["sh", "-c", "ls /proc/self/fd | wc -l"];
  assert.equal(trace(...descriptors).stdout, run(descriptors[0] ?? "", descriptors.slice(1)).stdout);
  const onTerminal = `${vzBinary} trace sh -c 'test -t 0 && test -t 1 && test -t 2 && echo all'`;
  assert.match(ok(run("script", ["-qec", onTerminal, "/dev/null"])).stdout, /all/);
  assert.equal(trace("sh", "-c", "exit 7").status, 7);
  assert.equal(trace("sh", "-c", "kill -USR1 $$").status, 128 + 10);
});

test("arguments reach the command whole", () => {
  const words = ["a b", "", "c\nd", "'\"\\", "-o", "--rootfs"];
  const shown = `${words.map((word) => `<${word}>`).join("")}`;
  assert.equal(ok(trace("sh", "-c", 'printf "<%s>" "$@"', "sh", ...words)).stdout, shown);
});

test("names of any bytes are listed and copied", () => {
  const names = ['q"u', "a b", "n\nl", "\xff\xfe", "gr\xc3\xbc\xc3\x9fe", "back\\slash"];
  mkdirSync(join(dir, "odd"));
  for (const name of names) writeFileSync(Buffer.from(join(dir, "odd", name), "latin1"), "x");
  ok(trace("--rootfs", "root", "sh", "-c", "cat odd/*"));
  const listed = spec().flatMap((name) =>
    name.startsWith(`${dir}/odd/`) ? [name.slice(dir.length + 5)] : [],
  );
  assert.deepEqual(listed, names.map((name) => name.replace("\n", "\\n")).sort());
  const copies = readdirSync(join(dir, "root", dir, "odd"), { encoding: "buffer" });
  assert.deepEqual(copies.map((name) => name.toString("latin1")).sort(), [...names].sort());
});

test("files that the run made are left out, files that it read and changed are kept", () => {
  writeFileSync(join(dir, "read"), "1");
  writeFileSync(join(dir, "log"), "1");
  const script = `echo > new; cat new read; echo >> log; mkdir d; echo > d/f; mv new moved; ln -s read link; cat link
    echo > next; mv next read; perl -e 'open F, "+>>made"; print F 1'; cat made`;
  ok(trace("sh", "-c", script));
  const own = spec().filter((name) => name.startsWith(`${dir}/`));
  assert.deepEqual(own, [join(dir, "log"), join(dir, "read")]);
});

test("relative names, other directories, scripts behind scripts, failed probes", () => {
  mkdirSync(join(dir, "sub"));
  writeFileSync(join(dir, "sub/data"), "data");
  writeFileSync(join(dir, "inner"), "#!/bin/sh\ncd sub && exec cat ../sub/data\n");
  writeFileSync(join(dir, "outer"), `#!${dir}/inner\n`);
  for (const name of ["inner", "outer"]) chmodSync(join(dir, name), 0o755);
  ok(
    run(vzBinary, ["trace", "--rootfs", "root", "./outer"], {
      PATH: `/nowhere:${process.env["PATH"]}`,
    }),
  );
  const own = spec().filter((name) => name.startsWith(`${dir}/`));
  assert.deepEqual(
    own,
    ["inner", "outer", "sub", "sub/data"].map((name) => join(dir, name)),
  );
  assert.equal(ok(inRoot("root", "/bin/sh", "-c", `cd ${dir} && ./outer`)).stdout, "data");
});

test("a 32-bit program is read as a 64-bit one is, and a static one needs no loader", () => {
  ok(trace(vzBinary, "--version"));
  assert.ok(spec().includes(vzBinary));
  assert.ok(!spec().some((name) => name.includes("/ld-linux")));
});

test("a static program runs in a root with little beside it", () => {
  ok(trace("--rootfs", "root", "busybox", "cat", "/etc/hostname"));
  assert.equal(
    ok(inRoot("root", "busybox", "cat", "/etc/hostname")).stdout,
    readFileSync("/etc/hostname", "latin1"),
  );
  assert.deepEqual(
    spec().filter((name) => !name.startsWith("/etc/") && !lstatSync(name).isSymbolicLink()),
    ["/usr/bin/busybox"].filter((name) => existsSync(name)),
  );
});

test("a directory of state that the program only looked at is in the root, and no other that it looked at", () => {
  ok(trace("perl", "-e", 'exit !(-d "/var/lib/dpkg" && -d "/usr/share/doc")'));
  const names = spec();
  assert.deepEqual([names.includes("/var/lib/dpkg"), names.includes("/usr/share/doc")], [true, false]);
});

test("users are found by name in the new root", () => {
  ok(trace("--rootfs", "root", "id", "root"));
  assert.match(ok(inRoot("root", "id", "nobody")).stdout, /\(nobody\)/);
});

test("-o names the spec, be it a file or a pipe", () => {
  ok(trace("-o", "other", "true"));
  assert.deepEqual(readdirSync(dir), ["other"]);
  const piped = ok(run("sh", ["-c", `${vzBinary} trace -o /dev/stdout true | cat`]));
  assert.equal(piped.stdout, readFileSync(join(dir, "other"), "latin1"));
});

test("after a failure there is the spec only, and the command's status", () => {
  const { status, stderr } = trace("--rootfs", "root", "sh", "-c", "exit 3");
  assert.equal(status, 3);
  assert.match(stderr, /sh failed \(3\): only spec was written/);
  assert.deepEqual(readdirSync(dir), ["spec"]);
});

test("what cannot work is told before the command runs", () => {
  mkdirSync(join(dir, "full"));
  writeFileSync(join(dir, "full/file"), "mine");
  writeFileSync(join(dir, "text"), "no program");
  writeFileSync(join(dir, "junk"), "no program", { mode: 0o755 });
  writeFileSync(join(dir, "script"), "#!/no/interpreter\n", { mode: 0o755 });
  const touch = ["touch", "ran"];
  const cases: [string[], number, RegExp][] = [
    [["--rootfs", "full", ...touch], 64, /^vz: full: not empty\nhint: --force/],
    [["--rootfs", "a", "--image", "b.tar", ...touch], 64, /choose one/],
    [["--image", "b.zip", ...touch], 64, /b\.zip/],
    [["--image", "b.tar", "--name", "a/b", ...touch], 64, /not a name/],
    [["-o", "none/spec", ...touch], 64, /none\/spec: cannot be written/],
    [["--rotfs", "a", ...touch], 64, /did you mean --rootfs/],
    [[], 64, /which command/],
    [["no-such-program"], 127, /no-such-program: command not found/],
    [["./text"], 126, /\.\/text: permission denied/],
    [["./junk"], 126, /\.\/junk: neither an ELF program nor a script/],
    [["./script"], 127, /\.\/script: its interpreter \/no\/interpreter is not there/],
    [["--rootfs", ".", "--force", ...touch], 64, /holds, the current directory/],
    [["--image", "text/b.tar", ...touch], 64, /cannot be made in \S+\/text: not a directory/],
    [["--report", "none/report", ...touch], 64, /\nhint: --report FILE/],
    [[vzBinary, "trace", "true"], 125, /true: cannot be traced/],
  ];
  for (const [args, status, message] of cases) {
    const ended = trace(...args);
    assert.equal(ended.status, status, `${args.join(" ")}: ${ended.stderr}`);
    assert.match(ended.stderr, message);
  }
  assert.equal(run(vzBinary, ["trace", join("/bin", "true")], { PATH: "/nowhere" }).status, 125);
  assert.deepEqual(readdirSync(dir).sort(), ["full", "junk", "script", "spec", "text"]);
  assert.equal(readFileSync(join(dir, "full/file"), "utf8"), "mine");
  ok(trace("--rootfs", "full", "--force", "true"));
  assert.ok(!existsSync(join(dir, "full/file")));
});

function start(...args: string[]): { child: ChildProcess; ended: Promise<[number | null, string | null]> } {
  const child = spawn(vzBinary, ["trace", ...args], { cwd: dir, stdio: "ignore" });
  return {
    child,
    ended: new Promise((resolve) => child.on("exit", (code, signal) => resolve([code, signal]))),
  };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail(`${what}: not within 10 s`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end("GET /page HTTP/1.0\r\n\r\n"));
    let text = "";
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(text.includes("hello")));
  });
}

for (const [how, flags, signal] of [
  ["in the foreground", ["-f"], "SIGINT"],
  ["that went to the background", [], "SIGTERM"],
] as const) {
  test(`a daemon ${how} is stopped by a signal to the tracer, and all is made`, async () => {
    const port = flags.length > 0 ? 47_811 : 47_812;
    mkdirSync(join(dir, "www"));
    writeFileSync(join(dir, "www/page"), "hello");
    const command = ["busybox", "httpd", ...flags, "-p", `127.0.0.1:${port}`, "-h", join(dir, "www")];
    const { child, ended } = start("--rootfs", "root", ...command);
    await until("the page", () => answers(port));
    child.kill(signal);
    assert.deepEqual(await ended, [0, null]);
    assert.equal(await answers(port), false, "the daemon has ended");
    const foreground = command.includes("-f") ? command : [...command, "-f"];
    const again = spawn("chroot", [join(dir, "root"), ...foreground], { stdio: "ignore" });
    try {
      await until("the page from the new root", () => answers(port));
    } finally {
      again.kill();
    }
  });
}

test("killed while it copies it leaves nothing half-made, and the next run sweeps what lies about", async () => {
  const files = Array.from({ length: 40 }, (_, i) => join(dir, `big${i}`));
  for (const file of files) {
    writeFileSync(file, "");
    truncateSync(file, 8 << 20);
  }
  const command = ["head", "-qc1", ...files];
  const { child, ended } = start("--rootfs", "root", ...command);
  const left = () => readdirSync(dir).filter((name) => name.startsWith(".root.vz-"));
  await until("the copy to begin", () => left().length > 0);
  child.kill("SIGKILL");
  await ended;
  assert.ok(!existsSync(join(dir, "root")), "it was killed in the middle");
  assert.equal(left().length, 1);
  const second = start("--rootfs", "root", ...command);
  await until("the second copy to begin", () => left().some((name) => name.endsWith(`-${second.child.pid}`)));
  second.child.kill("SIGTERM");
  assert.deepEqual(await second.ended, [null, "SIGTERM"]);
  assert.deepEqual(left(), []);
  ok(trace("--rootfs", "root", ...command));
  assert.ok(existsSync(join(dir, "root", files[39] ?? "")));
});

test("setuid programs are told of, and have their rights with --setuid", () => {
  const file = join(dir, "helper");
  writeFileSync(file, readFileSync("/usr/bin/id"), { mode: 0o755 });
  spawnSync("chown", ["nobody", file]);
  chmodSync(file, 0o4755);
  const careless = ok(trace("sh", "-c", `${file} -un`));
  assert.match(careless.stderr, /helper is setuid and ran without its rights: trace with --setuid/);
  assert.equal(careless.stdout, "root\n");
  const careful = ok(trace("--setuid", "sh", "-c", `${file} -un`));
  assert.equal(careful.stdout, "nobody\n");
  assert.equal(careful.stderr, "");
  assert.equal(
    ok(trace(file, "-un")).stdout,
    "nobody\n",
    "when it is the command itself, without being asked",
  );
});

test("a file that not everybody may read is listed with a warning", () => {
  const file = join(dir, "secret");
  writeFileSync(file, "x", { mode: 0o600 });
  assert.match(ok(trace("cat", file)).stderr, /secret is not readable by all, and listed/);
});

test("memory does not grow with the length of the run", async () => {
  const peak = async (opens: number): Promise<number> => {
    const loop = `for (1..${opens}) { open F, "<", "/etc/passwd" or die; close F } sleep 1`;
    const { child, ended } = start("perl", "-e", loop);
    let most = 0;
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
        most = Math.max(most, Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0));
      } catch {
        // It has ended.
      }
    }, 100);
    assert.deepEqual(await ended, [0, null]);
    clearInterval(timer);
    return most;
  };
  // The longer run writes some 10 MB more of log; how much of it is read at once differs from run to run.
  const short = await peak(30_000);
  const long = await peak(120_000);
  assert.ok(short > 0 && long < short + 2048, `${short} KB for 30,000 opens, ${long} KB for 120,000`);
});

const LIB = /^\+ cp -a (\S+) ls-chroot(\S+)$/;

test("ldd-trace makes a chroot in which ls runs, and prints what it does; its old name does the same again", () => {
  const { stdout } = ok(run(join(bin, "ldd-trace"), ["ls-chroot", "ls"]));
  const lines = stdout.trimEnd().split("\n");
  const made = new Set<string>();
  for (const line of lines) {
    const directory = /^\+\+ mkdir -p ls-chroot(\S+)$/.exec(line)?.[1];
    if (directory !== undefined) {
      assert.ok(!made.has(directory), `${line}: once`);
      made.add(directory);
      continue;
    }
    const [, from = "", to = ""] = LIB.exec(line) ?? assert.fail(line);
    assert.ok(made.has(to.slice(0, to.lastIndexOf("/"))), `${line}: its directory was made before`);
    assert.ok(lstatSync(from).isFile(), `${from}: the real file`);
    assert.ok(lstatSync(join(dir, "ls-chroot", to)).isFile());
  }
  assert.equal(lines.at(-1), "+ cp -a /usr/bin/ls ls-chroot/usr/bin/ls");
  assert.match(lines.at(-3) ?? "", /\/ld-linux/);
  const listed = ok(inRoot("ls-chroot", "ls")).stdout.split("\n");
  for (const name of ["dev", "etc", "lib", "proc", "run", "sys", "tmp", "usr"])
    assert.ok(listed.includes(name), name);
  assert.ok(existsSync(join(dir, "ls-chroot/etc/resolv.conf")));
  assert.equal(ok(run(join(bin, "ldd-chroot.sh"), ["ls-chroot", "ls"])).stdout, stdout);
});

test("ldd-trace refuses the system's own root, a link that leads out, and what is no program", () => {
  const cases: [string[], number, RegExp][] = [
    [["/", "ls"], 64, /is the root of this system/],
    [["c", "no-such"], 127, /no-such: command not found/],
    [["c", "/etc/passwd"], 126, /permission denied/],
    [["c"], 64, /which programs/],
  ];
  for (const [args, status, message] of cases) {
    const ended = run(join(bin, "ldd-trace"), args);
    assert.equal(ended.status, status, ended.stderr);
    assert.match(ended.stderr, message);
  }
  assert.deepEqual(readdirSync(dir), []);
  mkdirSync(join(dir, "c"));
  symlinkSync("/usr", join(dir, "c/usr"));
  assert.match(run(join(bin, "ldd-trace"), ["c", "ls"]).stderr, /c\/usr: exists and is no directory/);
});
