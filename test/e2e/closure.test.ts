/** What a spec holds beyond what the run touched, and roots other than this system's own. Needs root. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { vzBinary } from "../support/machine.ts";
import { ok, Workshop } from "../support/tracing.ts";

const shop = new Workshop({ PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/" });
/** A directory of its own for each test. */
let dir = shop.dir;
after(() => shop.remove());
beforeEach(() => {
  shop.next();
  dir = shop.dir;
});
const run: typeof shop.run = (...args) => shop.run(...args);
const vz = (...args: string[]) => run(vzBinary, args);
const trace: typeof shop.trace = (...args) => shop.trace(...args);
const spec: typeof shop.spec = (...args) => shop.spec(...args);
const inRoot = (root: string, ...command: string[]) => run("chroot", [join(dir, root), ...command]);
const mode = (name: string) => (statSync(join(dir, name)).mode & 0o7777).toString(8);

test("both names of merged directories lead to what is there, and no cache of the loader is needed", () => {
  ok(trace("--rootfs", "root", "sh", "-c", "echo"));
  for (const name of ["bin", "lib"]) {
    if (!lstatSync(`/${name}`).isSymbolicLink()) continue;
    assert.equal(readlinkSync(join(dir, "root", name)), readlinkSync(`/${name}`));
  }
  assert.ok(!spec().includes("/etc/ld.so.cache"));
  assert.equal(ok(inRoot("root", "/bin/sh", "-c", "echo a")).stdout, "a\n");
});

test("the cache stays where a library is found by it alone", () => {
  const library = "/opt/vz-closure-test";
  const conf = "/etc/ld.so.conf.d/vz-closure-test.conf";
  mkdirSync(library);
  try {
    writeFileSync(join(dir, "x.c"), "int x(void) { return 7; }");
    writeFileSync(join(dir, "p.c"), "int x(void); int main(void) { return x(); }");
    ok(run("gcc", ["-shared", "-o", `${library}/libvzclosure.so`, "x.c"]));
    ok(run("gcc", ["-o", "p", "p.c", `-L${library}`, "-lvzclosure"]));
    writeFileSync(conf, `${library}\n`);
    ok(run("ldconfig", []));
    assert.equal(trace("./p").status, 7);
    assert.ok(spec().includes("/etc/ld.so.cache") && spec().includes(`${library}/libvzclosure.so`));
    ok(run("tar", ["-cPf", "t", "--no-recursion", "-T", "spec"]));
    mkdirSync(join(dir, "root"));
    ok(run("tar", ["-xf", "t", "-C", "root"]));
    assert.equal(inRoot("root", join(dir, "p")).status, 7);
    ok(run(vzBinary, ["ldd", "chroot", join(dir, "p")]));
    assert.equal(inRoot("chroot", join(dir, "p")).status, 7, "ldd-trace puts it where no cache is asked");
    assert.ok(spec().includes("/etc/ld.so.cache"), "its spec keeps the names of this system");
  } finally {
    rmSync(library, { recursive: true, force: true });
    rmSync(conf, { force: true });
    run("ldconfig", []);
  }
});

test("a library that was not loaded, and what a plugin needs, come along", () => {
  writeFileSync(join(dir, "deep.c"), "int deep(void) { return 0; }");
  writeFileSync(join(dir, "plug.c"), "int deep(void); int plug(void) { return deep(); }");
  mkdirSync(join(dir, "own"));
  ok(run("gcc", ["-shared", "-o", "own/libdeep.so", "deep.c"]));
  const runPath = "-Wl,-rpath,$ORIGIN/own";
  ok(run("gcc", ["-shared", "-o", "plug.so", "plug.c", "-Lown", "-ldeep", runPath]));
  ok(trace("cat", "plug.so"));
  assert.ok(spec().includes(join(dir, "own/libdeep.so")));
});

test("who asked for users by the name service finds others in the new root", () => {
  ok(trace("--rootfs", "root", "id", "root"));
  assert.match(ok(inRoot("root", "id", "daemon")).stdout, /\(daemon\)/);
  assert.ok(!existsSync(join(dir, "root/etc/shadow")));
});

test("directories that programs expect have the modes and owners that they have here", () => {
  ok(trace("--rootfs", "root", "true"));
  assert.deepEqual(["root/tmp", "root/var/tmp", "root/proc", "root/dev"].map(mode), [
    "1777",
    "1777",
    "555",
    "755",
  ]);
  if (lstatSync("/var/run").isSymbolicLink())
    assert.equal(readlinkSync(join(dir, "root/var/run")), readlinkSync("/var/run"));
  mkdirSync(join(dir, "own"));
  chmodSync(join(dir, "own"), 0o2750);
  chownSync(join(dir, "own"), 1234, 4321);
  ok(trace("--rootfs", "other", "ls", "own"));
  const { uid, gid } = statSync(join(dir, "other", dir, "own"));
  assert.deepEqual([uid, gid, mode(`other${dir}/own`)], [1234, 4321, "2750"]);
});

