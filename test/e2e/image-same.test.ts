/** The same inputs give the same image bytes on two machines and on two days: each test is one way in which machines differ. */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CONFIG, PROVENANCE } from "../common/image/sample.ts";
import { vzBinary } from "../support/machine.ts";

const scratch = mkdtempSync(join(tmpdir(), "vz-image-same-"));
const mounts: string[] = [];
after(() => {
  for (const mount of mounts) spawnSync("umount", ["-l", mount]);
  rmSync(scratch, { recursive: true, force: true });
});
chmodSync(scratch, 0o755);

const bundle = join(scratch, "bundle");
for (const directory of ["etc", "usr/bin", "usr/share/empty"]) {
  mkdirSync(join(bundle, "rootfs", directory), { recursive: true });
}
writeFileSync(join(bundle, "config.json"), CONFIG);
writeFileSync(join(bundle, "provenance.json"), JSON.stringify(PROVENANCE));
// Compresses neither to nothing nor not at all.
const text = Array.from({ length: 8000 }, (_, i) => (i * i) % 9973).join(" ");
for (const name of ["z", "B", "a-b", "a", "é", "\u{1f600}"]) {
  writeFileSync(join(bundle, "rootfs/etc", name), text + name, { mode: 0o644 });
}
writeFileSync(join(bundle, "rootfs/usr/bin/tool"), "#!/bin/sh\n");
chmodSync(join(bundle, "rootfs/usr/bin/tool"), 0o4755);
chownSync(join(bundle, "rootfs/etc/a"), 33, 44);
symlinkSync("usr/bin", join(bundle, "rootfs/bin"));

const FORMATS = ["tar", "tar.gz"];
const right = new Map(
  FORMATS.map((format) => {
    const file = join(scratch, `right.${format}`);
    execFileSync(vzBinary, ["image", "build", bundle, "-o", file, "--name", "same"]);
    return [format, readFileSync(file)];
  }),
);

function assertSame(a: string, b: string, what: string): void {
  if (readFileSync(a).equals(readFileSync(b))) return;
  assert.fail(`${what}: ${spawnSync(vzBinary, ["image", "diff", a, b], { encoding: "utf8" }).stdout}`);
}

/** @param before words that run the builder in other circumstances */
function same(before: readonly string[], from = bundle, options: object = {}, out = scratch): void {
  for (const format of FORMATS) {
    const file = join(out, `other.${format}`);
    const words = [...before, vzBinary, "image", "build", from, "-o", file, "--name", "same"];
    const { status, stderr } = spawnSync(words[0] ?? "", words.slice(1), { encoding: "utf8", ...options });
    assert.equal(status, 0, stderr);
    assertSame(join(scratch, `right.${format}`), file, before.join(" "));
  }
}

/** A copy with everything made in the other order, at another time; `shift` is added to owners. */
function copyBackwards(from: string, to: string, shift = 0): void {
  const stat = lstatSync(from);
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else if (stat.isFile()) copyFileSync(from, to);
  else {
    mkdirSync(to);
    for (const name of readdirSync(from).sort().reverse())
      copyBackwards(join(from, name), join(to, name), shift);
  }
  lchownSync(to, stat.uid + shift, stat.gid + shift);
  // Behind the change of owner, which takes set-id bits away.
  if (!stat.isSymbolicLink()) chmodSync(to, stat.mode & 0o7777);
  lutimesSync(to, 86_400, 1_000_000_000 + stat.size);
}

function tmpfs(name: string): string {
  const directory = join(scratch, name);
  mkdirSync(directory);
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "vz-test", directory]);
  mounts.push(directory);
  return directory;
}

test("no header of the file holds a time", () => {
  // RFC 1952: MTIME are bytes 4 to 7, FLG, byte 3, says that there is no name.
  assert.equal(right.get("tar.gz")?.toString("hex", 3, 8), "0000000000");
  // ustar: mtime are the bytes 136 to 147 of a header.
  assert.equal(right.get("tar")?.toString("latin1", 136, 147), "00000000000");
});

