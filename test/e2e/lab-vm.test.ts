/**
 * `vz lab up --vm`: real machines, by qemu. One lab of two i686 machines with 64 MB each serves all tests, in their order, since a boot
 * by software emulation takes ten seconds.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab, okOutput, type Result, until } from "../support/lab.ts";
import { assertNothingLeft, traces } from "../support/lab-left.ts";

interface Row {
  name: string;
  state: string;
  kind: string;
  arch: string;
  pid: number | null;
}

/** Milliseconds in which a machine has booted or ended, on a busy host without KVM too. */
const SLOW = 180_000;

describe("two i686 machines with 64 MB each", () => {
  let lab: Lab;
  let cameUp: Result;

  before(async () => {
    lab = new Lab(`e2e-vm-${process.pid}`);
    cameUp = await lab.up(2, { vm: true, mem: 64 });
  });
  after(() => lab.down());

  async function row(i: number): Promise<Row> {
    const rows = JSON.parse(await lab.ok("lab", "ls", "--json")) as Row[];
    return rows[i - 1] ?? assert.fail(`no row of vps${i}`);
  }

  async function bootId(i: number): Promise<string> {
    return (await lab.ssh(i, "cat /proc/sys/kernel/random/boot_id")).stdout.trim();
  }

  test("each has a 32-bit kernel of its own, its memory and its name", async () => {
    for (const i of [1, 2]) {
      const [machine, kernel, name, bits, memory] = (
        await lab.sshOk(
          i,
          "uname -m; uname -r; uname -n; getconf LONG_BIT; awk '/MemTotal/ {print $2}' /proc/meminfo",
        )
      ).split("\n");
      assert.deepEqual([machine, name, bits], ["i686", `vps${i}`, "32"]);
      assert.match(kernel ?? "", /^6\.1\..*-686$/);
      assert.notEqual(kernel, release());
      assert.ok(Number(memory) < 64 * 1024 && Number(memory) > 40 * 1024, `${memory} kB`);
    }
  });

  test("up says what runs them and why, ls what they are", async () => {
    assert.match(
      cameUp.stderr,
      /^vz: lab: i386 machines with Debian's kernel 6\.1, by (KVM|software emulation): .+$/m,
    );
    const { kind, arch, state } = await row(1);
    assert.deepEqual({ kind, arch, state }, { kind: "vm", arch: "i386", state: "up" });
    assert.match(
      readFileSync(lab.fleetFile, "utf8"),
      new RegExp(`vps2: \\{address: ${lab.address(2)},.* memory: 64M\\}`),
    );
  });

  test("init and sshd are all that runs, and there is no python, node or perl", async () => {
    const programs = await lab.sshOk(1, "readlink /proc/[0-9]*/exe | sort -u");
    const idle = programs
      .split("\n")
      .filter((path) => path !== "" && !/\/(dash|bash|readlink|sort)$/.test(path));
    assert.deepEqual(idle, ["/usr/bin/busybox", "/usr/sbin/sshd"]);
    const find = "find / -xdev -type f -perm /111 '(' -name 'python*' -o -name 'perl*' -o -name 'node*' ')'";
    assert.equal(await lab.sshOk(1, `${find} | grep -v ^/var/lib/dpkg/ || true`), "");
  });

  test("each knows the host and the other by fixed entries, and has no way out", async () => {
    const neighbours = await lab.sshOk(1, "ip neigh; ip route");
    assert.match(neighbours, new RegExp(`^${lab.address(2)} .* PERMANENT`, "m"));
    assert.doesNotMatch(neighbours, /default/);
  });

  test("kill is a power cut: what was synced is there after boot, what was not is lost", async () => {
    await lab.sshOk(1, "echo kept > /var/lib/kept; sync");
    await lab.sshOk(1, "echo lost > /var/lib/lost; echo lost > /run/lost");
    const { pid } = await row(1);
    await lab.kill(1);
    assert.ok(pid !== null && !existsSync(`/proc/${pid}`));
    assert.equal((await row(1)).state, "dead");
    assert.equal((await lab.ssh(2, "true")).status, 0);
    await lab.boot(1);
    assert.equal(
      await lab.sshOk(1, "cat /var/lib/kept; ls /var/lib/lost /run/lost 2>/dev/null || true"),
      "kept\n",
    );
  });

  test("cut is silence, and what was open goes on after mend", async () => {
    const session = spawn("ssh", [
      ...lab.sshOptions(),
      `root@${lab.address(2)}`,
      "read a; echo got $a; read b; echo got $b",
    ]);
    let heard = "";
    session.stdout.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    session.stdin.write("one\n");
    await until("an answer", SLOW, () => heard === "got one\n");
    await lab.cut(2);
    assert.equal((await row(2)).state, "cut");
    session.stdin.write("two\n");
    await sleep(700);
    assert.equal(heard, "got one\n");
    await lab.mend(2);
    await until("the rest", SLOW, () => heard === "got one\ngot two\n");
    session.kill("SIGKILL");
  });

  test("its own reboot boots it again, its own poweroff leaves it dead", async () => {
    const first = await bootId(2);
    await lab.ssh(2, "reboot", { timeout: 20_000 });
    await until("another boot", SLOW, async () => {
      const now = await bootId(2);
      return now !== "" && now !== first;
    });
    await lab.ssh(2, "poweroff", { timeout: 20_000 });
    await until("dead", SLOW, async () => (await row(2)).state === "dead");
  });

  test("up again boots what is dead and nothing else", async () => {
    const { pid } = await row(1);
    await lab.up(2, { vm: true, mem: 64 });
    assert.equal((await row(1)).pid, pid);
    assert.equal((await lab.ssh(2, "true")).status, 0);
  });

  test("another number of machines is refused, namespaces are added", async () => {
    const other = await lab.vz("lab", "up", "3", "--vm", "--mem", "64");
    assert.deepEqual([other.status, /is up already, with other settings/.test(other.stderr)], [1, true]);
    okOutput("up", await lab.vz("lab", "up", "1", "--force"));
    const { kind, state } = await row(3);
    assert.deepEqual([kind, state], ["namespace", "up"]);
    assert.match(readFileSync(lab.fleetFile, "utf8"), /vps1: .*\n {2}vps2: .*\n {2}vps3: /);
  });

  test("a machine dies with its runner", async () => {
    const [runner] = readFileSync(`/run/vz-lab/${lab.name}/vps1/runner.pid`, "utf8").split(" ");
    const { pid } = await row(1);
    process.kill(Number(runner), "SIGKILL");
    await until("qemu is gone", 30_000, () => !existsSync(`/proc/${pid}`));
    assert.equal((await row(1)).state, "dead");
  });

  test("down leaves no process, tap, control group or file behind but the cache", async () => {
    const octet = lab.address(1).split(".")[2];
    assert.ok(traces(lab.name, octet).length > 5);
    assert.ok(readdirSync("/sys/class/net").includes(`vzl${octet}-2`));
    await lab.ok("lab", "down");
    await assertNothingLeft(lab, octet);
  });
});
