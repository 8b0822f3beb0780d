/** `vz lab` as issue and design promise it. Every test drives dist/vz and looks at the machine, not at what vz says. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab, type LabOptions, okOutput, type Result, run, startLab, until, vz } from "../support/lab.ts";
import { assertNothingLeft, claims, traces } from "../support/lab-left.ts";
import { is32, vzBinary } from "../support/machine.ts";

const SIGSYS = 31;

interface Row {
  name: string;
  address: string;
  vendor: string;
  state: string;
  kind: string;
  arch: string;
  init: string;
  pid: number | null;
  memory: number;
}

async function rows(lab: Lab): Promise<Row[]> {
  return JSON.parse(await lab.ok("lab", "ls", "--json")) as Row[];
}

async function row(lab: Lab, i: number): Promise<Row> {
  return (await rows(lab))[i - 1] ?? assert.fail(`no row of vps${i}`);
}

/** Programs that run in the pid namespace of `pid`. */
function inside(pid: number): string[] {
  const namespace = readlinkSync(`/proc/${pid}/ns/pid`);
  return readdirSync("/proc")
    .filter((other) => /^[0-9]+$/.test(other))
    .flatMap((other) => {
      try {
        if (readlinkSync(`/proc/${other}/ns/pid`) !== namespace) return [];
        return [readFileSync(`/proc/${other}/comm`, "utf8").trim()];
      } catch {
        return [];
      }
    })
    .sort();
}

async function octetOf(lab: Lab): Promise<string | undefined> {
  return (await row(lab, 1)).address.split(".")[2];
}

/** Whether a TCP connection comes about, is refused, or nothing is heard. */
async function knock(lab: Lab, i: number): Promise<"answers" | "refused" | "silent"> {
  const result = await run("bash", ["-c", `exec 3<>/dev/tcp/${lab.address(i)}/22`], { timeout: 1500 });
  if (result.status === 0) return "answers";
  return result.status === 137 ? "silent" : "refused";
}

/** A program for both ABIs that makes one system call without arguments and exits with its errno. */
function compileCall(dir: string, bits: 32 | 64, number: number): string {
  const out = join(dir, `call${bits}-${number}`);
  const enter = bits === 32 ? "int $0x80" : "syscall";
  const [nr, arg, exit] = bits === 32 ? ["eax", "ebx", 1] : ["rax", "rdi", 60];
  writeFileSync(
    `${out}.s`,
    `.globl _start\n_start: mov $${number}, %${nr}\n xor %${arg}, %${arg}\n ${enter}\n neg %${nr}\n` +
      ` mov %${nr}, %${arg}\n mov $${exit}, %${nr}\n ${enter}\n`,
  );
  const flags = [`-m${bits}`, "-static", "-nostdlib", "-o", out, `${out}.s`];
  okOutput("gcc", { stdout: "", ms: 0, ...pick(spawnSync("gcc", flags, { encoding: "utf8" })) });
  return out;
}

function pick(ended: { status: number | null; stderr: string }): Pick<Result, "status" | "stderr"> {
  return { status: ended.status ?? 1, stderr: ended.stderr };
}

/** Puts a program on vps1 and runs it. */
async function runOn(lab: Lab, program: string): Promise<number> {
  const command = "cat > /tmp/program && chmod 755 /tmp/program && /tmp/program; echo $?";
  return Number(await lab.sshOk(1, command, { input: readFileSync(program) }));
}

