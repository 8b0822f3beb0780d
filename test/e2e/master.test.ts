/** `vz master` on a lab of three VPSes at two vendors: from bare slaves to running services, and everything that fails. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Lab, type Result, run, startLab, until } from "../support/lab.ts";
import { manifestArchitecture, vzBinary } from "../support/machine.ts";
import { httpd, makeImage } from "../support/service-image.ts";

let lab: Lab;

before(async () => {
  lab = await startLab(3, { vendors: 2 });
});
after(async () => {
  await lab.down();
});

interface PsRow {
  host: string;
  vendor: string;
  service: string;
  container: string;
  state: string;
  pid: number | null;
  restarts: number;
  since: string | null;
  image: string;
  architecture: string | null;
  rss: number | null;
}

async function ps(): Promise<PsRow[]> {
  const rows: PsRow[] = JSON.parse((await lab.vz("master", "ps", "--json")).stdout);
  return rows;
}

/** "vps1 web-1 running", sorted. */
async function states(): Promise<string[]> {
  return (await ps()).map((row) => `${row.host} ${row.container} ${row.state}`).sort();
}

/** Writes fleet.yaml anew: the lab's hosts, with `more` changed in the head, and these services. */
function writeFleet(
  services: string,
  file = "fleet.yaml",
  more: (head: string) => string = (head) => head,
): void {
  const head = readFileSync(join(lab.dir, "fleet.yaml"), "utf8").replace(/^services:[\s\S]*$/m, "");
  writeFileSync(join(lab.dir, file), `${more(head)}services:${services}\n`);
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** What a TCP service says to an HTTP request. */
function get(address: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address, () => socket.write("GET /index.html HTTP/1.0\r\n\r\n"));
    let text = "";
    socket.setTimeout(5000, () => socket.destroy(new Error("timed out")));
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

const dailyKey = () => join(lab.dir, ".vz/daily_ed25519");

/** OpenSSH with the daily key, as somebody who stole it would use it. */
function daily(
  i: number,
  options: readonly string[],
  words: readonly string[],
  user = "root",
): Promise<Result> {
  const target = `${user}@${lab.address(i)}`;
  return run("ssh", [...lab.sshOptions(dailyKey()), ...options, target, ...words], { timeout: 20_000 });
}

test("before a deploy there is no daily key, and every command says so", async () => {
  const result = await lab.vz("master", "ps");
  assert.equal(result.status, 78);
  assert.match(result.stderr, /daily_ed25519: no such key\nhint: vz master deploy/);
});

test("deploy --check tells what it would do, does nothing, and ends with 2", async () => {
  const result = await lab.vz("master", "deploy", "--check");
  assert.equal(result.status, 2, result.stderr);
  assert.match(result.stdout, /^vps3: would change: /m);
  assert.equal(
    await lab.sshOk(3, "ls /usr/local/bin/vz /var/lib/vz 2>/dev/null; grep -c vz /etc/ssh/sshd_config; true"),
    "0\n",
  );
});

test("a step of deploy that fails is one line with the slave's reason, and leaves nothing there", async () => {
  writeFileSync(join(lab.dir, "no-program"), "this is not a program\n");
  const result = await lab.vz("master", "deploy", "--binary", "no-program", "vps3");
  assert.equal(result.status, 1, result.stderr);
  assert.match(result.stderr, /^vz: vps3: send vz: \/usr\/local\/bin\/vz does not run here: .+\n$/);
  assert.equal(result.stdout, "vps3: failed\n");
  assert.equal(await lab.sshOk(3, "ls /usr/local/bin"), "");
  const directory = await lab.vz("master", "deploy", "--binary", lab.dir, "vps3");
  assert.equal(directory.status, 64);
  assert.equal(directory.stderr, `vz: ${lab.dir}: not a file\n`);
});

test("vps2 has no sftp, and busybox for its shell: the poorest slave there is", async () => {
  await lab.sshOk(
    2,
    "sed -i '/^Subsystem/d' /etc/ssh/sshd_config; ln -sf /bin/busybox /bin/sh; kill -HUP $(cat /run/sshd.pid)",
  );
  await until("vps2's sshd", 30_000, async () => (await lab.ssh(2, "true")).status === 0);
  assert.notEqual(
    (await run("sftp", [...lab.sshOptions(), "-b", "/dev/null", `root@${lab.address(2)}`])).status,
    0,
  );
});

test("deploy sets up slaves that have an init, an sshd and a shell", async () => {
  const out = await lab.ok("master", "deploy");
  for (const i of [1, 2, 3]) assert.match(out, new RegExp(`^vps${i}: deployed: vz \\d`, "m"));
  const there = await lab.sshOk(
    1,
    "cd /usr/local/bin; readlink vzexec runch; ls -ldn /var/lib/vz/upload /var/lib/vz/upload/incoming | tr -s ' '",
  );
  assert.match(there, /^vz\nvz\ndrwxr-xr-x \d+ 0 0 .*upload\ndrwx------ \d+ ([1-9]\d*) \1 .*incoming\n$/);
  assert.equal(statSync(dailyKey()).mode & 0o777, 0o600);
  assert.equal(readFileSync(join(lab.dir, ".vz/.gitignore"), "utf8"), "*\n");
});

test("what guarded the change of sshd_config is gone", async () => {
  await until("the guard to end", 30_000, async () => {
    const left = await lab.sshOk(
      1,
      "ls /etc/ssh/*.vz-* /var/lib/vz/sshd-unconfirmed 2>/dev/null; ps -eo args | grep '[s]leep'; true",
    );
    return left === "";
  });
});

test("a second deploy changes nothing and says so", async () => {
  const before = await lab.sshOk(
    1,
    "cat /etc/passwd /etc/shadow /etc/group /etc/ssh/sshd_config /root/.ssh/authorized_keys | md5sum",
  );
  const out = await lab.ok("master", "deploy");
  assert.deepEqual(
    lines(out),
    [1, 2, 3].map((i) => `vps${i}: up to date, nothing changed`),
  );
  const after = await lab.sshOk(
    1,
    "cat /etc/passwd /etc/shadow /etc/group /etc/ssh/sshd_config /root/.ssh/authorized_keys | md5sum",
  );
  assert.equal(after, before);
});

test("a slave whose new sshd_config nobody confirms puts the old one back by itself", async () => {
  await lab.sshOk(
    3,
    "cp /etc/ssh/sshd_config /tmp/before; sed -i '/^# vz: begin/,/^# vz: end/d' /etc/ssh/sshd_config; cp /etc/ssh/sshd_config /tmp/bare",
  );
  const inventory = join(lab.dir, "by-hand.ini");
  writeFileSync(
    inventory,
    `vps3 ansible_host=${lab.address(3)} ansible_user=root ansible_ssh_private_key_file=${lab.key} ansible_ssh_extra_args="-o UserKnownHostsFile=${lab.knownHosts}"\n`,
  );
  const variables = {
    vz_binary: vzBinary,
    vz_fleet: "lab",
    vz_daily_key: dailyKey(),
    // long enough for a busy machine to look before
    vz_guard_seconds: 12,
    vz_confirm: false,
  };
  const result = await run(
    "ansible-playbook",
    ["-i", inventory, "-e", JSON.stringify(variables), "deploy.yml"],
    {
      cwd: join(process.cwd(), "ansible"),
      env: { LC_ALL: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" },
    },
  );
  assert.equal(result.status, 0, result.stdout + result.stderr);
  assert.match(await lab.sshOk(3, "cat /etc/ssh/sshd_config"), /^Match User vzup$/m);
  await until(
    "the old sshd_config to come back",
    60_000,
    async () => (await lab.ssh(3, "cmp /etc/ssh/sshd_config /tmp/bare")).status === 0,
  );
  await lab.ok("master", "deploy", "vps3");
  await lab.sshOk(3, "cmp /etc/ssh/sshd_config /tmp/before");
});

test("the daily key gets verbs and nothing else, on a slave on which Ansible has just used the root key", async () => {
  await lab.ok("master", "deploy", "vps1");
  assert.equal((await daily(1, [], ["vzexec", "version"])).status, 0);
  for (const words of [
    ["id"],
    ["sh", "-c", "id"],
    ["vzexec", "ps;", "id"],
    ["vzexec", "ps", "$(id)"],
    ["scp", "-t", "/etc"],
  ]) {
    const { status, stdout } = await daily(1, [], words);
    assert.ok(status !== 0 && status !== 255, `${words.join(" ")}: ${status}`);
    assert.doesNotMatch(stdout, /uid=/);
  }
  const shell = await daily(1, ["-tt"], []);
  assert.ok(shell.status !== 0);
  assert.match(shell.stderr, /PTY allocation request failed/);
  const forward = await daily(1, ["-o", "ExitOnForwardFailure=yes", "-W", "127.0.0.1:22"], []);
  assert.notEqual(forward.status, 0);
  assert.doesNotMatch(forward.stdout, /SSH-2\.0/);
  const remote = await daily(1, ["-o", "ExitOnForwardFailure=yes", "-N", "-R", "2022:127.0.0.1:22"], []);
  assert.equal(remote.status, 255);
  const sftp = await daily(1, ["-s"], ["sftp"]);
  assert.ok(sftp.status !== 0 && sftp.status !== 255);
});

test("the daily key as vzup writes into incoming/ and nowhere else, and has no shell", async () => {
  for (const words of [[], ["id"], ["sh"]]) {
    const { stdout } = await daily(1, [], words, "vzup");
    assert.doesNotMatch(stdout, /uid=/);
  }
  const forward = await daily(1, ["-W", "127.0.0.1:22"], [], "vzup");
  assert.notEqual(forward.status, 0);
  const batch = join(lab.dir, "batch");
  const sftp = (...commands: string[]) => {
    writeFileSync(batch, `${commands.join("\n")}\n`);
    return run("sftp", [...lab.sshOptions(dailyKey()), "-b", batch, `vzup@${lab.address(1)}`]);
  };
  assert.equal((await sftp(`put ${batch} /incoming/mine`, "rm /incoming/mine")).status, 0);
  for (const command of [
    `put ${batch} /outside`,
    `put ${batch} /incoming/../outside`,
    "mkdir /dir",
    "rename /incoming /gone",
    "rm /incoming/../../etc/passwd",
    "get /etc/passwd /dev/null",
    "chmod 777 /",
  ]) {
    assert.notEqual((await sftp(command)).status, 0, command);
  }
  // A link may be made, but what it points to is looked up inside the chroot.
  await sftp("ln -s /etc/passwd /incoming/link", "get /incoming/link /dev/null");
  assert.notEqual((await sftp("get /incoming/link /dev/null")).status, 0);
  await sftp("rm /incoming/link");
  assert.equal(await lab.sshOk(1, "ls /var/lib/vz/upload; ls -A /var/lib/vz/upload/incoming"), "incoming\n");
});

test("apply sends the image, starts one replica a vendor, and waits for the port", async () => {
  await makeImage(lab, "web", httpd(8080));
  writeFleet(`
  web:
    image: images/web.tar.gz
    replicas: 2
    memory: 16M
    env: {GREETING: "it's {{ braces }} and $(id)"}
    health: {tcp: 8080}`);
  const out = await lab.ok("master", "apply");
  assert.match(out, /^vps1: web-1: port 8080 answers$/m);
  assert.match(out, /^vps2: web-2: port 8080 answers$/m);
  assert.doesNotMatch(out, /vps3/);
  assert.match(await get(lab.address(2), 8080), /this is web/);
  const environment = await lab.sshOk(
    1,
    "tr '\\0' '\\n' < /proc/$(pidof busybox | tr ' ' '\\n' | sort -n | tail -n 1)/environ",
  );
  assert.ok(lines(environment).includes("GREETING=it's {{ braces }} and $(id)"), environment);
});

test("a second apply does nothing and says so", async () => {
  assert.equal(await lab.ok("master", "apply"), "nothing to do: 2 containers are as lab's file says\n");
});

test("ps tells what runs, for people and for machines", async () => {
  const [row, ...more] = await ps();
  assert.equal(more.length, 1);
  assert.ok(row);
  const { pid, since, rss, image, ...rest } = row;
  assert.deepEqual(rest, {
    host: "vps1",
    vendor: "alpha",
    service: "web",
    container: "web-1",
    state: "running",
    restarts: 0,
    architecture: manifestArchitecture,
  });
  assert.equal((await lab.sshOk(1, `tr '\\0' ' ' < /proc/${pid}/cmdline`)).trim(), httpd(8080).join(" "));
  assert.ok(Math.abs(Date.parse(since ?? "") - Date.now()) < 120_000, String(since));
  assert.ok((rss ?? 0) > 100_000 && (rss ?? 0) < 20_000_000, String(rss));
  assert.match(image, /^sha256:[0-9a-f]{64}$/);
  const text = await lab.ok("master", "ps");
  assert.match(text, /^HOST +VENDOR +SERVICE +CONTAINER +STATE +PID +RESTARTS +SINCE +IMAGE +ARCH +RSS$/m);
  const second = `^vps2 +beta +web +web-2 +running +\\d+ +0 .* ago +web@[0-9a-f]{12} +${manifestArchitecture} +\\d`;
  assert.match(text, new RegExp(second, "m"));
});

test("nothing of ours runs on a slave beside the container, whose parent is init", async () => {
  const seen = lines(await lab.sshOk(1, "ps -eo ppid,args --no-headers")).map((line) => line.trim());
  assert.ok(seen.includes(`1 ${httpd(8080).join(" ")}`), seen.join("\n"));
  assert.deepEqual(
    seen.filter((line) => /vz|runch|ansible|python/.test(line)),
    [],
  );
});

test("logs shows each container's last lines behind its name", async () => {
  await get(lab.address(1), 8080);
  await until("the request to be logged", 30_000, async () =>
    /^vps1\/web-1: .*200/m.test((await lab.vz("master", "logs", "web")).stdout),
  );
  const last = lines(await lab.ok("master", "logs", "--lines", "1", "web"));
  assert.ok(last.length <= 2 && last.every((line) => /^vps[12]\/web-[12]: /.test(line)), last.join("\n"));
  assert.equal((await lab.vz("master", "logs", "wbe")).status, 64);
});

test("a container that is killed is brought back by init, and ps counts it", async () => {
  const [before] = await ps();
  await lab.sshOk(1, `kill -9 ${before?.pid}`);
  const now = await until("another pid", 10_000, async () => {
    const [row] = await ps();
    return row?.state === "running" && row.pid !== before?.pid ? row : undefined;
  });
  assert.equal(now.restarts, 1);
});

test("vzexec HOSTS -- VERB prints each host's answer behind its name, with the status of the worst", async () => {
  const link = join(lab.dir, "vzexec");
  symlinkSync(vzBinary, link);
  const front = (...words: string[]) => run(link, words, { cwd: lab.dir, env: lab.env });
  const versions = await front("all", "--", "version");
  assert.equal(versions.status, 0, versions.stderr);
  assert.deepEqual(
    lines(versions.stdout)
      .map((line) => line.replace(/ .*/, ""))
      .sort(),
    ["vps1:", "vps2:", "vps3:"],
  );
  const logs = await front("vps1,vps3", "--", "logs", "web-1", "--lines", "1");
  assert.equal(logs.status, 1);
  assert.match(logs.stdout, /^vps1: .+\n$/);
  assert.match(logs.stderr, /^vz: vps3: logs: container web-1: there is none/);
  const json = await lab.vz("vzexec", "--json", "vps2,vps3", "--", "ps", "--json");
  const rows: { host: string; status: number; stdout: string }[] = JSON.parse(json.stdout);
  assert.deepEqual(
    rows.map(({ host, status, stdout }) => [host, status, JSON.parse(stdout).length]),
    [
      ["vps2", 0, 1],
      ["vps3", 0, 0],
    ],
  );
  // Whatever Ansible or a shell would make of a word, the slave gets it as it is.
  const odd = await front("vps3", "--", "logs", "{{ 1 + 1 }} $(id)");
  assert.equal(odd.status, 64);
  assert.ok(odd.stderr.includes('container "{{ 1 + 1 }} $(id)": not a name'), odd.stderr);
});

test("stop stops a service until the next apply", async () => {
  assert.deepEqual(lines(await lab.ok("master", "stop", "web")).sort(), [
    "vps1: web-1: stopped",
    "vps2: web-2: stopped",
  ]);
  assert.deepEqual(await states(), ["vps1 web-1 stopped", "vps2 web-2 stopped"]);
  await assert.rejects(get(lab.address(1), 8080), /ECONNREFUSED/);
  assert.equal(await lab.ok("master", "stop", "web"), "web: nothing to stop\n");
  await lab.ok("master", "apply");
  assert.deepEqual(await states(), ["vps1 web-1 running", "vps2 web-2 running"]);
});

test("push brings an image to the hosts that lack it", async () => {
  const out = await lab.ok("master", "push", "images/web.tar.gz");
  assert.match(out, /^vps1: image web: is there already$/m);
  assert.match(out, /^vps3: image web: loaded$/m);
  assert.equal(await lab.sshOk(3, "ls -A /var/lib/vz/upload/incoming"), "");
});

test("an image packed with zstd is the same image, and versions packed either way take each other's place", async () => {
  await lab.ok("image", "build", "bundles/web", "-o", "images/web.tar.zst");
  const pushed = await lab.ok("master", "push", "images/web.tar.zst");
  assert.doesNotMatch(pushed, /sent|loaded/);
  const fleet = readFileSync(join(lab.dir, "fleet.yaml"), "utf8");
  const applied = (image: string) => {
    writeFileSync(join(lab.dir, "fleet.yaml"), fleet.replace("images/web.tar.gz", image));
    return lab.ok("master", "apply");
  };
  assert.match(await applied("images/web.tar.zst"), /^nothing to do: 2 containers/);
  const page = join(lab.dir, "bundles/web/rootfs/www/index.html");
  writeFileSync(page, "the second\n");
  await lab.ok("image", "build", "bundles/web", "-o", "images/second.tar.zst", "--name", "web");
  writeFileSync(page, "this is web\n");
  const second = await applied("images/second.tar.zst");
  assert.match(second, /^vps1: image web: sent /m);
  assert.match(second, /^vps2: start web-2 \(new image\): done$/m);
  assert.match(await get(lab.address(1), 8080), /the second/);
  const back = await applied("images/web.tar.gz");
  assert.doesNotMatch(back, /sent/);
  assert.match(back, /^vps2: start web-2 \(new image\): done$/m);
  assert.match(await get(lab.address(1), 8080), /this is web/);
  assert.equal(await lab.sshOk(1, "ls -A /var/lib/vz/upload/incoming"), "");
});

test("a push that was cut off goes on where it stopped", async () => {
  const noise = join(lab.dir, "noise");
  const { randomBytes } = await import("node:crypto");
  writeFileSync(noise, randomBytes(4 * 1024 * 1024));
  await makeImage(lab, "big", ["/bin/busybox", "sleep", "1000"]);
  copyFileSync(noise, join(lab.dir, "bundles/big/rootfs/noise"));
  await lab.ok("image", "build", "bundles/big", "-o", "images/big.tar.gz");
  const whole = statSync(join(lab.dir, "images/big.tar.gz")).size;
  const hash = (await run("sha256sum", [join(lab.dir, "images/big.tar.gz")])).stdout.slice(0, 16);
  const half = join(lab.dir, "half");
  copyFileSync(join(lab.dir, "images/big.tar.gz"), half);
  truncateSync(half, 3 * 1024 * 1024 + 5);
  const part = `/incoming/big-${hash}.tar.gz.part`;
  writeFileSync(join(lab.dir, "batch"), `put ${half} ${part}\n`);
  const put = await run("sftp", [
    ...lab.sshOptions(dailyKey()),
    "-b",
    join(lab.dir, "batch"),
    `vzup@${lab.address(3)}`,
  ]);
  assert.equal(put.status, 0, put.stderr);
  const out = await lab.ok("master", "push", "images/big.tar.gz", "vps3");
  const sent = Number(/sent ([\d.]+) MB/.exec(out)?.[1]);
  // Whole packets of 32 KB are there already: 3 MB of them.
  assert.ok(Math.abs(sent - (whole / 1024 / 1024 - 3)) < 0.06, out);
  assert.match(out, /^vps3: image big: loaded$/m);
});

test("containers that the file no longer lists are removed, and another fleet's are not touched", async () => {
  writeFleet("\n  other:\n    image: images/web.tar.gz\n    hosts: [vps3]\n", "second.yaml", (head) =>
    head.replace("fleet: lab", "fleet: second"),
  );
  // A port of its own is not needed: vps3 runs nothing yet.
  await lab.ok("master", "apply", "-f", "second.yaml");
  writeFleet("\n  web: {image: images/web.tar.gz, hosts: [vps2]}\n");
  const out = await lab.ok("master", "apply");
  assert.match(out, /^vps1: remove web-1 \(not wanted here\): done$/m);
  assert.deepEqual(await states(), ["vps2 web-2 running"]);
  assert.match(await lab.ok("master", "ps", "-f", "second.yaml"), /^vps3 .* other-1 +running/m);
  writeFleet(" {}", "second.yaml", (head) => head.replace("fleet: lab", "fleet: second"));
  await lab.ok("master", "apply", "-f", "second.yaml");
  assert.deepEqual(await states(), ["vps2 web-2 running"]);
});

/** Ids of processes of Ansible that were started with this temporary directory. */
function ansibleWith(temporary: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8");
      return (
        read("environ").includes(`TMPDIR=${temporary}\0`) && read("cmdline").includes("ansible-playbook")
      );
    } catch {
      return false;
    }
  });
}

