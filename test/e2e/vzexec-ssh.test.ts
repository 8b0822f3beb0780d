/** vzexec behind a real sshd: what whoever holds the daily key gets, and does not get. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Result, run, startLab, until } from "../support/lab.ts";
import { assertRefused, makeImage, Slave } from "../support/slave.ts";

describe("with the daily key", () => {
  let slave: Slave;
  let key: string;

  before(async () => {
    slave = await Slave.installed(await startLab(1, { init: "sysv" }));
    key = join(slave.lab.dir, "daily");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const line = readFileSync(`${key}.pub`, "utf8").trim();
    await slave.lab.sshOk(
      1,
      `printf '%s\\n' 'restrict,command="/usr/local/bin/vzexec" ${line}' >>/root/.ssh/authorized_keys
       mkdir -p /home/login/.ssh && printf '%s\\n' '${line}' >/home/login/.ssh/authorized_keys
       echo login:x:0:0::/home/login:/usr/local/bin/vzexec >>/etc/passwd
       echo 'login:*:19000:0:99999:7:::' >>/etc/shadow
       echo 'Subsystem vzexec /usr/local/bin/vzexec subsystem' >>/etc/ssh/sshd_config
       kill -HUP $(pgrep -o sshd)`,
    );
    await until("sshd", 30_000, async () => (await daily(["vzexec version"])).status === 0);
  });
  after(() => slave.lab.down());

  const connect = (user: string, words: readonly string[], input = "", options: readonly string[] = []) =>
    run("ssh", [...slave.lab.sshOptions(key), ...options, `${user}@${slave.lab.address(1)}`, ...words], {
      input,
      timeout: 20_000,
    });
  const daily = (words: readonly string[], input = "", options: readonly string[] = []): Promise<Result> =>
    connect("root", words, input, options);

  test("a verb works, as a forced command and as a login shell", async () => {
    for (const user of ["root", "login"]) {
      for (const command of ["vzexec ps --json", "ps --json", "'ps' \"--json\""]) {
        const result = await connect(user, [command]);
        assert.equal(result.stdout, "[]\n", `${user}: ${command}: ${result.stderr}`);
        assert.equal(result.status, 0);
      }
    }
  });

  test("whatever is no verb is refused with a line, never with 0 or ssh's own 255, and runs nothing", async () => {
    const lines = [
      "id",
      "ps; id >/tmp/owned",
      "ps && id >/tmp/owned",
      "ps | sh",
      "ps\nid >/tmp/owned",
      "ps\r\nid",
      "ps $(id >/tmp/owned)",
      "ps `id >/tmp/owned`",
      "() { :;}; id >/tmp/owned",
      "sh -c 'id >/tmp/owned'",
      "./ps",
      "scp -t /tmp",
      "scp -f /etc/shadow",
      "rsync --server -e.sh . /",
      "/usr/lib/openssh/sftp-server",
      "vzexec exec web sh",
      "logs ../../../etc/shadow",
      "logs --help",
      "load /etc/shadow",
      `logs ${"x".repeat(127 * 1024)}`,
      "web1 -- ps",
      "load-image /etc/shadow",
    ];
    for (const user of ["root", "login"]) {
      for (const line of lines) {
        const result = await connect(user, [line]);
        assertRefused(`${user}: ${line.slice(0, 40)}`, result, 64, 77);
        assert.equal(result.stdout, "");
      }
    }
    assert.equal(await slave.shell("ls /tmp"), "");
  });

  test("there is no shell, with or without a terminal", async () => {
    assertRefused("login", await daily([]), 77);
    const terminal = await daily([], "", ["-tt"]);
    assert.notEqual(terminal.status, 0);
    assert.equal(terminal.stdout, "");
    const login = await connect("login", [], "", ["-tt"]);
    assert.equal(login.status, 77);
    assert.match(login.stdout, /no interactive shell/);
  });

  test("nothing is forwarded, and no file is reached by sftp", async () => {
    const tunnel = await daily([], "", ["-W", "127.0.0.1:22"]);
    assert.notEqual(tunnel.status, 0);
    assert.equal(tunnel.stdout, "");
    const sftp = await run(
      "sftp",
      [...slave.lab.sshOptions(key), "-b", "-", `root@${slave.lab.address(1)}`],
      {
        input: "ls /\n",
      },
    );
    assert.notEqual(sftp.status, 0);
    assert.doesNotMatch(sftp.stdout, /etc/);
  });

  test("the client's environment does not reach what vzexec starts", async () => {
    await slave.shell("echo 'AcceptEnv *' >>/etc/ssh/sshd_config; kill -HUP $(pgrep -o sshd)");
    const result = await until("sshd", 30_000, async () => {
      const tried = await daily(["facts --json"], "", ["-o", "SetEnv=PATH=/tmp LD_PRELOAD=/tmp/x.so IFS=/"]);
      return tried.status === 0 ? tried : undefined;
    });
    assert.equal(JSON.parse(result.stdout).init, "sysvinit");
  });

  test("refusals leave a trace on the slave, of bounded size and without control characters", async () => {
    await daily(["id\u001b]0;owned\u0007"]);
    const log = await slave.shell("cat /var/lib/vz/refused.log");
    assert.match(log, /^\d{4}-\d\d-\d\dT\S+ 10\.213\.\d+\.\d+ \d+ 22: id\?\]0;owned\?$/m);
    assert.match(log, /: scp -f \/etc\/shadow$/m);
    assert.doesNotMatch(log.replaceAll("\n", ""), /\p{Cc}/u);
    assert.ok(log.length < 64 * 1024 && log.split("\n").every((line) => line.length < 400));
  });

  test("the subsystem takes many requests over one connection", async () => {
    await slave.load(makeImage("sub", { args: ["/bin/sleep", "1000"] }));
    const requests = [
      { id: 1, words: ["start", "sub-1", "--image=sub", "--fleet=f", "--json"] },
      { id: "two", words: ["ps", "--json"] },
      { id: 3, words: ["sh", "-c", "id"] },
      { id: 4, words: ["rm", "sub-1"] },
      { id: 5, words: ["subsystem"] },
    ];
    const input = `${requests.map((one) => JSON.stringify(one)).join("\n")}\nrubbish\n`;
    const result = await daily(["vzexec"], input, ["-s"]);
    assert.equal(result.status, 0, result.stderr);
    const answers = result.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      answers.map(({ id, status }) => [id, status]),
      [
        [1, 0],
        ["two", 0],
        [3, 77],
        [4, 0],
        [5, 77],
        [null, 65],
      ],
      result.stdout,
    );
    assert.equal(JSON.parse(answers[1].stdout)[0].container, "sub-1");
    assert.match(answers[2].stderr, /^vz: "sh": not a verb/);
  });
});