test("one certificate that was looked up by its hash brings the others", () => {
  const hashed = "/etc/ssl/certs";
  const names = existsSync(hashed) ? readdirSync(hashed).filter((name) => /^[0-9a-f]{8}\.0$/.test(name)) : [];
  const [first = "", second = ""] = names;
  assert.ok(second !== "", "needs the package ca-certificates");
  ok(trace("--rootfs", "root", "openssl", "verify", "-CApath", hashed, join(hashed, first)));
  assert.ok(!existsSync(join(dir, "root/etc/ssl/private")));
  const again = inRoot("root", "openssl", "verify", "-CApath", hashed, join(hashed, second));
  assert.match(ok(again).stdout, /: OK\n$/);
});

test("a bundle of what used a terminal and shared memory has both", () => {
  const command = ["script", "-qec", "echo x > /dev/shm/x && cat /dev/shm/x", "/dev/null"];
  ok(trace("--bundle", "b", ...command));
  rmSync("/dev/shm/x", { force: true });
  assert.match(ok(vz("runch", "start", join(dir, "b"))).stdout, /^x\r?\n/);
  assert.ok(!existsSync("/dev/shm/x"));
});

/** A root of busybox, with traps: links to what only this system has. */
function tinyRoot(): string {
  const root = join(dir, "tiny");
  for (const name of ["bin", "etc", "proc", "dev", "tmp", "opt/real"])
    mkdirSync(join(root, name), { recursive: true });
  copyFileSync("/usr/bin/busybox", join(root, "opt/real/busybox"));
  chmodSync(join(root, "opt/real/busybox"), 0o755);
  for (const name of ["sh", "cat", "ls"]) symlinkSync("/opt/real/busybox", join(root, "bin", name));
  writeFileSync(join(root, "etc/inner"), "from inside\n");
  symlinkSync("/etc/inner", join(root, "etc/link"));
  symlinkSync("../../../../../../../../etc/inner", join(root, "etc/deep"));
  symlinkSync("/etc/passwd", join(root, "etc/trap"));
  const script = `#!/bin/sh
cd /etc && for name in link ./deep ../../../../etc/inner; do read line < $name; echo $line; done
`;
  writeFileSync(join(root, "bin/script"), script, { mode: 0o755 });
  return root;
}

test("--root runs the command in that root, and names files as from inside of it", () => {
  const root = tinyRoot();
  const before = readFileSync("/proc/self/mountinfo", "latin1");
  const { stdout } = ok(trace("--root", "tiny", "--rootfs", "new", "script"));
  assert.equal(stdout, "from inside\n".repeat(3));
  assert.deepEqual(spec(), [
    "/bin/script",
    "/bin/sh",
    "/etc",
    "/etc/deep",
    "/etc/inner",
    "/etc/link",
    "/opt/real/busybox",
  ]);
  assert.equal(ok(inRoot("new", "/bin/script")).stdout, stdout);
  assert.ok(!existsSync(join(dir, "new/etc/passwd")));
  assert.equal(readFileSync("/proc/self/mountinfo", "latin1"), before, "nothing stays mounted");
  assert.deepEqual(readdirSync(join(root, "dev")), []);
});

test("/proc and /dev are there for the run, and its own", () => {
  tinyRoot();
  const script =
    "cat /proc/self/status >/dev/null; cat /dev/null; echo x >/dev/shm/vz-x; ls /proc/self/exe /dev/ptmx";
  ok(trace("--root", "tiny", "sh", "-c", script));
  assert.ok(spec().includes("/dev/null") && !spec().some((name) => name.startsWith("/proc/")));
  assert.ok(!existsSync("/dev/shm/vz-x"));
});

test("a link of that root never leads to this system's file of the same name", () => {
  tinyRoot();
  assert.equal(trace("--root", "tiny", "sh", "-c", "cat /etc/trap; exit 5").status, 5);
  assert.ok(!spec().includes("/etc/passwd"));
  assert.equal(trace("--root", "tiny", "/etc/trap").status, 127);
  assert.match(trace("--root", "tiny", "perl").stderr, /^vz: perl: command not found/);
  assert.equal(trace("--root", "tiny", "/etc/inner").status, 126);
  assert.equal(trace("--root", "none", "sh").status, 64);
  const asNobody = run("setpriv", [
    "--reuid=65534",
    "--clear-groups",
    vzBinary,
    "trace",
    "-o",
    "/dev/null",
    "--root",
    "/usr",
    "sh",
  ]);
  assert.equal(asNobody.status, 77);
  assert.match(asNobody.stderr, /--root: needs root/);
});

test("a bundle of another root runs as from inside of it", () => {
  tinyRoot();
  ok(trace("--root", "tiny", "--bundle", "b", "script"));
  const config = JSON.parse(readFileSync(join(dir, "b/config.json"), "utf8"));
  assert.equal(config.process.cwd, "/");
  assert.deepEqual(config.process.args, ["script"]);
  assert.equal(ok(vz("runch", "start", join(dir, "b"))).stdout, "from inside\n".repeat(3));
});