for (const init of ["busybox", "sysv"] as const) {
  describe(`three VPSes with ${init}'s init`, () => {
    let lab: Lab;
    let cameUp: Result;

    before(async () => {
      // The first lab of a machine makes the root filesystem, which does not count.
      await (await startLab(1)).down();
      lab = new Lab(`e2e-${init}-${process.pid}`);
      cameUp = await lab.up(3, { init });
    });
    after(() => lab.down());

    test("they come up within ten seconds", () => {
      assert.ok(cameUp.ms < 10_000, `took ${cameUp.ms} ms`);
    });

    test("up tells where they are and what to try", () => {
      for (const i of [1, 2, 3]) assert.match(cameUp.stdout, new RegExp(`vps${i} +${lab.address(i)} `));
      assert.match(cameUp.stdout, /vz lab ssh 1/);
    });

    test("fleet.yaml names them, and stays as it is unless --force says otherwise", async () => {
      const text = readFileSync(lab.fleetFile, "utf8");
      for (const i of [1, 2, 3]) assert.match(text, new RegExp(`vps${i}: \\{address: ${lab.address(i)},`));
      writeFileSync(lab.fleetFile, "mine\n");
      await lab.up(3, { init });
      assert.equal(readFileSync(lab.fleetFile, "utf8"), "mine\n");
      await lab.ok("lab", "up", "3", "--init", init, "--force");
      assert.equal(readFileSync(lab.fleetFile, "utf8"), text);
    });

    test("an init of its own is PID 1 of each, in a userland of the first architecture that runs here", async () => {
      const program = init === "sysv" ? "/usr/sbin/init" : "/usr/bin/busybox";
      const { kind, arch } = await row(lab, 1);
      assert.deepEqual([kind, arch], ["namespace", is32 ? "i386" : "amd64"]);
      const [machine, bits] = arch === "i386" ? ["i686", "32"] : ["x86_64", "64"];
      for (const i of [1, 2, 3]) {
        const seen = await lab.sshOk(i, "readlink /proc/1/exe; uname -m; uname -n; getconf LONG_BIT");
        assert.deepEqual(seen.trim().split("\n"), [program, machine, `vps${i}`, bits]);
      }
    });

    test("up says which architecture they have, and why", () => {
      assert.match(cameUp.stderr, /^vz: lab: (i386|amd64) namespaces: this machine's kernel runs .+$/m);
    });

    test("init and sshd are all that runs", async () => {
      const { pid } = await row(lab, 3);
      assert.ok(pid !== null);
      const idle = await until("no session lingers", 30_000, () => {
        const names = inside(pid);
        return names.length === 2 && names;
      });
      assert.deepEqual(idle, ["init", "sshd"]);
    });

    test("there is no python, node or perl anywhere", async () => {
      const find =
        "find / -xdev -path /var/lib/dpkg -prune -o -type f -perm /111 '(' -name 'python*' -o -name 'perl*' -o -name 'node*' ')' -print";
      assert.equal(await lab.sshOk(1, find), "");
      for (const name of ["perl", "python", "python3", "node"])
        assert.notEqual((await lab.ssh(1, `command -v ${name}`)).status, 0, name);
    });

    test("root gets in with the lab's key and with no other", async () => {
      assert.equal((await lab.sshOk(1, "id -u")).trim(), "0");
      const other = join(lab.dir, "other");
      spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
      const refused = await run("ssh", [...lab.sshOptions(other), `root@${lab.address(1)}`, "id"]);
      assert.equal(refused.status, 255);
      assert.match(refused.stderr, /Permission denied \(publickey/);
    });

    test("each has a network of its own, without a way out", async () => {
      assert.match(await lab.sshOk(1, "ip -br addr"), new RegExp(`^eth0\\S* +UP +${lab.address(1)}/24`, "m"));
      assert.doesNotMatch(await lab.sshOk(1, "ip route"), /default/);
    });

    test("an sshd that is killed is started again by init", async () => {
      const listener = "ps -o pid= -C sshd --ppid 1 | head -1";
      const first = (await lab.sshOk(2, listener)).trim();
      await lab.ssh(2, `kill -9 ${first}`);
      const second = await until("sshd", 30_000, async () => (await lab.ssh(2, listener)).stdout.trim());
      assert.notEqual(second, first);
    });

    test("a line added to inittab is respawned, and stopped when it is gone", async () => {
      const line = init === "sysv" ? "t1:2:respawn:/bin/sleep 987" : "::respawn:/bin/sleep 987";
      const running = async () => (await lab.ssh(2, "pgrep -fx '/bin/sleep 987'")).stdout.trim();
      await lab.sshOk(2, `echo '${line}' >> /etc/inittab; kill -HUP 1`);
      const first = await until("started", 30_000, running);
      await lab.sshOk(2, `kill -9 ${first}`);
      await until("respawned", 30_000, async () => (await running()) !== "" && (await running()) !== first);
      await lab.sshOk(2, "sed -i '/sleep 987/d' /etc/inittab; kill -HUP 1");
      await until("stopped", 10_000, async () => (await running()) === "");
    });

    test("kill is silence, and boot returns to the same disk and nothing else", async () => {
      await lab.sshOk(2, "echo kept > /var/lib/kept; echo lost > /run/lost; sync");
      const before = await row(lab, 2);
      const session = spawn("ssh", [...lab.sshOptions(), `root@${lab.address(2)}`, "echo in; sleep 60"]);
      await new Promise((resolve) => session.stdout.once("data", resolve));
      await lab.kill(2);
      assert.equal((await row(lab, 2)).state, "dead");
      assert.equal(before.pid !== null && existsSync(`/proc/${before.pid}`), false);
      assert.equal(await knock(lab, 2), "silent");
      // Nothing said goodbye.
      assert.equal(session.exitCode, null);
      session.kill("SIGKILL");
      assert.equal((await lab.ssh(1, "true")).status, 0);
      await lab.boot(2);
      assert.equal(await lab.sshOk(2, "cat /var/lib/kept; test ! -e /run/lost"), "kept\n");
    });

    test("cut is silence too, and what was open goes on after mend", async () => {
      const session = spawn("ssh", [
        ...lab.sshOptions(),
        `root@${lab.address(3)}`,
        "read a; echo got $a; read b; echo got $b",
      ]);
      let heard = "";
      session.stdout.setEncoding("utf8").on("data", (text: string) => {
        heard += text;
      });
      session.stdin.write("one\n");
      await until("an answer", 30_000, () => heard === "got one\n");
      await lab.cut(3);
      assert.equal((await row(lab, 3)).state, "cut");
      assert.equal(await knock(lab, 3), "silent");
      session.stdin.write("two\n");
      await sleep(700);
      assert.equal(heard, "got one\n");
      await lab.mend(3);
      await until("the rest", 10_000, () => heard === "got one\ngot two\n");
      await until("it answers", 10_000, async () => (await knock(lab, 3)) === "answers");
      session.kill("SIGKILL");
    });

    test("its own reboot boots it again, its own poweroff leaves it dead", async () => {
      const { pid } = await row(lab, 3);
      await lab.ssh(3, "reboot", { timeout: 5000 });
      await until("another PID 1", 10_000, async () => {
        const now = await row(lab, 3);
        return now.state === "up" && now.pid !== pid;
      });
      await until("sshd", 30_000, async () => (await lab.ssh(3, "true")).status === 0);
      await lab.ssh(3, "poweroff", { timeout: 5000 });
      await until("dead", 10_000, async () => (await row(lab, 3)).state === "dead");
      await lab.boot(3);
      assert.equal((await lab.ssh(3, "true")).status, 0);
    });

    test("up again changes nothing that runs, and brings up what is down", async () => {
      const before = await rows(lab);
      await lab.kill(1);
      await lab.up(3, { init });
      const now = await rows(lab);
      assert.deepEqual(
        now.map(({ state }) => state),
        ["up", "up", "up"],
      );
      assert.deepEqual(
        now.slice(1).map(({ pid }) => pid),
        before.slice(1).map(({ pid }) => pid),
      );
      const other = await lab.vz("lab", "up", "3", "--init", init === "sysv" ? "busybox" : "sysv");
      assert.equal(other.status, 1);
      assert.match(other.stderr, /^vz: lab \S+: is up already, with other settings\nhint: vz lab down/);
    });

    test("a VPS dies with its runner, and boots again", async () => {
      const [runner] = readFileSync(`/run/vz-lab/${lab.name}/vps1/runner.pid`, "utf8").split(" ");
      const { pid } = await row(lab, 1);
      process.kill(Number(runner), "SIGKILL");
      await until("PID 1 is gone", 30_000, () => !existsSync(`/proc/${pid}`));
      assert.equal((await row(lab, 1)).state, "dead");
      await lab.boot(1);
      assert.equal((await lab.ssh(1, "true")).status, 0);
    });

    test("vz lab ssh runs a command and gives its status", async () => {
      const result = await lab.vz("lab", "ssh", "vps2", "hostname;", "exit", "7");
      assert.deepEqual([result.status, result.stdout], [7, "vps2\n"]);
    });

    test("another lab beside it has addresses of its own, and ends without touching it", async () => {
      const second = await startLab(1, { init });
      assert.notEqual(await octetOf(second), await octetOf(lab));
      await second.down();
      assert.equal((await lab.ssh(1, "true")).status, 0);
    });

    test("down leaves no process, link, mount, control group or file behind, and can be run again", async () => {
      const octet = await octetOf(lab);
      const pids = (await rows(lab)).map(({ pid }) => pid);
      assert.ok(traces(lab.name, octet).length > 10);
      await lab.ok("lab", "down");
      await assertNothingLeft(lab, octet);
      for (const pid of pids) assert.equal(existsSync(`/proc/${pid}`), false);
      assert.equal(await lab.ok("lab", "down"), `lab ${lab.name} was not up\n`);
    });
  });
}

describe("a poor VPS", () => {
  let lab: Lab;
  let dir: string;
  const bits = is32 ? 32 : 64;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "vz-calls-"));
    const only: LabOptions = is32 ? { only32: true } : { only64: true };
    lab = await startLab(1, { init: "sysv", mem: 64, openvz: true, kernel: "2.6.32", ...only });
  });
  after(async () => {
    rmSync(dir, { recursive: true });
    await lab.down();
  });

  const runThere = (program: string) => runOn(lab, program);

  test("a process that wants more memory than there is gets killed, and the VPS lives", async () => {
    const eater = await lab.ssh(1, "head -c 200m /dev/zero | tail >/dev/null; echo $?");
    assert.match(eater.stdout, /^(137|143)$/m);
    assert.match(await lab.sshOk(1, "cat /proc/meminfo"), /^MemTotal: +65536 kB$/m);
  });

  test("root may not mount or make namespaces, but may chroot and make devices", async () => {
    for (const command of [
      "mount -t tmpfs none /mnt",
      "unshare -m true",
      "unshare -U true",
      "umount /proc",
    ]) {
      const result = await lab.ssh(1, command);
      assert.notEqual(result.status, 0, command);
      assert.match(result.stderr, /permi|superuser/i, command);
    }
    await lab.sshOk(1, "chroot / true; mknod /tmp/null c 1 3 && echo x > /tmp/null");
  });

  test("this machine's own disks cannot be opened, whatever root makes", async () => {
    assert.match((await lab.ssh(1, "mknod /tmp/disk b 254 0; head -c1 /tmp/disk")).stderr, /not permitted/);
  });

  test("root cannot change the kernel that it shares", async () => {
    assert.notEqual((await lab.ssh(1, "echo 1 > /proc/sys/vm/panic_on_oom")).status, 0);
    assert.notEqual((await lab.ssh(1, "echo s > /proc/sysrq-trigger")).status, 0);
  });

  test("a system call that 2.6.32 lacks answers ENOSYS, its own do not", async () => {
    const ENOSYS = 38;
    const [statx, memfdCreate, getpid] = bits === 32 ? [383, 356, 20] : [332, 319, 39];
    for (const number of [statx, memfdCreate])
      assert.equal(await runThere(compileCall(dir, bits, number)), ENOSYS);
    assert.notEqual(await runThere(compileCall(dir, bits, getpid)), ENOSYS);
  });

  test("a program of the other kind dies of SIGSYS", async () => {
    const getpid = bits === 32 ? compileCall(dir, 64, 39) : compileCall(dir, 32, 20);
    assert.equal(await runThere(getpid), 128 + SIGSYS);
  });
});

