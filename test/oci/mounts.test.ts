/** runtime-spec config.md, "Mounts" and "Linux mount options". */
import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Mount, type Need, type OciTest, oci, type Parts, runtime, topic } from "../support/oci.ts";
import { assertFails } from "../support/oci-test.ts";

const needs: readonly Need[] = ["mounts"];

/** The options of a mount as /proc/self/mountinfo has them: the mount's own, and the filesystem's. */
async function optionsAt(
  t: OciTest,
  path: string,
  parts: Parts,
): Promise<{ own: string[]; filesystem: string[] }> {
  const text = await t.output({ args: ["cat", "/proc/self/mountinfo"], ...parts });
  const lines = text.split("\n").filter((line) => line.split(" ")[4] === path);
  const fields = lines.at(-1)?.split(" ") ?? [];
  return { own: (fields[5] ?? "").split(","), filesystem: (fields.at(-1) ?? "").split(",") };
}

const tmpfs = (options: readonly string[], destination = "/scratch"): Mount => ({
  destination,
  type: "tmpfs",
  source: "tmpfs",
  options,
});

/** A folder outside of every container, with a file. */
function outside(t: OciTest): string {
  const path = t.path();
  mkdirSync(join(path, "sub"), { recursive: true });
  writeFileSync(join(path, "file"), "shared");
  return path;
}

/** A mount that the kernel refuses is named by its place and destination. */
const told = (destination: string) => new RegExp(`mounts\\[\\d+\\] \\(${destination}\\)`);

