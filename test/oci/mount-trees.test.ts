/** runtime-spec config.md, "Linux mount options": recursive binds and flags, propagation, id-mapped mounts. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Need, type OciTest, oci, topic } from "../support/oci.ts";
import { namespaces } from "../support/oci-bundle.ts";
import { execute } from "../support/oci-runtimes.ts";
import { assertFails } from "../support/oci-test.ts";

const needs: readonly Need[] = ["mounts"];

/** Runs the body with a folder that has a tmpfs mounted in it, `inner`, with a file; both mounts are shared. */
async function withTree(t: OciTest, body: (dir: string) => Promise<void>): Promise<void> {
  const dir = t.path();
  mkdirSync(dir);
  const script =
    'mount -t tmpfs outer "$1" && mount --make-shared "$1" && mkdir "$1/inner" && mount -t tmpfs inner "$1/inner" && echo deep >"$1/inner/file"';
  assert.equal((await execute(["sh", "-c", script, "sh", dir], t.path())).status, 0);
  try {
    await body(dir);
  } finally {
    await execute(["umount", "-R", dir], t.path());
  }
}

/** Lines of mountinfo below /data: [path, options, optional fields]. */
async function below(t: OciTest, dir: string, options: readonly string[], linux: object = {}) {
  const mounts = [{ destination: "/data", source: dir, options }];
  const text = await t.output({ args: ["cat", "/proc/self/mountinfo"], mounts, linux: { ...linux } });
  return text
    .split("\n")
    .map((line) => line.split(" - ")[0]?.split(" ") ?? [])
    .filter((fields) => fields[4]?.startsWith("/data"))
    .map((fields) => [fields[4] ?? "", fields[5] ?? "", fields.slice(6).join(" ")] as const);
}

