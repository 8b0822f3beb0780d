/** vzexec on the slaves that vz is for: no mount, old kernels, 32 bits, no room. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ContainerRow, FactsAnswer } from "../../src/common/contract/protocol.ts";
import { startLab } from "../support/lab.ts";
import { is32, manifestArchitecture, native } from "../support/machine.ts";
import { makeImage, Slave } from "../support/slave.ts";

const SERVICE = ["/bin/sh", "-c", "echo up; while :; do sleep 1 & wait $!; done"];

describe("where nothing may be mounted and the kernel is 2.6.32", () => {
  let slave: Slave;

  before(async () => {
    slave = await Slave.installed(await startLab(1, { init: "busybox", openvz: true, kernel: "2.6.32" }));
    await slave.load(makeImage("weak", { args: SERVICE, uid: 1000 }));
  });
  after(() => slave.lab.down());

  test("facts tell that there are no mount namespaces", async () => {
    assert.equal((await slave.json<FactsAnswer>("facts")).mountNamespace, false);
  });

  test("a container starts all the same, under init, and is seen, stopped and removed", async () => {
    await slave.ok("start", "weak", "--image=weak", "--fleet=f");
    const [row] = await slave.json<ContainerRow[]>("ps");
    assert.equal(row?.state, "running");
    assert.ok((row?.rss ?? 0) > 0);
    assert.equal((await slave.shell(`ps -o ppid= -p ${row?.pid}`)).trim(), "1");
    assert.equal(
      (await slave.shell(`readlink /proc/${row?.pid}/root`)).trim(),
      "/var/lib/vz/containers/weak/rootfs",
    );
    await slave.ok("rm", "weak");
    assert.deepEqual(await slave.json("ps"), []);
  });

  test("a volume that cannot be mounted is an error, not an empty directory", async () => {
    const result = await slave.run("start", "vol", "--image=weak", "--fleet=f", "--volume=v:/data");
    assert.equal(result.status, 125, result.stderr);
    assert.match(result.stderr, /\/data/);
    await slave.ok("rm", "vol");
  });
});

describe("where only programs of 32 bits run, or only those of 64", () => {
  test("facts tell so", async () => {
    const lab = await startLab(1, is32 ? { only32: true } : {});
    try {
      const slave = await Slave.installed(lab);
      assert.deepEqual((await slave.json<FactsAnswer>("facts")).architectures, [manifestArchitecture]);
    } finally {
      await lab.down();
    }
  });
});

describe("on a full disk", () => {
  let slave: Slave;

  before(async () => {
    slave = await Slave.installed(await startLab(1, { init: "sysv" }));
    await slave.shell("mount -t tmpfs -o size=7m none /var/lib/vz && mkdir -p /var/lib/vz/upload/incoming");
    await slave.load(makeImage("big", { args: SERVICE }));
  });
  after(() => slave.lab.down());

  test("a start that finds no room has one clear line, leaves nothing, and stops nothing", async () => {
    await slave.ok("start", "one", "--image=big", "--fleet=f");
    await slave.shell("head -c 20m /dev/zero >/var/lib/vz/filler 2>/dev/null || true");
    const result = await slave.run("start", "two", "--image=big", "--fleet=f");
    assert.equal(result.status, 71, result.stderr);
    assert.match(result.stderr, /^vz: .*(full|no space).*\n(hint: .*\n)?$/i);
    assert.equal(await slave.shell("ls -A /var/lib/vz/containers"), "one\n");
    const [row] = await slave.json<ContainerRow[]>("ps");
    assert.equal(row?.state, "running");
    const changed = await slave.run("start", "one", "--image=big", "--fleet=f", "--env=A=1");
    assert.equal(changed.status, 71, changed.stderr);
    assert.equal((await slave.json<ContainerRow[]>("ps"))[0]?.pid, row?.pid, "the old one goes on");
  });

  test("facts tell what runs there all the same", async () => {
    const full = await slave.shell("echo more >>/var/lib/vz/filler || echo full");
    assert.match(full, /full/);
    assert.deepEqual((await slave.json<FactsAnswer>("facts")).architectures, native);
  });

  test("a stop works without room, and a start works again with it", async () => {
    await slave.ok("stop", "one");
    await slave.shell("rm /var/lib/vz/filler");
    await slave.ok("start", "one", "--image=big", "--fleet=f", "--env=A=1");
    await slave.ok("rm", "one");
  });
});

describe("where a read-only root keeps what is shared", () => {
  test("root shares it, cannot write it, and is not run where it would not be read-only", async () => {
    const lab = await startLab(1, { init: "sysv" });
    try {
      const slave = await Slave.installed(lab);
      const script = "echo x >>/etc/plain || echo refused; while :; do sleep 1 & wait $!; done";
      await slave.load(makeImage("fixed", { args: ["/bin/sh", "-c", script], readonly: true }));
      await slave.ok("start", "fixed", "--image=fixed", "--fleet=f");
      assert.match(await slave.ok("logs", "fixed"), /Read-only file system\nrefused\n$/);
      const plain = "/var/lib/vz/containers/fixed/rootfs/etc/plain";
      assert.equal(await slave.shell(`stat -c %h ${plain}; cat ${plain}`), "2\nno program\n");
      const bare = await slave.lab.ssh(
        1,
        "runch start --isolation=chroot /var/lib/vz/containers/fixed </dev/null",
      );
      assert.equal(bare.status, 125, bare.stderr);
    } finally {
      await lab.down();
    }
  });
});

describe("whatever one container leaves behind", () => {
  let slave: Slave;

  before(async () => {
    slave = await Slave.installed(await startLab(1, { init: "busybox" }));
    await slave.load(makeImage("hello", { args: SERVICE }));
  });
  after(() => slave.lab.down());

  test("a tree deeper than a path can be long is removed with it", async () => {
    await slave.ok("start", "deep", "--image=hello", "--fleet=f");
    const half = Array.from({ length: 15 }, () => "d".repeat(200)).join("/");
    await slave.shell(
      `cd /var/lib/vz/containers/deep/rootfs/tmp && mkdir -p a/${half} b/${half} && touch b/${half}/file && ` +
        `ln -s /etc b/link && mv b a/${half}/`,
    );
    await slave.ok("rm", "deep");
    assert.deepEqual(await slave.json("ps"), []);
    assert.equal(await slave.shell("ls -A /var/lib/vz/containers; test -s /etc/inittab"), "");
  });

  test("a volume at a path that is not ASCII is unmounted and kept when it goes", async () => {
    await slave.ok("start", "vol", "--image=hello", "--fleet=f", "--volume=kept:/dätä");
    await slave.shell("echo mine >/var/lib/vz/volumes/kept/file");
    await slave.ok("rm", "vol");
    assert.equal(
      await slave.shell("cat /var/lib/vz/volumes/kept/file; ls -A /var/lib/vz/containers"),
      "mine\n",
    );
  });

  test("what cannot be tidied up is told, and keeps no verb from its work", async () => {
    await slave.ok("start", "one", "--image=hello", "--fleet=f");
    const told = async (directory: string, line: RegExp) => {
      await slave.shell(`mount --bind ${directory} ${directory} && mount -o remount,ro,bind ${directory}`);
      const result = await slave.run("ps");
      await slave.shell(`umount ${directory}`);
      assert.equal(result.status, 0, result.stderr);
      assert.match(result.stdout, /^one +running /m);
      assert.match(result.stderr, line);
    };
    await told("/var/lib/vz/logs", /^vz: container one: not tidied up: .*read-only.*\n$/);
    await slave.shell("mkdir -p /var/lib/vz/containers/.gone.two/rootfs");
    await told("/var/lib/vz/containers", /^vz: container two: not tidied up: .*read-only.*\n$/);
    assert.equal((await slave.run("rm", "one")).stderr, "");
    assert.equal(await slave.shell("ls -A /var/lib/vz/containers"), "");
  });
});