topic("mounts", () => {
  oci(
    "a tmpfs is mounted where it is asked for, and its directory is made",
    { needs, lacking: { parts: { mounts: [tmpfs([])] }, names: told("/scratch") } },
    async (t) => {
      const script = "grep ' /made/here ' /proc/mounts; touch /made/here/x";
      const bundle = t.bundle({ args: ["sh", "-c", script], mounts: [tmpfs([], "/made/here")] });
      const { status, stdout } = await t.run({}, { bundle });
      assert.equal(status, 0);
      assert.match(stdout, /^tmpfs \/made\/here tmpfs rw/);
      assert.equal(existsSync(join(bundle.rootfs, "made/here/x")), false);
    },
  );

  for (const [option, present, absent] of [
    ["ro", ["ro"], ["rw"]],
    ["rw", ["rw"], ["ro"]],
    ["nosuid", ["nosuid"], []],
    ["nodev", ["nodev"], []],
    ["noexec", ["noexec"], []],
    ["noatime", ["noatime"], ["relatime"]],
    ["nodiratime", ["nodiratime"], []],
    ["relatime", ["relatime"], []],
    ["strictatime", [], ["relatime", "noatime"]],
    ["sync", ["sync"], []],
    ["dirsync", ["dirsync"], []],
    ["lazytime", ["lazytime"], []],
    ["nosymfollow", ["nosymfollow"], []],
    ["size=64k", ["size=64k"], []],
    ["nr_inodes=77", ["nr_inodes=77"], []],
    ["mode=1750", ["mode=1750"], []],
    ["uid=7", ["uid=7"], []],
  ] as const) {
    oci(`a tmpfs takes the option ${option}`, { needs }, async (t) => {
      const { own, filesystem } = await optionsAt(t, "/scratch", { mounts: [tmpfs([option])] });
      for (const one of present) assert.ok([...own, ...filesystem].includes(one), own.join(","));
      for (const one of absent) assert.ok(!own.includes(one), own.join(","));
    });
  }

  for (const option of [
    "async atime defaults dev diratime exec iversion loud mand noiversion nolazytime nomand norelatime nostrictatime",
    "suid symfollow silent rw",
  ]
    .join(" ")
    .split(" ")) {
    oci(`the option ${option} is one of the kernel's and not the filesystem's`, { needs }, async (t) => {
      // a tmpfs would refuse it with EINVAL if it came in the data
      const { own: seen } = await optionsAt(t, "/scratch", { mounts: [tmpfs([option])] });
      assert.ok(seen.includes("rw"), seen.join(","));
    });
  }

  oci("an option that undoes another wins by coming later", { needs }, async (t) => {
    const pairs = ["nosuid", "suid", "nodev", "dev", "noexec", "exec", "ro", "rw", "noatime", "atime"];
    const { own: seen } = await optionsAt(t, "/scratch", { mounts: [tmpfs(pairs)] });
    for (const one of ["nosuid", "nodev", "noexec", "ro", "noatime"])
      assert.ok(!seen.includes(one), seen.join(","));
  });

  oci(
    "an option that nobody knows goes to the filesystem, which refuses it",
    { needs, lacking: { parts: { mounts: [tmpfs(["nosuch=1"])] }, names: told("/scratch") } },
    async (t) => {
      assertFails(await t.run({ mounts: [tmpfs(["nosuch=1"])] }), 125, /mounts\[1\] \(\/scratch\)/);
    },
  );

  oci("a filesystem that the kernel does not have is told, or an error", { needs }, async (t) => {
    const mounts = [{ destination: "/x", type: "nosuchfs", source: "none" }];
    if (runtime === "runch")
      assert.match((await t.run({ mounts })).stderr, /runs without .*mounts\[1\] \(\/x\)/);
    const strict = runtime === "runch" ? { global: ["--isolation=strict"] } : {};
    assertFails(await t.run({ mounts }, strict), 125, /mounts\[1\] \(\/x\)/);
  });

  for (const [type, destination, options] of [
    ["proc", "/proc", ["nosuid", "noexec", "nodev"]],
    ["sysfs", "/sys", ["nosuid", "noexec", "nodev", "ro"]],
    ["devpts", "/dev/pts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]],
    ["mqueue", "/dev/mqueue", ["nosuid", "noexec", "nodev"]],
    ["tmpfs", "/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]],
  ] as const) {
    oci(`${type} is mounted on ${destination}`, { needs }, async (t) => {
      const mounts: Mount[] = [
        tmpfs(["nosuid", "mode=755"], "/dev"),
        { destination, type, source: type, options },
      ];
      const parts = { args: ["cat", "/proc/mounts"], mounts, linux: { namespaces: spaces() } };
      const line = (await t.output(parts)).split("\n").find((one) => one.split(" ")[1] === destination);
      assert.equal(line?.split(" ")[2], type, line);
    });
  }

  oci("mounts are made in their order: a later one covers an earlier one", { needs }, async (t) => {
    const dir = outside(t);
    const bind = { destination: "/data", source: dir, options: ["bind"] };
    const covered = await t.output({ args: ["ls", "/data"], mounts: [bind, tmpfs([], "/data")] });
    assert.equal(covered, "");
    const uncovered = await t.output({ args: ["ls", "/data"], mounts: [tmpfs([], "/data"), bind] });
    assert.equal(uncovered, "file\nsub\n");
  });

  oci("a mount can lie in another", { needs }, async (t) => {
    const mounts = [tmpfs([], "/a"), { destination: "/a/b", source: outside(t), options: ["bind"] }];
    assert.equal(await t.output({ args: ["cat", "/a/b/file"], mounts }), "shared");
  });

  oci(
    "a directory is bound",
    {
      needs,
      lacking: {
        parts: (t) => ({ mounts: [{ destination: "/data", source: outside(t), options: ["bind"] }] }),
        names: told("/data"),
        refused: true,
      },
    },
    async (t) => {
      const dir = outside(t);
      const mounts = [{ destination: "/data", type: "none", source: dir, options: ["bind"] }];
      const script = "cat /data/file; echo new >/data/new";
      assert.equal(await t.output({ args: ["sh", "-c", script], mounts }), "shared");
      assert.equal(readFileSync(join(dir, "new"), "utf8"), "new\n");
    },
  );

  oci(
    "a file is bound, over a file that is made for it",
    {
      needs,
      lacking: {
        parts: (t) => ({
          mounts: [{ destination: "/etc/one", source: join(outside(t), "file"), options: ["rbind"] }],
        }),
        names: told("/etc/one"),
        refused: true,
      },
    },
    async (t) => {
      const mounts = [
        { destination: "/etc/made/one", source: join(outside(t), "file"), options: ["rbind", "ro"] },
      ];
      const bundle = t.bundle({ args: ["cat", "/etc/made/one"], mounts });
      const { stdout } = await t.run({}, { bundle });
      assert.equal(stdout, "shared");
      assert.ok(lstatSync(join(bundle.rootfs, "etc/made/one")).isFile());
    },
  );

  oci("a mount with bind among its options is a bind mount whatever its type says", { needs }, async (t) => {
    const mounts = [{ destination: "/data", type: "tmpfs", source: outside(t), options: ["rbind"] }];
    assert.equal(await t.output({ args: ["cat", "/data/file"], mounts }), "shared");
  });

  oci("the source of a bind mount can be relative to the bundle", { needs }, async (t) => {
    const mounts = [{ destination: "/data", source: "own", options: ["bind"] }];
    const bundle = t.bundle({ args: ["cat", "/data/file"], mounts });
    mkdirSync(join(bundle.path, "own"));
    writeFileSync(join(bundle.path, "own/file"), "the bundle's");
    assert.equal((await t.run({}, { bundle })).stdout, "the bundle's");
  });

  oci("a bind mount whose source is missing is an error", { needs }, async (t) => {
    const mounts = [{ destination: "/data", source: t.path("nosuch"), options: ["bind"] }];
    assertFails(await t.run({ mounts }), 125, /mounts\[1\] \(\/data\).*nosuch|nosuch.*mounts\[1\]/s);
  });

  oci("a bind mount of a device gives the device", { needs }, async (t) => {
    const mounts = [{ destination: "/dev/zip", source: "/dev/zero", options: ["bind"] }];
    assert.equal(await t.output({ args: ["sh", "-c", "head -c 3 /dev/zip | wc -c"], mounts }), "3\n");
  });

  oci("a bind mount follows its source when that is a symbolic link", { needs }, async (t) => {
    const dir = outside(t);
    symlinkSync("file", join(dir, "link"));
    const mounts = [{ destination: "/one", source: join(dir, "link"), options: ["bind"] }];
    assert.equal(await t.output({ args: ["cat", "/one"], mounts }), "shared");
  });

  for (const option of ["ro", "nosuid", "nodev", "noexec", "noatime", "nosymfollow"]) {
    oci(`a bind mount takes the option ${option}`, { needs }, async (t) => {
      const mounts = [{ destination: "/data", source: outside(t), options: ["bind", option] }];
      const { own: seen } = await optionsAt(t, "/data", { mounts });
      assert.ok(seen.includes(option), seen.join(","));
    });
  }

  oci("a bind mount that is read-only leaves its source writable", { needs }, async (t) => {
    const dir = outside(t);
    const mounts = [
      { destination: "/ro", source: dir, options: ["bind", "ro"] },
      { destination: "/rw", source: dir, options: ["bind"] },
    ];
    const script = "touch /rw/a && echo rw; touch /ro/b 2>/dev/null || echo ro";
    assert.equal(await t.output({ args: ["sh", "-c", script], mounts }), "rw\nro\n");
  });

  oci(
    "a bind of what is mounted read-only stays read-only, with other options too",
    { needs, only: ["runch"] },
    async (t) => {
      const dir = outside(t);
      const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
      for (const options of [["bind"], ["bind", "nosuid"], ["rbind", "noatime"]]) {
        const mounts = [{ destination: "/data", source: dir, options }];
        const args = ["sh", "-c", "touch /data/made 2>/dev/null || echo refused"];
        const { status, stdout, stderr } = await t.run(
          { args, mounts },
          { before: ["unshare", "-m", "sh", "-c", script, dir] },
        );
        assert.deepEqual([status, stdout], [0, "refused\n"], `${options}: ${stderr}`);
      }
    },
  );

  oci(
    "a mount over a file's place that is a directory, and the other way round, is an error",
    { needs },
    async (t) => {
      const dir = outside(t);
      const file = [{ destination: "/tmp", source: join(dir, "file"), options: ["bind"] }];
      assertFails(await t.run({ mounts: file }), 125, /mounts\[1\] \(\/tmp\)/);
      const folder = [{ destination: "/bin/busybox", source: dir, options: ["bind"] }];
      assertFails(await t.run({ mounts: folder }), 125, /mounts\[1\] \(\/bin\/busybox\)/);
    },
  );

  oci("a destination without a leading slash is relative to the root", { needs }, async (t) => {
    assert.match(
      await t.output({ args: ["grep", "scratch", "/proc/mounts"], mounts: [tmpfs([], "scratch")] }),
      / \/scratch tmpfs /,
    );
  });

  oci("a destination by a symbolic link stays inside of the root", { needs }, async (t) => {
    const dir = outside(t);
    const mounts = [
      { destination: "/absolute/in", source: dir, options: ["bind"] },
      { destination: "/relative/in", source: join(dir, "file"), options: ["bind"] },
      tmpfs([], "/chain/in"),
    ];
    const bundle = t.bundle({ args: ["sh", "-c", "ls /absolute/in; cat /relative/in"], mounts });
    symlinkSync(dir, join(bundle.rootfs, "absolute"));
    symlinkSync(`../../../../../../../..${dir}/sub`, join(bundle.rootfs, "relative"));
    symlinkSync("relative/../absolute", join(bundle.rootfs, "chain"));
    const { status, stdout, stderr } = await t.run({}, { bundle });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /file/);
    assert.equal(existsSync(join(dir, "in")), false, "nothing was made outside");
    assert.equal(existsSync(join(dir, "sub/in")), false, "nothing was made outside");
  });

  oci("a destination with .. in it stays inside of the root", { needs }, async (t) => {
    const mounts = [tmpfs([], "/../../../../tmp/../up")];
    assert.match(await t.output({ args: ["grep", "up", "/proc/mounts"], mounts }), / \/up tmpfs /);
  });

  oci("a destination that is a dangling link is made inside of the root", { needs }, async (t) => {
    const dir = t.path();
    const bundle = t.bundle({ args: ["cat", "/proc/mounts"], mounts: [tmpfs([], "/dangling")] });
    symlinkSync(join(dir, "nosuch"), join(bundle.rootfs, "dangling"));
    const { status, stdout, stderr } = await t.run({}, { bundle });
    assert.equal(status, 0, stderr);
    assert.match(stdout, / tmpfs /);
    assert.equal(existsSync(dir), false, "nothing was made outside");
  });

  oci("tmpcopyup fills a tmpfs with what it covers, and leaves that alone", { needs }, async (t) => {
    const script =
      "cat /etc/file /etc/deep/er; readlink /etc/link; stat -c %a,%u /etc/file; echo changed >/etc/file";
    const bundle = t.bundle({ args: ["sh", "-c", script], mounts: [tmpfs(["tmpcopyup"], "/etc")] });
    writeFileSync(join(bundle.rootfs, "etc/file"), "one\n", { mode: 0o640 });
    mkdirSync(join(bundle.rootfs, "etc/deep"));
    writeFileSync(join(bundle.rootfs, "etc/deep/er"), "two\n");
    symlinkSync("file", join(bundle.rootfs, "etc/link"));
    const { status, stdout, stderr } = await t.run({}, { bundle });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "one\ntwo\nfile\n640,0\n");
    assert.equal(readFileSync(join(bundle.rootfs, "etc/file"), "utf8"), "one\n");
  });

  oci("remount changes a mount that is there", { needs }, async (t) => {
    const mounts = [tmpfs([]), { ...tmpfs(["remount", "ro"]), source: "none" }];
    assert.ok((await optionsAt(t, "/scratch", { mounts })).own.includes("ro"));
  });

  oci("a mount of the wrong type in config.json is an error", {}, async (t) => {
    for (const mount of [{ type: "tmpfs" }, { destination: 1 }, { destination: "/x", options: "ro" }, "x"])
      assertFails(await t.run({ mounts: [mount as Mount] }), 125, /mounts/);
  });

  oci("hundred mounts are made", { needs }, async (t) => {
    const mounts = Array.from({ length: 100 }, (_, i) => tmpfs(["size=4k"], `/m/${i}`));
    assert.equal(await t.output({ args: ["grep", "-c", " /m/", "/proc/mounts"], mounts }), "100\n");
  });
});

function spaces() {
  return ["mount", "pid", "ipc", "uts", "network"].map((type) => ({ type }));
}
