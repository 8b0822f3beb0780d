/**
 * Images for i386 from a Debian for i386, on whatever this system is. The root filesystem is the one that labs share, which
 * the tests of the lab have made before this one.
 */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, lstatSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { needs32, vzBinary } from "../support/machine.ts";
import { ok, Workshop } from "../support/tracing.ts";

const shop = new Workshop();
after(() => shop.remove());
beforeEach(() => shop.next());
const run = (...args: string[]) => shop.run(vzBinary, args);

/** The root filesystem for i386 that labs share, if one was made. */
function i386Root(): string | undefined {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "vz/lab");
  const name = existsSync(cache)
    ? readdirSync(cache).find((entry) => /^i386-[0-9a-f]+$/.test(entry))
    : undefined;
  return name === undefined ? undefined : join(cache, name);
}

test("ldd-trace and trace build for i386 from a Debian for i386", { skip: needs32 }, (t) => {
  const source = i386Root();
  if (source === undefined) {
    t.skip("no lab was ever up here, so there is no root for i386");
    return;
  }
  const { stdout } = ok(run("ldd", "--root", source, "-o", "ldd.spec", "small", "sh", "id", "cat"));
  assert.match(stdout, new RegExp(`^\\+ cp -a ${source}/usr/bin/dash small/usr/bin/sh$`, "m"));
  const names = shop.spec("ldd.spec");
  assert.ok(names.includes("/usr/bin/id") && names.some((name) => name.endsWith("/libc.so.6")));
  assert.ok(!names.some((name) => name.startsWith(source) || name.includes("x86_64")));
  assert.equal(ok(shop.run("chroot", ["small", "sh", "-c", "echo $((6 * 7))"])).stdout, "42\n");
  for (const name of names) lstatSync(join(source, name));
  for (const name of ["etc/passwd", "etc/group", "etc/nsswitch.conf"])
    copyFileSync(join(source, name), join(shop.dir, "small", name));

  ok(shop.trace("--root", "small", "--image", "id.tar", "id", "daemon"));
  const { architecture } = JSON.parse(ok(run("image", "inspect", "--json", "id.tar")).stdout);
  assert.equal(architecture, "i386");
  assert.ok(shop.spec().some((name) => /\/ld-linux\.so\.2$/.test(name)));
});
