/** runtime-spec config.md, "Root"; config-linux.md, "Masked Paths" and "Readonly Paths", "Dev symbolic links". */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Need, oci, topic } from "../support/oci.ts";
import { PROC } from "../support/oci-bundle.ts";
import { assertFails } from "../support/oci-test.ts";

const needs: readonly Need[] = ["mounts"];

topic("root", () => {
  oci("the program sees the root filesystem and nothing else", {}, async (t) => {
    const names = (await t.output({ args: ["ls", "/"] })).split("\n");
    assert.ok(names.includes("bin"));
    assert.ok(!names.includes("usr") && !names.includes("home"));
  });

  oci("nobody gets above the root", {}, async (t) => {
    assert.equal(
      await t.output({ args: ["sh", "-c", "cd ../../../..; pwd; ls -d usr 2>/dev/null"] }).catch(() => "/\n"),
      "/\n",
    );
  });

  oci("root.path can be absolute", {}, async (t) => {
    const other = t.bundle();
    const text = await t.output({ args: ["ls", "/mark"], root: { path: other.rootfs } }).catch(() => "none");
    assert.equal(text, "none");
    writeFileSync(join(other.rootfs, "mark"), "");
    assert.equal(await t.output({ args: ["ls", "/mark"], root: { path: other.rootfs } }), "/mark\n");
  });

  oci("root.path can have another name, and .. in it", {}, async (t) => {
    const bundle = t.bundle({ args: ["echo", "here"], root: { path: "./x/../else/" } });
    renameSync(bundle.rootfs, join(bundle.path, "else"));
    mkdirSync(join(bundle.path, "x"));
    const { status, stdout, stderr } = await t.run({}, { bundle });
    assert.deepEqual([status, stdout], [0, "here\n"], stderr);
  });

  oci("a root.path that is missing is an error", {}, async (t) => {
    assertFails(await t.run({ root: { path: "nothing" } }), 125, /nothing/);
  });

  oci("a root.path that is a file is an error", {}, async (t) => {
    const bundle = t.bundle({ root: { path: "file" } });
    writeFileSync(join(bundle.path, "file"), "");
    assertFails(await t.run({}, { bundle }), 125, /file/);
  });

  oci("root is required", {}, async (t) => {
    assertFails(await t.run({ root: undefined }), 125, /root/);
    assertFails(await t.run({ root: {} }), 125, /root/);
  });

  oci(
    "root.readonly makes the root read-only",
    { needs, lacking: { parts: { root: { path: "rootfs", readonly: true } }, names: /root\.readonly/ } },
    async (t) => {
      const script = "touch /x 2>/dev/null || echo readonly; touch /scratch/x && echo scratch";
      const mounts = [{ destination: "/scratch", type: "tmpfs", source: "tmpfs" }];
      const bundle = t.bundle({
        args: ["sh", "-c", script],
        mounts,
        root: { path: "rootfs", readonly: true },
      });
      assert.equal((await t.run({}, { bundle })).stdout, "readonly\nscratch\n");
      writeFileSync(join(bundle.rootfs, "y"), "");
    },
  );

  oci("root.readonly false leaves it writable", {}, async (t) => {
    const bundle = t.bundle({ args: ["touch", "/x"], root: { path: "rootfs", readonly: false } });
    assert.equal((await t.run({}, { bundle })).status, 0);
    assert.ok(existsSync(join(bundle.rootfs, "x")));
  });

  oci(
    "masked paths cannot be read",
    {
      needs,
      lacking: { parts: { linux: { maskedPaths: ["/etc"] } }, names: /linux\.maskedPaths|mount namespace/ },
    },
    async (t) => {
      const maskedPaths = ["/etc/secret", "/etc/dir", "/proc/version", "/nosuch"];
      const script = "cat /etc/secret /proc/version; ls /etc/dir; cat /etc/dir/x 2>/dev/null; echo end";
      const bundle = t.bundle({ args: ["sh", "-c", script], linux: { maskedPaths } });
      writeFileSync(join(bundle.rootfs, "etc/secret"), "SECRET");
      mkdirSync(join(bundle.rootfs, "etc/dir"));
      writeFileSync(join(bundle.rootfs, "etc/dir/x"), "SECRET");
      const { status, stdout } = await t.run({}, { bundle });
      assert.deepEqual([status, stdout], [0, "end\n"]);
    },
  );

  oci(
    "read-only paths cannot be written",
    {
      needs,
      lacking: {
        parts: { linux: { readonlyPaths: ["/etc"] } },
        names: /linux\.readonlyPaths|mount namespace/,
      },
    },
    async (t) => {
      const script =
        "touch /etc/x /etc/dir/x 2>/dev/null; echo a >/one 2>/dev/null; cat /one; touch /tmp/y && echo end";
      const bundle = t.bundle({
        args: ["sh", "-c", script],
        linux: { readonlyPaths: ["/etc", "/one", "/nosuch", "/proc/sys"] },
      });
      mkdirSync(join(bundle.rootfs, "etc/dir"));
      writeFileSync(join(bundle.rootfs, "one"), "kept\n");
      const { stdout } = await t.run({}, { bundle });
      assert.equal(stdout, "kept\nend\n");
      assert.deepEqual(readdirSync(join(bundle.rootfs, "etc")), ["dir"]);
    },
  );

  oci("/proc/sys under readonlyPaths is read-only", { needs }, async (t) => {
    const script = "echo x >/proc/sys/kernel/domainname 2>/dev/null || echo readonly";
    assert.equal(
      await t.output({ args: ["sh", "-c", script], linux: { readonlyPaths: ["/proc/sys"] } }),
      "readonly\n",
    );
  });

  oci("masked and read-only paths must be absolute", { only: ["runch"] }, async (t) => {
    assertFails(await t.run({ linux: { maskedPaths: ["etc"] } }), 125, /maskedPaths/);
    assertFails(await t.run({ linux: { readonlyPaths: ["etc"] } }), 125, /readonlyPaths/);
  });

  oci("a masked path by a symbolic link stays inside of the root", { needs }, async (t) => {
    const dir = t.path();
    mkdirSync(dir);
    writeFileSync(join(dir, "kept"), "kept");
    const bundle = t.bundle({ args: ["true"], linux: { maskedPaths: ["/link/kept"] } });
    symlinkSync(dir, join(bundle.rootfs, "link"));
    assert.equal((await t.run({}, { bundle })).status, 0);
    assert.deepEqual(readdirSync(dir), ["kept"]);
  });

  oci("/dev/fd, stdin, stdout and stderr are links into /proc", { needs }, async (t) => {
    // runtime-linux.md, "Dev symbolic links"
    const mounts = [{ destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["mode=755"] }];
    const script = "for i in fd stdin stdout stderr; do readlink /dev/$i; done";
    const expected = "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\n";
    assert.equal(await t.output({ args: ["sh", "-c", script], mounts }), expected);
  });

  oci("with a mount namespace the machine's mounts are gone", { needs }, async (t) => {
    const lines = (await t.output({ args: ["cat", "/proc/mounts"] })).trim().split("\n");
    const paths = lines.map((line) => line.split(" ")[1] ?? "");
    assert.ok(
      paths.every((path) => path === "/" || /^\/(proc|dev)(\/|$)/.test(path)),
      paths.join(" "),
    );
    assert.equal(PROC.destination, "/proc");
  });
});
