/** runtime-spec config-linux.md, "Devices", "Default Devices". */
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Options, oci, topic } from "../support/oci.ts";
import { assertFails } from "../support/oci-test.ts";

const DEV = { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["mode=755"] };
const stat = (format: string, ...paths: string[]) => ["stat", "-c", format, ...paths];
/** What makes nodes of its own. */
const made: Options = { barrier: "devices" };

topic("devices", () => {
  oci("the default devices are there, for everybody", {}, async (t) => {
    const names = ["null", "zero", "full", "random", "urandom", "tty"].map((name) => `/dev/${name}`);
    const text = await t.output({ args: stat("%n %t,%T %a", ...names) });
    assert.equal(
      text,
      ["1,3", "1,5", "1,7", "1,8", "1,9", "5,0"].map((pair, i) => `${names[i]} ${pair} 666\n`).join(""),
    );
  });

  oci("the default devices work, on a tmpfs as well", { needs: ["mounts"] }, async (t) => {
    const script =
      "echo x >/dev/null; head -c 2 /dev/zero | wc -c; head -c 2 /dev/urandom | wc -c; echo x >/dev/full";
    const { stdout, stderr } = await t.run({ args: ["sh", "-c", script], mounts: [DEV] });
    assert.equal(stdout, "2\n2\n");
    assert.match(stderr, /No space left/i);
  });

  oci("/dev/ptmx is pts/ptmx of the container", { needs: ["mounts"] }, async (t) => {
    const pts = {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["newinstance", "ptmxmode=0666"],
    };
    const script = "ls -l /dev/ptmx; ls -l /dev/pts/ptmx; : <>/dev/ptmx && echo opens";
    const text = await t.output({ args: ["sh", "-c", script], mounts: [DEV, pts] });
    assert.match(text, /opens\n$/);
    assert.match(text, /(-> .*pts\/ptmx)|^c.* 5, +2 .*\/dev\/ptmx/m);
  });

  oci("a device has the numbers, mode and owner that are written", made, async (t) => {
    const devices = [
      { path: "/dev/one", type: "c", major: 1, minor: 5, fileMode: 0o640, uid: 7, gid: 8 },
      { path: "/dev/two", type: "b", major: 7, minor: 250, fileMode: 0o600, uid: 0, gid: 0 },
      { path: "/dev/three", type: "p", fileMode: 0o622 },
      { path: "/dev/four", type: "u", major: 1, minor: 3, fileMode: 0o666 },
    ];
    const args = stat("%F|%t,%T|%a|%u,%g", ...devices.map(({ path }) => path));
    const text = await t.output({ args, linux: { devices } });
    assert.deepEqual(text.trim().split("\n"), [
      "character special file|1,5|640|7,8",
      "block special file|7,fa|600|0,0",
      "fifo|0,0|622|0,0",
      "character special file|1,3|666|0,0",
    ]);
  });

  oci("the umask of the caller does not show in a device's mode", made, async (t) => {
    const before = ["sh", "-c", 'umask 077; exec "$@"', "sh"];
    const devices = [{ path: "/dev/one", type: "c", major: 1, minor: 3, fileMode: 0o666 }];
    assert.equal(
      await t.output({ args: stat("%a", "/dev/one", "/dev/null"), linux: { devices } }, { before }),
      "666\n666\n",
    );
  });

  oci("a device can lie outside of /dev, in directories that are made", made, async (t) => {
    const devices = [{ path: "/run/deep/null", type: "c", major: 1, minor: 3, fileMode: 0o666 }];
    assert.equal(await t.output({ args: stat("%t,%T", "/run/deep/null"), linux: { devices } }), "1,3\n");
  });

  oci("a device whose place is a symbolic link stays inside of the root", {}, async (t) => {
    const outside = t.path();
    mkdirSync(outside);
    const devices = [{ path: "/link/null", type: "c", major: 1, minor: 3 }];
    const bundle = t.bundle({ linux: { devices } });
    symlinkSync(outside, join(bundle.rootfs, "link"));
    await t.run({}, { bundle });
    assert.deepEqual(lstatSync(outside).nlink, 2);
    assert.throws(() => lstatSync(join(outside, "null")));
  });

  oci("another file in a device's place is an error", {}, async (t) => {
    // config-linux.md: "If a file already exists at path that does not match the requested device, … MUST generate an error"
    const devices = [{ path: "/dev/mine", type: "c", major: 1, minor: 3 }];
    const bundle = t.bundle({ linux: { devices } });
    writeFileSync(join(bundle.rootfs, "dev/mine"), "");
    assertFails(await t.run({}, { bundle }), 125, /devices\[0\]|\/dev\/mine/);
  });

  oci("a device that is there already is taken", made, async (t) => {
    const devices = [{ path: "/dev/mine", type: "c", major: 1, minor: 3, fileMode: 0o666 }];
    const bundle = t.bundle({ linux: { devices } });
    assert.equal((await t.run({}, { bundle })).status, 0);
    assert.equal((await t.run({}, { bundle })).status, 0);
  });

  oci("a device of no known type, or without numbers or a path, is an error", {}, async (t) => {
    for (const device of [
      { path: "/dev/x", type: "z", major: 1, minor: 3 },
      { type: "c", major: 1, minor: 3 },
    ])
      assertFails(await t.run({ linux: { devices: [device] } }), 125, /devices/);
  });

  oci("a device without its numbers is an error", { only: ["runch"] }, async (t) => {
    assertFails(await t.run({ linux: { devices: [{ path: "/dev/x", type: "c" }] } }), 125, /devices/);
  });

  oci(
    "without CAP_MKNOD the default devices are bound from the machine, or told",
    { only: ["runch"] },
    async (t) => {
      const before = ["setpriv", "--bounding-set=-mknod", "--"];
      const { status, stdout, stderr } = await t.run(
        { args: ["sh", "-c", "echo x >/dev/null && stat -c %t,%T /dev/null"], mounts: [] },
        { before },
      );
      if (stderr === "") assert.deepEqual([status, stdout], [0, "1,3\n"]);
      else assert.match(stderr, /runs without .*dev/);
    },
  );
});