describe("a VPS of 64 bits", () => {
  let lab: Lab;
  let dir: string;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "vz-calls-"));
    lab = await startLab(1, { only64: true });
  });
  after(async () => {
    rmSync(dir, { recursive: true });
    await lab.down();
  });

  test("has an amd64 userland, in which a 32-bit program starts and dies of SIGSYS", async () => {
    assert.equal(await lab.sshOk(1, "uname -m; getconf LONG_BIT"), "x86_64\n64\n");
    assert.equal((await row(lab, 1)).arch, "amd64");
    assert.notEqual(await runOn(lab, compileCall(dir, 64, 39)), 128 + SIGSYS);
    const ended = await runOn(lab, compileCall(dir, 32, 20));
    if (is32) assert.equal(ended, 128 + SIGSYS);
    else assert.notEqual(ended, 0);
  });

  test("is what there is where the kernel runs no 32-bit code, and namespaces of i386 are refused there", async () => {
    const other = new Lab(`e2e-no32-${process.pid}`);
    after(() => other.down());
    const env = { ...other.env, VZ_TEST_NO32: "1" };
    const plain = await vz(["lab", "up", "1"], { cwd: other.dir, env, timeout: 300_000 });
    assert.match(okOutput("up", plain), /^vps1 +\S+ +\S+ +up +namespace +amd64 /m);
    assert.match(plain.stderr, /^vz: lab: amd64 namespaces: .* no i386$/m);
    const refused = await vz(["lab", "up", "1", "--arch", "i386"], { cwd: other.dir, env });
    assert.deepEqual(
      [refused.status, refused.stderr],
      [
        77,
        "vz: vz lab up: this machine's kernel runs no i386 programs\n" +
          "hint: vz lab up 1 --vm --arch i386 makes machines that do\n",
      ],
    );
  });
});