test("apply killed at any moment ends right when it is run again, and its Ansible ends too", async () => {
  const temporary = join(lab.dir, "killed");
  mkdirSync(temporary);
  for (const delay of [200, 500, 800, 1200, 1700]) {
    writeFleet(" {}");
    await lab.ok("master", "apply");
    await lab.sshOk(1, "vzexec ps");
    writeFleet("\n  web: {image: images/web.tar.gz, replicas: 2, health: {tcp: 8080}}\n");
    const child = spawn(vzBinary, ["master", "apply"], {
      cwd: lab.dir,
      env: { ...process.env, ...lab.env, TMPDIR: temporary },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    setTimeout(() => child.kill("SIGKILL"), delay);
    await ended;
    // What it had started may still be at work on a slave: then the answer is to try again, and that is all right too.
    await until(
      `apply after a kill at ${delay} ms`,
      30_000,
      async () => (await lab.vz("master", "apply")).status === 0,
    );
    await until(
      "both to run",
      10_000,
      async () => (await states()).join() === "vps1 web-1 running,vps2 web-2 running",
    );
    assert.equal(await lab.ok("master", "apply"), "nothing to do: 2 containers are as lab's file says\n");
  }
  await until("the Ansible of the killed ones to end", 20_000, () => ansibleWith(temporary).length === 0);
});

test("apply that is interrupted ends with 128 and the signal, and leaves no files behind", async () => {
  writeFleet(" {}");
  const scratch = join(lab.dir, "scratch");
  mkdirSync(scratch);
  const child = spawn(vzBinary, ["master", "apply"], {
    cwd: lab.dir,
    env: { ...process.env, ...lab.env, TMPDIR: scratch },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  // the place of its own that Ansible makes once it runs: by then vz waits for signals
  await until("Ansible to start", 10_000, () =>
    readdirSync(scratch, { recursive: true }).some((name) => String(name).endsWith("/tmp")),
  );
  child.kill("SIGTERM");
  assert.equal(await ended, 143);
  assert.deepEqual(readdirSync(scratch), []);
  await until("apply after it", 30_000, async () => (await lab.vz("master", "apply")).status === 0);
  assert.deepEqual(await ps(), []);
  writeFleet("\n  web: {image: images/web.tar.gz, replicas: 2, health: {tcp: 8080}}\n");
  await lab.ok("master", "apply");
});

test("an unknown field in the fleet file is one line with its place, before anything is done", async () => {
  writeFileSync(
    join(lab.dir, "typo.yaml"),
    readFileSync(join(lab.dir, "fleet.yaml"), "utf8").replace("replicas", "replica"),
  );
  const result = await lab.vz("master", "apply", "-f", "typo.yaml");
  assert.equal(result.status, 78);
  assert.match(
    result.stderr,
    /^vz: typo\.yaml:\d+:\d+: services\.web\.replica: unknown key\nhint: did you mean replicas\?\n$/,
  );
  assert.equal(result.stdout, "");
});

test("a corrupt image is refused here, and the other services go on", async () => {
  const damaged = readFileSync(join(lab.dir, "images/big.tar.gz"));
  damaged[3_000_000] = (damaged[3_000_000] ?? 0) ^ 0xff;
  writeFileSync(join(lab.dir, "images/damaged.tar.gz"), damaged);
  await makeImage(lab, "web2", httpd(8082));
  writeFleet(`
  web: {image: images/web.tar.gz, replicas: 2}
  bad: {image: images/damaged.tar.gz, hosts: [vps1]}
  web2: {image: images/web2.tar.gz, hosts: [vps1]}`);
  // As big it would be there already.
  await lab.sshOk(1, "! ls /var/lib/vz/images | grep -q big");
  const result = await lab.vz("master", "apply");
  assert.equal(result.status, 65);
  assert.match(result.stderr, /^vz: .*images\/damaged\.tar\.gz: .+\n$/);
  assert.deepEqual(await states(), ["vps1 web-1 running", "vps1 web2-1 running", "vps2 web-2 running"]);
});

test("a full disk on one slave is one line, and the others go on", async () => {
  await lab.sshOk(3, "mount -t tmpfs -o size=1m,mode=755 tmpfs /var/lib/vz");
  await lab.ok("master", "deploy", "vps3");
  const result = await lab.vz("master", "push", "images/big.tar.gz");
  assert.equal(result.status, 1);
  assert.match(result.stderr, /^vz: vps3: upload big: disk full: \d+\.\d MB to send, \d+ KB free\n$/);
  assert.match(result.stdout, /^vps1: image big: loaded$/m);
  await lab.sshOk(3, "mount -o remount,size=7m /var/lib/vz");
  // Room for the archive, not for what is in it.
  const later = await lab.vz("master", "push", "images/big.tar.gz");
  assert.notEqual(later.status, 0);
  assert.match(later.stderr, /^vz: vps3: load big@[0-9a-f]{12}: .*no space left.*\n(hint: .*\n)?$/);
  assert.equal(await lab.sshOk(3, "ls -A /var/lib/vz/upload/incoming; umount -l /var/lib/vz"), "");
});

test("a program that does not exist or ends at once is told, and the others go on", async () => {
  await makeImage(lab, "gone", ["/bin/nothing"]);
  await makeImage(lab, "brief", ["/bin/busybox", "false"]);
  writeFleet(`
  gone: {image: images/gone.tar.gz, hosts: [vps1]}
  brief: {image: images/brief.tar.gz, hosts: [vps2]}
  web: {image: images/web.tar.gz, hosts: [vps3], health: {tcp: 8080}}`);
  const result = await lab.vzWith({ timeout: 120_000 }, "master", "apply");
  assert.notEqual(result.status, 0);
  assert.match(result.stderr, /^vz: vps1: start gone-1 \(new\): .*\/bin\/nothing.*$/m);
  assert.match(result.stderr, /^vz: vps2: start brief-1 \(new\): .+$/m);
  assert.match(result.stdout, /^vps3: web-\d: port 8080 answers$/m);
  writeFleet(" {}");
  await lab.ok("master", "apply");
  assert.deepEqual(await ps(), []);
});

test("a wrong key is one line a host and status 69", async () => {
  const wrong = join(lab.dir, "wrong");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", wrong]);
  writeFleet(" {}", "wrong.yaml", (head) =>
    head.replace(/^ssh:.*$/m, `ssh: {key: ${wrong}, known_hosts: ${lab.knownHosts}}`),
  );
  const result = await lab.vz("master", "deploy", "-f", "wrong.yaml", "vps2");
  assert.equal(result.status, 69);
  assert.match(
    result.stderr,
    /^vz: vps2: unreachable at [\d.]+: it does not take the key .*\/wrong\nhint: ssh\.key .*\n$/,
  );
});

test("without ssh it is one line a host that says what to install", async () => {
  writeFleet("\n  web: {image: images/web.tar.gz}", "no-ssh.yaml");
  const result = await run(vzBinary, ["master", "stop", "web", "-f", "no-ssh.yaml"], {
    cwd: lab.dir,
    env: { PATH: "/nonexistent" },
  });
  assert.equal(result.status, 78);
  assert.equal(result.stdout, "");
  assert.equal(result.stderr, "vz: ssh: not installed\nhint: apt-get install openssh-client\n".repeat(3));
});

test("an unknown host key is refused with its fingerprint, taken when asked for, and never when it has changed", async () => {
  const mine = join(lab.dir, "known");
  writeFleet(" {}", "unknown.yaml", (head) => head.replace(/known_hosts: [^}]*/, `known_hosts: ${mine}`));
  const refused = await lab.vz("master", "ps", "-f", "unknown.yaml");
  assert.equal(refused.status, 69);
  const fingerprint =
    (await lab.sshOk(1, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).split(" ")[1] ?? "";
  assert.ok(
    refused.stderr.includes(
      `vps1: unreachable at ${lab.address(1)}: its host key is unknown: ED25519 ${fingerprint}`,
    ),
    refused.stderr,
  );
  assert.match(refused.stderr, /--accept-new/);
  await lab.ok("master", "deploy", "-f", "unknown.yaml", "--accept-new");
  await lab.ok("master", "ps", "-f", "unknown.yaml");
  const known = readFileSync(mine, "utf8");
  const other = readFileSync(`${join(lab.dir, "wrong")}.pub`, "utf8").split(" ")[1] ?? "";
  writeFileSync(mine, known.replace(new RegExp(`^(${lab.address(1)} ssh-ed25519) .*$`, "m"), `$1 ${other}`));
  const changed = await lab.vz("master", "deploy", "-f", "unknown.yaml", "--accept-new");
  assert.equal(changed.status, 69);
  assert.match(changed.stderr, /^vz: vps1: unreachable at [\d.]+: its host key has changed/m);
  assert.match(changed.stdout, /^vps2: up to date/m);
});

test("a host that vanished is one line and unreachable rows, the others go on", async () => {
  writeFleet("\n  web: {image: images/web.tar.gz, replicas: 2, health: {tcp: 8080}}\n");
  await lab.ok("master", "apply");
  await lab.kill(2);
  const shown = await lab.vz("master", "ps", "--json");
  assert.equal(shown.status, 69);
  assert.match(shown.stderr, /^vz: vps2: unreachable at [\d.]+: timed out\n$/);
  const rows: PsRow[] = JSON.parse(shown.stdout);
  assert.deepEqual(
    rows.map((row) => [row.host, row.container, row.state, row.pid]),
    [
      ["vps1", "web-1", "running", rows[0]?.pid],
      ["vps2", "web-2", "unreachable", null],
    ],
  );
  writeFleet("\n  web: {image: images/web.tar.gz, replicas: 2, env: {A: b}, health: {tcp: 8080}}\n");
  const applied = await lab.vz("master", "apply");
  assert.equal(applied.status, 69);
  assert.match(applied.stdout, /^vps1: start web-1 \(changed\): done$/m);
  assert.match(applied.stderr, /^vps2: left undone: start web-2 \(changed\)$/m);
  assert.doesNotMatch(applied.stdout, /vps3/);
  assert.equal((await lab.vz("master", "deploy", "vps2", "vps3")).status, 69);
  await lab.boot(2);
  await until("vps2 to answer", 10_000, async () => (await lab.ssh(2, "true")).status === 0);
  await lab.ok("master", "apply");
  assert.deepEqual(await states(), ["vps1 web-1 running", "vps2 web-2 running"]);
});

test("a host filter that matches nothing is an error and touches no host", async () => {
  const result = await lab.vz("master", "deploy", "vsp1");
  assert.equal(result.status, 64);
  assert.equal(result.stderr, "vz: vsp1: no such host in fleet.yaml\nhint: did you mean vps1?\n");
});

test("the inventory is one that Ansible takes", async () => {
  const script = join(lab.dir, "inventory.sh");
  writeFileSync(script, `#!/bin/sh\nexec ${vzBinary} master inventory -f ${lab.fleetFile} "$@"\n`, {
    mode: 0o755,
  });
  const result = await run("ansible", ["-i", script, "vendor_beta", "--list-hosts"], {
    env: { LC_ALL: "C.UTF-8" },
  });
  assert.deepEqual(
    lines(result.stdout).map((line) => line.trim()),
    ["hosts (1):", "vps2"],
  );
});