topic("trees of mounts", () => {
  oci("rbind takes what is mounted below, bind does not", { needs }, async (t) => {
    await withTree(t, async (dir) => {
      assert.deepEqual(
        (await below(t, dir, ["rbind"])).map(([path]) => path),
        ["/data", "/data/inner"],
      );
      assert.deepEqual(
        (await below(t, dir, ["bind"])).map(([path]) => path),
        ["/data"],
      );
    });
  });

  for (const [option, flag] of [
    ["rro", "ro"],
    ["rnosuid", "nosuid"],
    ["rnodev", "nodev"],
    ["rnoexec", "noexec"],
    ["rnoatime", "noatime"],
    ["rnodiratime", "nodiratime"],
    ["rnosymfollow", "nosymfollow"],
  ] as const) {
    oci(`${option} holds for what is mounted below as well`, { needs }, async (t) => {
      await withTree(t, async (dir) => {
        const seen = await below(t, dir, ["rbind", option]);
        assert.equal(seen.length, 2);
        for (const [path, options] of seen)
          assert.ok(options.split(",").includes(flag), `${path}: ${options}`);
      });
    });
  }

  for (const option of "rrw rsuid rdev rexec rdiratime rrelatime rnorelatime rstrictatime rnostrictatime rsymfollow ratime".split(
    " ",
  )) {
    oci(`${option} is taken`, { needs }, async (t) => {
      await withTree(t, async (dir) => {
        const seen = await below(t, dir, ["rbind", option]);
        assert.equal(seen.length, 2);
        if (option === "rstrictatime" || option === "ratime")
          for (const [, options] of seen) assert.ok(!options.includes("noatime"), options);
      });
    });
  }

  oci("ro of an rbind is not recursive", { needs }, async (t) => {
    await withTree(t, async (dir) => {
      const [outer, inner] = await below(t, dir, ["rbind", "ro"]);
      assert.ok(outer?.[1].split(",").includes("ro"));
      assert.ok(inner?.[1].split(",").includes("rw"));
    });
  });

  for (const [option, pattern, recursive] of [
    ["private", /^$/, false],
    ["rprivate", /^$/, true],
    ["slave", /^master:\d+$/, false],
    ["rslave", /^master:\d+$/, true],
    ["shared", /^shared:\d+/, false],
    ["rshared", /^shared:\d+/, true],
    ["unbindable", /^unbindable$/, false],
    ["runbindable", /^unbindable$/, true],
  ] as const) {
    oci(`the propagation of a mount is ${option}`, { needs }, async (t) => {
      await withTree(t, async (dir) => {
        // slaves are made of mounts that are not private already
        const linux = option.includes("slave") ? { rootfsPropagation: "rslave" } : {};
        const seen = await below(t, dir, ["rbind", option], linux);
        assert.match(seen[0]?.[2] ?? "", pattern);
        if (recursive) assert.match(seen[1]?.[2] ?? "", pattern);
      });
    });
  }

  oci("what is mounted inside does not come out", { needs }, async (t) => {
    await withTree(t, async (dir) => {
      const capabilities = Object.fromEntries(
        ["bounding", "effective", "permitted"].map((name) => [name, ["CAP_SYS_ADMIN"]]),
      );
      const script = "mount -t tmpfs x /data/inner && mount -t tmpfs y /etc && echo mounted";
      const mounts = [{ destination: "/data", source: dir, options: ["rbind", "rprivate"] }];
      assert.equal(
        await t.output({ args: ["sh", "-c", script], mounts, process: { capabilities } }),
        "mounted\n",
      );
      assert.equal(readFileSync(join(dir, "inner/file"), "utf8"), "deep\n");
    });
  });

  for (const [value, pattern] of [
    ["private", /^$/],
    ["rprivate", /^$/],
    ["unbindable", /^unbindable$/],
    ["shared", /^shared:\d+/],
    ["slave", /^(master:\d+)?$/],
  ] as const) {
    // config-linux.md, "Rootfs Mount Propagation"
    oci(`rootfsPropagation ${value} is the root's`, { needs }, async (t) => {
      const text = await t.output({
        args: ["cat", "/proc/self/mountinfo"],
        linux: { rootfsPropagation: value },
      });
      const root = text
        .split("\n")
        .map((line) => line.split(" - ")[0]?.split(" ") ?? [])
        .find((fields) => fields[4] === "/");
      assert.match(root?.slice(6).join(" ") ?? "none", pattern);
    });
  }

  for (const value of ["private", "slave", "shared", "unbindable"]) {
    oci(
      `the machine's shared mounts outlive a container whose rootfsPropagation is ${value}`,
      { needs },
      async (t) => {
        // detaching the old root must not take away what is mounted on the machine
        await withTree(t, async (dir) => {
          await t.run({ linux: { rootfsPropagation: value } });
          assert.equal(readFileSync(join(dir, "inner/file"), "utf8"), "deep\n");
        });
      },
    );
  }

  oci("an unknown rootfsPropagation is an error", {}, async (t) => {
    assertFails(await t.run({ linux: { rootfsPropagation: "sideways" } }), 125, /rootfsPropagation/);
  });

  oci("idmap shows a mount's files under other owners", { needs: ["mounts", "user"] }, async (t) => {
    const dir = t.path();
    mkdirSync(dir);
    writeFileSync(join(dir, "file"), "");
    const map = [{ containerID: 0, hostID: 1000, size: 1000 }];
    const mounts = [
      { destination: "/data", source: dir, options: ["bind", "idmap"], uidMappings: map, gidMappings: map },
    ];
    assert.equal(await t.output({ args: ["stat", "-c", "%u:%g", "/data/file"], mounts }), "1000:1000\n");
  });

  oci("idmap without mappings and without a user namespace is an error", { needs }, async (t) => {
    const dir = t.path();
    mkdirSync(dir);
    const mounts = [{ destination: "/data", source: dir, options: ["bind", "idmap"] }];
    assertFails(await t.run({ mounts, linux: { namespaces: namespaces() } }), 125, /idmap|mounts\[1\]/);
  });

  oci("a cgroup mount shows the container's cgroups", { needs: ["mounts", "cgroup"] }, async (t) => {
    const mounts = [
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      {
        destination: "/sys/fs/cgroup",
        type: "cgroup",
        source: "cgroup",
        options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
      },
    ];
    const text = await t.output({
      args: ["cat", "/proc/self/mountinfo"],
      mounts,
      linux: { namespaces: namespaces("network", "cgroup") },
    });
    assert.match(text, / \/sys\/fs\/cgroup\/memory ro,[^\n]* - cgroup /);
  });
});
