/** `vz image` and the slave's store, by the executable: real disks, real locks, real deaths. Needs root for the mounts. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CONFIG, gzipped, membersOf, tarball } from "../common/image/sample.ts";
import { manifestArchitecture, vzBinary } from "../support/machine.ts";

const scratch = mkdtempSync(join(tmpdir(), "vz-image-e2e-"));
const mounts: string[] = [];
after(() => {
  for (const mount of mounts) spawnSync("umount", ["-l", mount]);
  rmSync(scratch, { recursive: true, force: true });
});

function vz(...args: string[]) {
  return spawnSync(vzBinary, args, { encoding: "utf8", cwd: scratch });
}

function ok(...args: string[]): string {
  const { status, stdout, stderr } = vz(...args);
  assert.equal(status, 0, `vz ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Runs a command that must fail in one line, and gives that line. */
function refused(status: number, ...args: string[]): string {
  const run = vz(...args);
  assert.equal(run.status, status, run.stderr);
  const [line, hint, ...more] = run.stderr.trimEnd().split("\n");
  assert.ok(more.length === 0 && (hint === undefined || hint.startsWith("hint: ")), run.stderr);
  return line ?? "";
}

function makeBundle(name: string, files: Readonly<Record<string, string | Buffer>>): string {
  const bundle = join(scratch, name);
  mkdirSync(join(bundle, "rootfs"), { recursive: true });
  writeFileSync(join(bundle, "config.json"), CONFIG);
  for (const [path, content] of Object.entries(files)) {
    const file = join(bundle, "rootfs", path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, content, { mode: 0o644 });
  }
  return bundle;
}

/** An image of `megabytes` that do not compress, in files of one megabyte. */
function bigImage(name: string, megabytes: number): string {
  const names = Array.from({ length: megabytes }, (_, i) => `part-${i}`);
  const bundle = makeBundle(
    `${name}.bundle`,
    Object.fromEntries(names.map((part) => [part, randomBytes(2 ** 20)])),
  );
  ok("image", "build", bundle, "-o", `${name}.tar.gz`);
  rmSync(bundle, { recursive: true });
  return join(scratch, `${name}.tar.gz`);
}

function below(top: string): string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

test("build, verify and inspect work on files of every kind, and tar reads the image", () => {
  const bundle = makeBundle("kinds", { "bin/hello": "hello\n", "bin/empty": "", "naïve 😀\n": "x" });
  const rootfs = join(bundle, "rootfs");
  chmodSync(join(rootfs, "bin/hello"), 0o4755);
  chmodSync(join(rootfs, "bin/empty"), 0);
  linkSync(join(rootfs, "bin/hello"), join(rootfs, "bin/again"));
  symlinkSync("/bin/hello", join(rootfs, "link"));
  execFileSync("mkfifo", [join(rootfs, "fifo")]);
  execFileSync("mknod", [join(rootfs, "null"), "c", "1", "3"]);
  writeFileSync(Buffer.from(`${rootfs}/latin1-\xe9`, "latin1"), "bytes");
  writeFileSync(join(rootfs, "n".repeat(255)), "long");
  const built = JSON.parse(ok("image", "build", "kinds", "-o", "kinds.tar.gz", "--json"));
  assert.equal(built.totals.files, 6);
  assert.match(
    ok("image", "verify", "kinds.tar.gz"),
    /^kinds\.tar\.gz: ok, 6 files, 22 B\nsha256:[0-9a-f]{64}\n$/,
  );
  const inspected = JSON.parse(ok("image", "inspect", "kinds.tar.gz", "--json"));
  assert.equal(inspected.id, built.id);
  const paths: string[] = inspected.files.map((entry: { path: string }) => entry.path);
  assert.deepEqual(paths, [
    "config.json",
    "rootfs",
    "rootfs/bin",
    "rootfs/bin/again",
    "rootfs/bin/empty",
    "rootfs/bin/hello",
    "rootfs/fifo",
    "rootfs/latin1-\udce9",
    "rootfs/link",
    "rootfs/naïve 😀\n",
    `rootfs/${"n".repeat(255)}`,
    "rootfs/null",
  ]);
  const listed = execFileSync("tar", ["--numeric-owner", "-tvzf", "kinds.tar.gz"], {
    cwd: scratch,
    encoding: "utf8",
  });
  assert.match(listed, /^-rwsr-xr-x 0\/0 +6 1970-01-01 00:00 rootfs\/bin\/hello$/m);
  assert.match(listed, /^---------- 0\/0 +0 1970-01-01 00:00 rootfs\/bin\/empty$/m);
  assert.match(listed, /^crw-r--r-- 0\/0 +1,3 1970-01-01 00:00 rootfs\/null$/m);
});

