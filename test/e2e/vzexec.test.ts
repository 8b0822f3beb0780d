/** vzexec on real slaves: containers that sysvinit and busybox keep running, and what is left after every kind of end. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerRow, FactsAnswer, LoadAnswer } from "../../src/common/contract/protocol.ts";
import { startLab, until } from "../support/lab.ts";
import { native } from "../support/machine.ts";
import { makeImage, Slave } from "../support/slave.ts";

const LOOP = "while :; do sleep 1 & wait $!; done";
const SERVICE = ["/bin/sh", "-c", `echo hello $GREETING; ${LOOP}`];

for (const init of ["sysv", "busybox"] as const) {
  describe(`under ${init}`, () => {
    let slave: Slave;

    before(async () => {
      slave = await Slave.installed(await startLab(1, { init }));
      await slave.load(makeImage("hello", { args: SERVICE }));
      await slave.load(makeImage("user", { args: SERVICE, uid: 1000 }));
    });
    after(() => slave.lab.down());

    const ps = () => slave.json<ContainerRow[]>("ps");
    const row = async (name: string): Promise<ContainerRow> =>
      (await ps()).find(({ container }) => container === name) ?? assert.fail(`no ${name}`);
    const start = (name: string, image: string, ...more: string[]) =>
      slave.run("start", name, `--image=${image}`, "--fleet=test", ...more);
    const log = (name: string) => slave.ok("logs", name);

    test("facts tell what the slave is", async () => {
      const facts = await slave.json<FactsAnswer>("facts");
      assert.equal(facts.init, init === "sysv" ? "sysvinit" : "busybox");
      assert.deepEqual(facts.architectures, native);
      assert.equal(facts.mountNamespace, true);
      assert.equal(facts.hostname, "vps1");
      assert.ok(facts.memory.total > facts.memory.available - 1 && facts.disk.total > facts.disk.available);
    });

    test("an image that is loaded again changes nothing, and no upload stays", async () => {
      const again = await slave.load(makeImage("hello", { args: SERVICE }));
      assert.equal((JSON.parse(again) as LoadAnswer).added, false);
      assert.equal(await slave.shell("ls /var/lib/vz/upload/incoming"), "");
    });

    test("a load that is killed can be made again, of the same upload", async () => {
      for (const ms of [3, 10, 25, 50]) {
        const name = `torn-${ms}`;
        const upload = "/var/lib/vz/upload/incoming/torn.tar.gz";
        await slave.lab.sshOk(1, `cat >${upload}`, { input: makeImage(name, { args: [`/bin/${name}`] }) });
        await slave.shell(
          `vzexec load torn.tar.gz & sleep 0.${String(ms).padStart(3, "0")}; kill -9 $!; true`,
        );
        const left = await slave.shell(`ls ${upload} 2>&1 || true`);
        const again = await slave.run("load", "torn.tar.gz", "--json");
        // It may have been done before the kill came: then the upload is gone, and the image there.
        if (!left.includes("cannot access")) assert.equal(again.status, 0, again.stderr);
        assert.match(await slave.ok("images"), new RegExp(`^${name} `, "m"));
      }
    });

    test("what somebody else put among the uploads is not followed", async () => {
      await slave.shell("cd /var/lib/vz/upload/incoming && ln -s /etc/shadow link && mkdir folder");
      for (const name of ["link", "folder"]) {
        const result = await slave.run("load", name);
        assert.equal(result.status, 65, result.stderr);
        assert.match(result.stderr, /not a regular file/);
      }
      await slave.shell("rm -r /var/lib/vz/upload/incoming/folder; test -s /etc/shadow");
    });

    test("init starts a container, is its parent, and starts it again under another pid when it is killed", async () => {
      const first = JSON.parse((await start("web", "hello", "--env=GREETING=hi", "--json")).stdout);
      assert.equal(first.state, "running");
      assert.equal((await slave.shell(`ps -o ppid= -p ${first.pid}`)).trim(), "1");
      assert.equal(await log("web"), "hello hi\n");
      await slave.shell(`kill -9 ${first.pid}`);
      const second = await until("a new process", 30_000, async () => {
        const now = await row("web");
        return now.state === "running" && now.pid !== first.pid ? now : undefined;
      });
      assert.equal(second.restarts, 1);
      assert.equal((await slave.shell(`ps -o ppid= -p ${second.pid}`)).trim(), "1");
    });

    test("nothing of ours runs beside the container", async () => {
      const lines = (await slave.shell("ps -eo args=")).split("\n");
      assert.deepEqual(
        lines.filter((line) => /vz|runch/.test(line) && !line.includes("bash -c")),
        [],
      );
    });

    test("the same request again changes nothing, another one replaces the container", async () => {
      const before = await row("web");
      await slave.ok("start", "web", "--image=hello", "--fleet=test", "--env=GREETING=hi");
      assert.equal((await row("web")).pid, before.pid);
      await slave.ok("start", "web", "--image=hello", "--fleet=test", "--env=GREETING=again");
      const now = await row("web");
      assert.notEqual(now.pid, before.pid);
      assert.equal(now.restarts, 0);
      assert.notEqual(now.spec, before.spec);
      assert.match(await log("web"), /hello again\n$/);
      assert.equal((await slave.shell("grep -c containers/web /etc/inittab")).trim(), "1");
      await assert.rejects(slave.shell(`kill -0 ${before.pid}`));
    });

    test("a stopped container stays stopped, and leaves init's table as it was", async () => {
      await slave.ok("stop", "web");
      await sleep(1500);
      assert.equal((await row("web")).state, "stopped");
      assert.doesNotMatch(await slave.shell("cat /etc/inittab"), /vz/);
      assert.equal(await slave.shell("ps -eo args= | grep -c '[h]ello' || true"), "0\n");
    });

    test("a program gets ten seconds to end, children that left their parent too", async () => {
      const script = `trap 'sleep 4; echo cleaned; exit' TERM; (setsid sleep 3600 &) ; echo up; ${LOOP}`;
      await slave.load(makeImage("slow", { args: ["/bin/sh", "-c", script] }));
      await start("slow", "slow");
      assert.equal(await slave.shell("ps -eo args= | grep -c '^sleep 3600'"), "1\n");
      await slave.ok("stop", "slow");
      assert.match(await log("slow"), /cleaned\n$/);
      assert.equal(await slave.shell("ps -eo args= | grep -c '^sleep 3600' || true"), "0\n");
      await slave.ok("rm", "slow");
    });

    test("what cannot be started or ends at once has its status and one clear line", async () => {
      await slave.load(makeImage("missing", { args: ["/bin/no-such-program"] }));
      await slave.load(makeImage("plain", { args: ["/etc/plain"] }));
      await slave.load(makeImage("brief", { args: ["/bin/sh", "-c", "echo out of luck; exit 3"] }));
      const mounts = [{ destination: "/data", source: "/no/such/file", options: ["bind"] }];
      await slave.load(makeImage("unbound", { args: ["/bin/sh"], mounts }));
      const cases = [
        ["missing", 127, /no-such-program/],
        // the reason reads like that of a program that is not there; the status is the runner's
        ["unbound", 125, /mounts\[0\] \(\/data\): source \/no\/such\/file: no such file or directory/],
        ["plain", 126, /plain/],
        ["brief", 1, /ended at once\nhint: its last words: out of luck\n$/],
      ] as const;
      for (const [image, status, says] of cases) {
        const result = await start(image, image);
        assert.equal(result.status, status, result.stderr);
        assert.match(result.stderr, says);
        assert.ok(result.stderr.split("\n").length <= 3, result.stderr);
        await slave.ok("rm", image);
      }
    });

    test("what is to run once runs once", async () => {
      const script = "echo ran; until [ -e /tmp/end ]; do sleep 0.1; done";
      await slave.load(makeImage("once", { args: ["/bin/sh", "-c", script] }));
      const first = await start("once", "once", "--restart=never");
      assert.equal(first.status, 0, first.stderr);
      const { pid } = await row("once");
      assert.equal((await slave.shell(`ps -o ppid= -p ${pid}`)).trim(), "1");
      await slave.shell("touch /var/lib/vz/containers/once/rootfs/tmp/end");
      await until("its end", 20_000, async () => (await row("once")).state === "stopped");
      assert.equal((await start("once", "once", "--restart=never")).status, 0);
      await sleep(1200);
      assert.equal(await log("once"), "ran\n");
      await slave.ok("rm", "once");
    });

    test("a volume belongs to the container's user and outlives the container", async () => {
      const script = `echo line >>/data/file; cat /data/file; ${LOOP}`;
      await slave.load(makeImage("keeper", { args: ["/bin/sh", "-c", script], uid: 1000 }));
      const run = () => start("keeper", "keeper", "--volume=store:/data");
      const first = await run();
      assert.equal(first.status, 0, first.stderr);
      await slave.ok("rm", "keeper");
      await run();
      assert.equal(await log("keeper"), "line\nline\n");
      assert.equal(await slave.shell("stat -c %u:%a /var/lib/vz/volumes/store"), "1000:755\n");
      await slave.ok("rm", "keeper");
      assert.equal(await slave.shell("cat /var/lib/vz/volumes/store/file"), "line\nline\n");
    });

    test("a user shares what he cannot write with the store, root gets his own", async () => {
      await start("user", "user");
      await start("root", "hello");
      const links = async (name: string) =>
        (await slave.shell(`stat -c %h /var/lib/vz/containers/${name}/rootfs/bin/busybox`)).trim();
      assert.ok(Number(await links("user")) > 1);
      assert.equal(await links("root"), "1");
      await slave.ok("rm", "user");
      await slave.ok("rm", "root");
    });

    test("a log is bounded, and its newest lines stay", async () => {
      const script = `i=0; while [ $i -lt 60000 ]; do echo a line of a certain length, number $i; i=$((i+1)); done; ${LOOP}`;
      await slave.load(makeImage("chatty", { args: ["/bin/sh", "-c", script] }));
      await start("chatty", "chatty");
      await until("all lines", 20_000, async () =>
        (await slave.ok("logs", "chatty", "--lines=1")).includes("59999"),
      );
      await ps();
      const size = Number(await slave.shell("stat -c %s /var/lib/vz/logs/chatty.log"));
      assert.ok(size <= 1024 * 1024 && size > 100_000, `${size}`);
      const lines = (await slave.ok("logs", "chatty", "--lines=3")).split("\n");
      assert.deepEqual(
        lines.slice(0, 3).map((line) => line.replace(/.* /, "")),
        ["59997", "59998", "59999"],
      );
      await slave.ok("rm", "chatty");
    });

    test("many starts at once all get their lines, under ids of their own", async () => {
      const names = [1, 2, 3, 4, 5, 6].map((n) => `many-${n}`);
      const results = await Promise.all(names.map((name) => start(name, "user")));
      assert.deepEqual(
        results.map(({ status }) => status),
        names.map(() => 0),
        results.map(({ stderr }) => stderr).join(""),
      );
      const ours = (await slave.shell("grep containers/many- /etc/inittab")).trim().split("\n");
      assert.equal(ours.length, names.length);
      if (init === "sysv") assert.equal(new Set(ours.map((line) => line.split(":")[0])).size, names.length);
      for (const name of names) await slave.ok("rm", name);
    });

    test("a start that is killed at any moment ends right when it is made again", async () => {
      for (let ms = 1; ms < 80; ms += 11) {
        const env = `--env=GREETING=${ms}`;
        await slave.shell(
          `vzexec start torn --image=hello --fleet=test ${env} & sleep 0.${String(ms).padStart(3, "0")}; kill -9 $!; true`,
        );
        // The first time there is nothing yet that a boot could start.
        const startable =
          "grep -c containers/torn /etc/inittab && ls /var/lib/vz/containers/torn/config.json";
        if (ms > 1)
          assert.match(
            await slave.shell(startable),
            /^1\n.*config\.json\n$/,
            `after ${ms} ms a boot starts it`,
          );
        const result = await start("torn", "hello", env);
        assert.equal(result.status, 0, `after ${ms} ms: ${result.stderr}`);
        assert.equal((await row("torn")).state, "running");
        assert.match(await log("torn"), new RegExp(`hello ${ms}\\n$`));
      }
      assert.equal((await slave.shell("grep -c containers/torn /etc/inittab")).trim(), "1");
      assert.equal((await slave.shell("ps -eo args= | grep -c '[h]ello'")).trim(), "1");
      assert.equal(await slave.shell("ls -A /var/lib/vz/containers | grep '^\\.' || true"), "");
    });

    test("a stop and an rm that are killed can be made again", async () => {
      for (const [verb, ms] of [
        ["stop", 5],
        ["stop", 15],
        ["rm", 5],
        ["rm", 15],
      ] as const) {
        await start("torn", "hello");
        await slave.shell(`vzexec ${verb} torn & sleep 0.0${String(ms).padStart(2, "0")}; kill -9 $!; true`);
        const result = await slave.run(verb, "torn");
        assert.ok(result.status === 0 || verb === "rm", result.stderr);
        assert.equal(await slave.shell("ps -eo args= | grep -c '[h]ello' || true"), "0\n");
        assert.doesNotMatch(await slave.shell("cat /etc/inittab"), /torn/);
      }
    });

    test("containers come back when the slave does", async () => {
      await start("back", "user", "--env=GREETING=back");
      const before = await row("back");
      await slave.lab.kill(1);
      await slave.lab.boot(1);
      const now = await until("the container", 60_000, async () => {
        const seen = await slave.run("ps", "--json");
        const all = seen.status === 0 ? (JSON.parse(seen.stdout) as ContainerRow[]) : [];
        return all.find(({ container, state }) => container === "back" && state === "running");
      });
      assert.equal(now.restarts, 0);
      assert.notEqual(now.since, before.since);
      assert.equal((await slave.shell(`ps -o ppid= -p ${now.pid}`)).trim(), "1");
      assert.equal((await row("web")).state, "stopped", "what was stopped before stays so");
      await slave.ok("rm", "back");
      await slave.ok("rm", "web");
      assert.deepEqual(await ps(), []);
    });
  });
}