test("umask, time zone, language, directory and environment do not show", () => {
  same(["sh", "-c", 'umask 077; exec "$@"', "sh"]);
  same([], "bundle", { cwd: scratch });
  same([], "../bundle/.", { cwd: tmpfs("elsewhere") });
  same([], bundle, { env: {} });
  const env = { TZ: "Pacific/Kiritimati", LANG: "tr_TR.UTF-8", LC_ALL: "C", HOME: "/nonexistent", USER: "x" };
  same([], bundle, { env });
});

test("host name, machine and user do not show", () => {
  same(["unshare", "--uts", "sh", "-c", 'hostname another; exec "$@"', "sh"]);
  same(["setarch", "linux32", "--uname-2.6", "--addr-no-randomize"]);
  // Pid 1, with no other process to be seen.
  same(["unshare", "--pid", "--fork", "--mount-proc"]);
  const theirs = join(scratch, "theirs");
  mkdirSync(theirs);
  chownSync(theirs, 65534, 65534);
  same(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], bundle, {}, theirs);
});

test("order, times, inodes and filesystem of the tree do not show", () => {
  const copy = join(tmpfs("disk"), "copy");
  copyBackwards(bundle, copy);
  same([], copy);
  const again = join(scratch, "again");
  copyBackwards(copy, again);
  same([], again);
});

test("a builder whose root is another user of the machine makes the same image", async () => {
  const mapped = tmpfs("mapped");
  const copy = join(mapped, "copy");
  copyBackwards(bundle, copy, 100_000);
  chownSync(mapped, 100_000, 100_000);
  const holder = spawn("unshare", ["--user", "sleep", "60"], { stdio: "ignore" });
  try {
    const place = `/proc/${holder.pid}`;
    const host = readlinkSync("/proc/self/ns/user");
    for (let i = 0; i < 500 && readlinkSync(`${place}/ns/user`) === host; i++) await sleep(10);
    for (const map of ["uid_map", "gid_map"]) writeFileSync(join(place, map), "0 100000 65536\n");
    same(["nsenter", "--user", "--target", String(holder.pid)], copy, {}, mapped);
  } finally {
    holder.kill("SIGKILL");
  }
});

test("the same command traced in two roots with the same packages gives the same image", () => {
  const first = join(scratch, "first");
  const words = ["sh", "-c", "strace -V; ls -l /; cat /etc/os-release"];
  const made = spawnSync(vzBinary, ["trace", "--rootfs", first, ...words], {
    cwd: scratch,
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  assert.ok(readdirSync(first).length > 0, made.stderr);
  rmSync(join(first, "dev"), { recursive: true, force: true });
  // What tells which packages the files are of.
  const database = "/var/lib/dpkg";
  mkdirSync(join(first, database, "info"), { recursive: true });
  const lists = readdirSync(join(database, "info")).filter((name) =>
    /^(coreutils|libc6)(:\w+)?\.list$/.test(name),
  );
  for (const name of ["status", ...lists.map((list) => `info/${list}`)]) {
    copyFileSync(join(database, name), join(first, database, name));
  }
  const second = join(tmpfs("roots"), "second");
  copyBackwards(first, second);
  const images = [first, second].map((root, i) => {
    copyFileSync(vzBinary, join(root, "vz"));
    const script = [
      'mount --bind "$1" "$1" && mkdir -p "$1/proc" "$1/dev" && mount -t proc proc "$1/proc"',
      'mount --bind /dev "$1/dev" && hostname "machine$2" && cd /',
      'exec chroot "$1" /vz trace --image /x.tar.gz ls -l /',
    ].join(" && ");
    const run = spawnSync("unshare", ["--mount", "--uts", "sh", "-c", script, "sh", root, String(i)], {
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        LC_ALL: "C",
        HOSTNAME: `machine${i}`,
        USER: `user${i}`,
      },
    });
    assert.equal(run.status, 0, run.stderr);
    return join(root, "x.tar.gz");
  });
  const [one = "", two = ""] = images;
  assertSame(one, two, "the second root");
  const { provenance } = JSON.parse(
    execFileSync(vzBinary, ["image", "inspect", one, "--json"], { encoding: "utf8" }),
  );
  assert.deepEqual(provenance.command, ["ls", "-l", "/"]);
  assert.deepEqual(
    provenance.packages.map((found: { name: string }) => found.name),
    ["coreutils", "libc6"],
  );
});