test("an image of this machine's programs tells architecture and kernel", () => {
  makeBundle("programs", { busybox: readFileSync("/bin/busybox"), vz: readFileSync(vzBinary) });
  ok("image", "build", "programs", "-o", "programs.tar");
  const { architecture, kernelFloor } = JSON.parse(ok("image", "inspect", "programs.tar", "--json"));
  // Debian's busybox is of the machine's own architecture and carries glibc's note; vz has none.
  assert.equal(architecture, execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim());
  assert.equal(kernelFloor, "3.2.0");
  makeBundle("own", { vz: readFileSync(vzBinary) });
  ok("image", "build", "own", "-o", "own.tar");
  const own = JSON.parse(ok("image", "inspect", "own.tar", "--json"));
  assert.deepEqual([own.architecture, own.kernelFloor], [manifestArchitecture, null]);
});

test("two builds under two umasks, at two times and places give the same bytes", () => {
  const files = { "a/b": "1", "a-b": "2", é: "3", big: Buffer.alloc(300_000, "abc") };
  const one = makeBundle("once", files);
  const two = makeBundle("deeper/twice", files);
  for (const file of ["a/b", "a-b", "a"]) utimesSync(join(two, "rootfs", file), 1, 1);
  for (const suffix of ["tar", "tar.gz"]) {
    ok("image", "build", one, "-o", `same.${suffix}`);
    const command = `umask 077; exec "$0" image build "$1" -o "$2" --name same`;
    execFileSync("sh", ["-c", command, vzBinary, two, `other.${suffix}`], { cwd: scratch });
    const bytes = readFileSync(join(scratch, `same.${suffix}`));
    assert.ok(bytes.equals(readFileSync(join(scratch, `other.${suffix}`))), suffix);
  }
});

test("hostile and damaged images are refused with 65 and one line each", async () => {
  const write = (bytes: Uint8Array) => writeFileSync(join(scratch, "bad.tar"), bytes);
  const right = await tarball(membersOf());
  const packed = await gzipped(membersOf());
  const verify = () => refused(65, "image", "verify", "bad.tar");
  const withMember = async (name: string, header: object = {}) =>
    tarball([...membersOf(), { header: { name, ...header }, body: "x" }]);
  const cases: [Uint8Array, RegExp][] = [
    [await withMember("../../etc/cron.d/x"), /: name with "\.\."$/],
    [await withMember("/etc/passwd"), /bad\.tar: \/etc\/passwd: absolute name$/],
    [await withMember("rootfs/more"), /rootfs\/more: not in the manifest$/],
    [await withMember("rootfs/bin/hello", { mode: 0o755 }), /rootfs\/bin\/hello: comes twice$/],
    [await tarball(membersOf().slice(1)), /begins with config\.json, not with vz\.json$/],
    [await tarball(membersOf().slice(0, -1)), /rootfs\/etc\/motd: missing$/],
    [right.subarray(0, 2048), /^vz: bad\.tar: /],
    [Buffer.concat([right, Buffer.from("rubbish")]), /has something behind its last file$/],
    [packed.subarray(0, -1), /the compressed data ends too early$/],
    [packed.subarray(0, 100), /^vz: bad\.tar: the compressed data ends too early$/],
    [Buffer.concat([packed, Buffer.from("rubbish")]), /^vz: bad\.tar: /],
    [Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)]), /the compressed data is damaged$/],
    [Buffer.alloc(0), /bad\.tar: not an image of vz$/],
    [Buffer.from("#!/bin/sh\n".repeat(99)), /bad\.tar: not an image of vz$/],
  ];
  for (const [bytes, message] of cases) {
    write(bytes);
    assert.match(verify(), message);
  }
  write(right);
  ok("image", "verify", "bad.tar");
});

test("bad input to build is one line and a status", () => {
  assert.match(refused(65, "image", "build", ".", "-o", "x.tar"), /not an OCI bundle: has no config\.json$/);
  assert.match(refused(64, "image", "build", "kinds", "-o", "x.zip"), /not the name of an image$/);
  assert.match(refused(64, "image", "build", "kinds"), /-o FILE is missing$/);
  assert.match(refused(1, "image", "verify", "nowhere.tar"), /nowhere\.tar: no such file or directory$/);
});

test("a loaded image has its objects with modes, owners and set-id bits", () => {
  const root = join(scratch, "store");
  const { image, added } = JSON.parse(ok("load-image", "--root", root, "kinds.tar.gz"));
  assert.equal(added, true);
  assert.equal(image.name, "kinds");
  assert.equal(JSON.parse(ok("load-image", "--root", root, "kinds.tar.gz")).added, false);
  const objects = below(join(root, "objects"));
  // again and hello are one object; empty, latin1, long and naïve are the others.
  assert.equal(objects.length, 5);
  for (const key of objects) {
    const stat = lstatSync(join(root, "objects", key.slice(0, 2), key));
    assert.equal((stat.mode & 0o7777).toString(8).padStart(4, "0"), key.split("-")[1]);
  }
  assert.ok(objects.some((key) => key.split("-")[1] === "4755"));
  assert.equal(lstatSync(join(root, "objects")).mode & 0o777, 0o700);
});