describe("an interrupted lab", () => {
  /** Runs `vz lab up 2` and sends it `signal` after `ms`. */
  async function interruptUp(lab: Lab, signal: NodeJS.Signals, ms: number): Promise<void> {
    const child = spawn(vzBinary, ["lab", "up", "2"], {
      cwd: lab.dir,
      env: { ...process.env, ...lab.env },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    await sleep(ms);
    child.kill(signal);
    await ended;
  }

  const moments = [3, 10, 20, 40, 60, 80, 110, 150, 200, 300];

  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    test(`by ${signal} at any moment is cleared away by down`, async () => {
      const lab = new Lab(`e2e-${signal.toLowerCase()}-${process.pid}`);
      for (const ms of moments) {
        await interruptUp(lab, signal, ms);
        const [octet] = claims(lab.name);
        await lab.ok("lab", "down");
        await assertNothingLeft(lab, octet);
      }
      await lab.down();
    });

    test(`by ${signal} at any moment is completed by up`, async () => {
      const lab = new Lab(`e2e-${signal.toLowerCase()}-up-${process.pid}`);
      for (const ms of moments.filter((_, i) => i % 2 === 0)) {
        await interruptUp(lab, signal, ms);
        await lab.up(2);
        for (const i of [1, 2]) assert.equal((await lab.sshOk(i, "uname -n")).trim(), `vps${i}`);
        await lab.ok("lab", "down");
      }
      await lab.down();
    });
  }

  test("a down that is killed is completed by the next, or by up", async () => {
    const lab = new Lab(`e2e-down-${process.pid}`);
    for (const ms of [5, 20, 50, 90]) {
      await lab.up(2);
      const octet = await octetOf(lab);
      const child = spawn(vzBinary, ["lab", "down"], {
        env: { ...process.env, ...lab.env },
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.on("close", resolve));
      await sleep(ms);
      child.kill("SIGKILL");
      await ended;
      if (ms === 20) {
        await lab.up(2);
        assert.equal((await lab.ssh(2, "true")).status, 0);
      }
      await lab.ok("lab", "down");
      await assertNothingLeft(lab, octet);
    }
    await lab.down();
  });

  test("a root filesystem that was half made is never used, and its makers end", async () => {
    const cache = mkdtempSync(join(tmpdir(), "vz-cache-"));
    const lab = new Lab(`e2e-cache-${process.pid}`);
    const child = spawn(vzBinary, ["lab", "up", "1"], {
      cwd: lab.dir,
      env: { ...process.env, ...lab.env, XDG_CACHE_HOME: cache },
      stdio: "ignore",
    });
    const part = () =>
      readdirSync(cache, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith(".part"));
    await until("mmdebstrap at work", 20_000, () =>
      part().some((name) => existsSync(join(cache, name, "etc"))),
    );
    const gone = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGKILL");
    await gone;
    const makers = () =>
      readdirSync("/proc").filter((pid) => {
        try {
          return /^[0-9]+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(cache);
        } catch {
          return false;
        }
      });
    await until("its makers end", 30_000, () => makers().length === 0);
    const whole = readdirSync(join(cache, "vz/lab")).filter((name) => /^i386-[0-9a-f]+$/.test(name));
    assert.deepEqual(whole, []);
    rmSync(cache, { recursive: true });
    await lab.down();
  });
});

describe("mistakes", () => {
  const env = { VZ_LAB: `e2e-none-${process.pid}` };

  test("without root there is one clear line and status 77", async () => {
    const asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", vzBinary, "lab", "up", "1"];
    const result = await run("setpriv", asNobody, { env });
    assert.equal(result.status, 77);
    assert.match(result.stderr, /^vz: vz lab up: needs root, [^\n]*\nhint: sudo [^\n]*\n$/);
  });

  test("a lab that is not up, and a VPS that it has not, are named", async () => {
    const result = await vz(["lab", "ssh", "1"], { env });
    assert.equal(result.status, 69);
    assert.match(result.stderr, /is not up\nhint: vz lab up/);
    assert.equal((await vz(["lab", "kill", "1"], { env })).status, 69);
    assert.equal(existsSync(`/run/vz-lab/${env.VZ_LAB}`), false);
    const lab = await startLab(1);
    const wrong = await lab.vz("lab", "kill", "2");
    assert.deepEqual(
      [wrong.status, wrong.stderr],
      [64, `vz: lab ${lab.name}: "2": no such VPS\nhint: it has vps1 only\n`],
    );
    await lab.kill(1);
    const dead = await lab.vz("lab", "ssh", "1");
    assert.deepEqual([dead.status, dead.stderr], [69, "vz: vps1: is dead\nhint: vz lab boot 1\n"]);
    await lab.down();
  });

  test("a cache that cannot be made is named", async () => {
    const result = await vz(["lab", "up", "1"], { env: { ...env, XDG_CACHE_HOME: "/proc" } });
    assert.equal(result.status, 71);
    assert.match(result.stderr, /^vz: mkdir \/proc\/vz\S*: [^\n]+\n$/m);
  });

  test("a name that is none is refused before anything is made", async () => {
    const result = await vz(["lab", "up", "1"], { env: { VZ_LAB: "../x" } });
    assert.equal(result.status, 64);
    assert.match(result.stderr, /VZ_LAB "\.\.\/x": not a name/);
  });
});
