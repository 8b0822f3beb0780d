/** runtime-spec config.md, "Process": arguments, environment, directory, identity, umask. */
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { oci, topic } from "../support/oci.ts";
import { assertFails } from "../support/oci-test.ts";

topic("process", () => {
  oci("arguments reach the program byte for byte", {}, async (t) => {
    const args = [
      "probe",
      "two words",
      `it's "quoted"`,
      "line\nbreak",
      "",
      "$HOME `id` \\",
      "ü€",
      "-x",
      "--",
    ];
    assert.deepEqual((await t.probe({ args })).args, args);
  });

  oci("a hundred thousand bytes of arguments arrive", {}, async (t) => {
    const args = ["probe", ...Array.from({ length: 1000 }, (_, i) => `${i}-${"x".repeat(96)}`)];
    assert.deepEqual((await t.probe({ args })).args, args);
  });

  oci("the environment is the one that is written, in its order", {}, async (t) => {
    const env = ["PATH=/bin", "ODD=a=b 'c'\nd", "EMPTY=", "Z=1", "A=2", "HOME=/somewhere"];
    const seen = (await t.probe({ process: { env } })).env;
    assert.deepEqual(seen, env);
  });

  oci("nothing of the caller's environment reaches the program", {}, async (t) => {
    const seen = (await t.probe({}, { env: { SECRET: "x", LISTEN_FDS: "0" } })).env;
    assert.equal(
      seen.some((line) => /SECRET|NODE_/.test(line)),
      false,
      seen.join(" "),
    );
  });

  oci("HOME comes from the container's /etc/passwd where the environment does not set it", {}, async (t) => {
    const parts = { args: ["probe"], process: { user: { uid: 7, gid: 0 } } };
    const bundle = t.bundle(parts);
    writeFileSync(
      join(bundle.rootfs, "etc/passwd"),
      "root:x:0:0::/root:/bin/sh\nseven:x:7:7::/home/seven:/bin/sh\n",
    );
    const { env } = await t.probe(parts, { bundle });
    assert.ok(env.includes("HOME=/home/seven"), env.join(" "));
  });

  oci("a program without a slash is looked up in the PATH of process.env", {}, async (t) => {
    const bundle = t.bundle({ args: ["here"], process: { env: ["PATH=/nowhere:/opt/first:/bin"] } });
    mkdirSync(join(bundle.rootfs, "opt/first"), { recursive: true });
    writeFileSync(join(bundle.rootfs, "opt/first/here"), "#!/bin/sh\necho first\n", { mode: 0o755 });
    writeFileSync(join(bundle.rootfs, "bin/here"), "#!/bin/sh\necho second\n", { mode: 0o755 });
    const { status, stdout, stderr } = await t.run({}, { bundle });
    assert.deepEqual([status, stdout, stderr], [0, "first\n", ""]);
  });

  oci("a program with a slash is taken relative to cwd", {}, async (t) => {
    const stdout = await t.output({ args: ["./sh", "-c", "echo $0"], process: { cwd: "/bin" } });
    assert.equal(stdout, "./sh\n");
  });

  oci("cwd is the working directory", {}, async (t) => {
    assert.equal((await t.probe({ process: { cwd: "/etc" } })).cwd, "/etc");
  });

  oci("a cwd that is missing is made", {}, async (t) => {
    const parts = { args: ["probe"], process: { cwd: "/made/for it" } };
    const bundle = t.bundle(parts);
    assert.equal((await t.probe(parts, { bundle })).cwd, "/made/for it");
    assert.ok(lstatSync(join(bundle.rootfs, "made/for it")).isDirectory());
  });

  oci("a cwd by a symbolic link stays inside of the root", {}, async (t) => {
    const parts = { args: ["probe"], process: { cwd: "/link/in" } };
    const bundle = t.bundle(parts);
    symlinkSync("../../../../../../etc", join(bundle.rootfs, "link"));
    mkdirSync(join(bundle.rootfs, "etc/in"));
    assert.equal((await t.probe(parts, { bundle })).cwd, "/etc/in");
  });

  oci("a relative cwd is refused", {}, async (t) => {
    assertFails(await t.run({ process: { cwd: "etc" } }), 125, /cwd/);
  });

  oci("a cwd that is a file is refused", {}, async (t) => {
    assertFails(await t.run({ process: { cwd: "/bin/busybox" } }), 125, /cwd|\/bin\/busybox/);
  });

  oci("uid and gid are real, effective and saved ones", {}, async (t) => {
    const { uid, gid, groups } = await t.probe({ process: { user: { uid: 1234, gid: 2345 } } });
    assert.deepEqual(uid, [1234, 1234, 1234]);
    assert.deepEqual(gid, [2345, 2345, 2345]);
    assert.deepEqual(
      groups.filter((group) => group !== 2345),
      [],
      "no group of the caller stays",
    );
  });

  oci("the biggest ids that a kernel has are taken", {}, async (t) => {
    const { uid, gid } = await t.probe({ process: { user: { uid: 2147483646, gid: 2147483645 } } });
    assert.deepEqual([uid[0], gid[0]], [2147483646, 2147483645]);
  });

  oci("additionalGids are the supplementary groups", {}, async (t) => {
    const user = { uid: 1, gid: 2, additionalGids: [7, 8, 100000] };
    const { groups } = await t.probe({ process: { user } });
    assert.deepEqual(
      groups.filter((group) => group !== 2),
      [7, 8, 100000],
    );
  });

  oci("umask is the program's", {}, async (t) => {
    assert.equal((await t.probe({ process: { user: { uid: 0, gid: 0, umask: 0o027 } } })).umask, 0o027);
  });

  oci("without umask the program has 0022", {}, async (t) => {
    assert.equal((await t.probe()).umask, 0o022);
  });

  oci("standard input, output and error are the caller's", {}, async (t) => {
    const { status, stdout, stderr } = await t.run(
      { args: ["sh", "-c", "cat; echo err >&2"] },
      { input: "from standard input" },
    );
    assert.deepEqual([status, stdout, stderr], [0, "from standard input", "err\n"]);
  });

  oci("standard output can be opened anew by its name", { needs: ["mounts"], lacking: {} }, async (t) => {
    assert.equal(await t.output({ args: ["sh", "-c", "echo named >/dev/stdout"] }), "named\n");
  });

  oci("no descriptor but the three is open", {}, async (t) => {
    assert.deepEqual((await t.probe()).fds, [0, 1, 2]);
  });

  oci("a descriptor that the caller left open does not reach the program", {}, async (t) => {
    assert.deepEqual((await t.probe({}, { fds: [0, 1] })).fds, [0, 1, 2]);
  });

  oci("no signal is blocked or ignored in the program", {}, async (t) => {
    const { blocked, ignored } = await t.probe();
    assert.deepEqual([blocked, ignored], [[], []]);
  });

  oci("the program is first of a session", { profiles: ["namespaces"] }, async (t) => {
    const { pid, sid } = await t.probe();
    assert.equal(sid, pid);
  });

  oci("process is needed by start", {}, async (t) => {
    const config = { ociVersion: "1.0.2", root: { path: "rootfs" }, linux: { namespaces: [] } };
    assertFails(await t.run(JSON.stringify(config)), 125, /process/);
  });

  for (const [what, process] of Object.entries({
    "no args": { args: [] },
    "args that are no strings": { args: ["true", 1] },
    "args that are text": { args: "true" },
    "no cwd": { cwd: null },
    "an env that is an object": { env: { PATH: "/bin" } },
    "a uid that is text": { user: { uid: "root", gid: 0 } },
    "a negative uid": { user: { uid: -1, gid: 0 } },
    "a uid above 32 bits": { user: { uid: 4294967296, gid: 0 } },
    "a gid that is a fraction": { user: { uid: 0, gid: 1.5 } },
    "additionalGids that are text": { user: { uid: 0, gid: 0, additionalGids: "7" } },
  })) {
    oci(`process: ${what} is refused`, {}, async (t) => {
      assertFails(await t.run({ process }), 125, /process/);
    });
  }

  oci("a name in process.user is not a uid", { only: ["runch"] }, async (t) => {
    // config.md, "Windows User": username is not for Linux; what cannot be applied must not be dropped in silence
    const { stderr } = await t.run({ process: { user: { uid: 0, gid: 0, username: "nobody" } } });
    assert.match(stderr, /username/);
  });
});