test("an upload that is a symbolic link is refused", () => {
  symlinkSync("kinds.tar.gz", join(scratch, "link.tar.gz"));
  const line = refused(65, "load-image", "--root", join(scratch, "store"), "link.tar.gz");
  assert.match(line, /link\.tar\.gz: not a regular file$/);
});

/** Resolves once a load has files in its staging directory that it has finished. */
async function untilStaged(root: string, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 500; i++) {
    assert.equal(child.exitCode, null, "the load ended before it was killed");
    const staging = join(root, "staging");
    try {
      if (below(staging).length >= 3) return;
    } catch {
      // Not there yet.
    }
    await sleep(5);
  }
  assert.fail("nothing was staged");
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", (code) => resolve(code)));
}

test("a load killed in the middle shows nothing, and the next one ends right and leaves no rest", async () => {
  const image = bigImage("killed", 40);
  const root = join(scratch, "killed-store");
  for (let i = 0; i < 2; i++) {
    const child = spawn(vzBinary, ["load-image", "--root", root, image], { stdio: "ignore" });
    const end = ended(child);
    await untilStaged(root, child);
    child.kill("SIGKILL");
    await end;
    assert.deepEqual(readdirSync(join(root, "images")), []);
    assert.deepEqual(below(join(root, "objects")), []);
    assert.ok(below(join(root, "staging")).length > 0);
  }
  assert.equal(JSON.parse(ok("load-image", "--root", root, image)).added, true);
  assert.deepEqual(readdirSync(join(root, "staging")), []);
  assert.equal(below(join(root, "objects")).length, 40);
});

test("a large image is loaded in little memory, and two loads of it at once both end right", async () => {
  const image = join(scratch, "killed.tar.gz");
  const root = join(scratch, "twice-store");
  const start = () =>
    spawn(vzBinary, ["load-image", "--root", root, image], { stdio: ["ignore", "ignore", "inherit"] });
  const children = [start(), start()];
  const codes = children.map(ended);
  let peak = 0;
  while (children.some((child) => child.exitCode === null)) {
    for (const { pid } of children) peak = Math.max(peak, highWater(pid));
    await sleep(10);
  }
  assert.deepEqual(await Promise.all(codes), [0, 0]);
  assert.ok(peak > 0 && peak < 16 * 1024, `${peak} KB`);
  assert.equal(below(join(root, "objects")).length, 40);
  assert.deepEqual(readdirSync(join(root, "staging")), []);
});

/** The most memory that a process has had, in KB; 0 when it is gone. */
function highWater(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function smallDisk(name: string, options: string): string {
  const directory = join(scratch, name);
  mkdirSync(directory);
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "vz-test", directory]);
  mounts.push(directory);
  return directory;
}

test("an image that the disk has no room for is refused in one line, and what was there stays", () => {
  const root = join(smallDisk("small", "size=6m"), "vz");
  ok("load-image", "--root", root, "kinds.tar.gz");
  const before = below(root);
  const line = refused(71, "load-image", "--root", root, "killed.tar.gz");
  assert.match(line, /^vz: image killed: no space left on device: \d\.\d MB free in /);
  assert.deepEqual(below(root), before);
  assert.deepEqual(readdirSync(join(root, "staging")), []);
});

test("a disk that fills up in the middle of a load gets back all that the load took", () => {
  // Bytes enough, but not inodes: the first that no estimate sees.
  const root = join(smallDisk("inodes", "size=64m,nr_inodes=60"), "vz");
  const names = Array.from({ length: 100 }, (_, i) => `file-${i}`);
  makeBundle("many", Object.fromEntries(names.map((name) => [name, name])));
  ok("image", "build", "many", "-o", "many.tar.gz");
  const line = refused(71, "load-image", "--root", root, "many.tar.gz");
  assert.match(line, /^vz: image many: no space left on device: /);
  assert.deepEqual(below(root), ["store.lock"]);
  assert.deepEqual(readdirSync(join(root, "staging")), []);
  ok("load-image", "--root", root, "kinds.tar.gz");
});

test("a truncated upload is refused, and loads once it is whole", () => {
  const root = join(scratch, "cut-store");
  const whole = readFileSync(join(scratch, "kinds.tar.gz"));
  writeFileSync(join(scratch, "cut.tar.gz"), whole);
  truncateSync(join(scratch, "cut.tar.gz"), whole.length - 5);
  assert.match(
    refused(65, "load-image", "--root", root, "cut.tar.gz"),
    /the compressed data ends too early$/,
  );
  assert.deepEqual(below(root), ["store.lock"]);
  writeFileSync(join(scratch, "cut.tar.gz"), whole);
  ok("load-image", "--root", root, "cut.tar.gz");
});
