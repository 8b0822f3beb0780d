/** NOTIFY_SOCKET of sd_notify(3). */
import assert from "node:assert/strict";
import { chmodSync, chownSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { type OciTest, oci, topic } from "../support/oci.ts";
import { namespaces } from "../support/oci-bundle.ts";
import { until } from "../support/oci-test.ts";

/** A manager's socket, which is open for as long as `act` runs. */
async function withSocket(t: OciTest, act: (path: string, inode: number) => Promise<void>): Promise<void> {
  const path = t.path("manager");
  const server = createServer().listen(path);
  await until("the socket", () => server.listening);
  try {
    await act(path, statSync(path).ino);
  } finally {
    server.close();
  }
}

const looks = [
  "sh",
  "-c",
  'echo "$NOTIFY_SOCKET"; stat -c "%F %i" "$NOTIFY_SOCKET"; test -w "$NOTIFY_SOCKET" && echo writable',
];
const seen = (path: string, inode: number) => `${path}/notify\nsocket ${inode}\nwritable\n`;

topic("NOTIFY_SOCKET", () => {
  const own = { only: ["runch"], needs: ["mounts"] } as const;

  oci("the manager's socket is in the container, and the program is told where", own, async (t) => {
    await withSocket(t, async (path, inode) => {
      const env = { NOTIFY_SOCKET: path };
      assert.equal(
        await t.output({ args: looks, root: { path: "rootfs", readonly: true } }, { env }),
        seen(path, inode),
      );
      const c = await t.create({ args: looks }, { env });
      await t.ok("start", c.id);
      await t.becomes(c.id, "stopped");
      assert.equal(c.output(), seen(path, inode));
    });
  });

  oci("start BUNDLE-DIR hands it on as well", own, async (t) => {
    await withSocket(t, async (path, inode) => {
      const bundle = t.bundle({ args: looks, linux: { namespaces: [{ type: "mount" }] } });
      const { stdout, stderr } = await t.cli(["start", bundle.path], { env: { NOTIFY_SOCKET: path } });
      assert.deepEqual([stdout, stderr], [seen(path, inode), ""]);
      await t.ok("delete", basename(bundle.path));
    });
  });

  oci(
    "root of a user namespace may write to what root may write to",
    { ...own, needs: ["mounts", "user"] },
    async (t) => {
      await withSocket(t, async (path, inode) => {
        chmodSync(path, 0o755);
        const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
        const linux = { namespaces: namespaces("user"), uidMappings: ids, gidMappings: ids };
        const bundle = t.bundle({ args: looks, linux });
        for (const name of [".", "dev", "proc", "etc", "tmp"])
          chownSync(join(bundle.rootfs, name), 100000, 100000);
        assert.equal(await t.output({}, { bundle, env: { NOTIFY_SOCKET: path } }), seen(path, inode));
      });
    },
  );

  oci("an abstract socket and one that config.json names are left as they are", own, async (t) => {
    const args = ["sh", "-c", 'echo "$NOTIFY_SOCKET"'];
    const abstract = await t.run({ args }, { env: { NOTIFY_SOCKET: "@manager" } });
    assert.deepEqual([abstract.stdout, abstract.stderr], ["@manager\n", ""]);
    const process = { env: ["PATH=/bin", "NOTIFY_SOCKET=/run/mine"] };
    assert.equal(await t.output({ args, process }, { env: { NOTIFY_SOCKET: t.path() } }), "/run/mine\n");
  });

  oci("one that is not there is told", own, async (t) => {
    const env = { NOTIFY_SOCKET: t.path("nobody") };
    const { status, stderr } = await t.run({ args: ["true"] }, { env });
    assert.deepEqual([status, stderr.split("\n").length], [0, 2]);
    assert.match(stderr, /: runs without NOTIFY_SOCKET .*nobody \(no such file or directory\)\n$/);
    const strict = await t.run({ args: ["true"] }, { env, flags: ["--strict"] });
    assert.equal(strict.status, 125, strict.stderr);
  });
});
