/** Traces of programs that change what the tracer sees: other word sizes, other rights, other roots and namespaces. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { needs32, vzBinary } from "../support/machine.ts";
import { Workshop } from "../support/tracing.ts";

const shop = new Workshop();
after(() => shop.remove());
beforeEach(() => shop.next());
const notRoot = process.getuid?.() !== 0 && "needs root";

const TWO = `int main(int argc, char **argv) {
  chdir(argv[1]);
  if (syscall(SYS_access, argv[2], R_OK)) return 1;
  if (argc < 4) return 0;
  execv(argv[3], argv + 3);
  return 2;
}`;

test("a 64-bit program executes a 32-bit one, and that a 64-bit one again", { skip: needs32 }, () => {
  shop.files({ "a/x": "", "b/y": "", "b/c/z": "", "b/c/d/w": "" });
  shop.compile("wide", TWO);
  shop.compile("narrow", TWO, "-m32");
  shop.compile("bare", TWO, "-m32", "-static");
  symlinkSync("../narrow", join(shop.dir, "a/narrow"));
  const { dir } = shop;
  const words = ["./wide", "a", "x", "./narrow", "../b", "y", "../wide", "c", "z", `${dir}/bare`, "d", "w"];
  assert.deepEqual(shop.traced(...words), [
    ...["a", "a/narrow", "a/x", "b", "b/c", "b/c/d", "b/c/d/w", "b/c/z", "b/y", "bare", "narrow", "wide"],
  ]);
  assert.ok(
    shop.spec().some((name) => name.endsWith("/ld-linux.so.2")),
    "the 32-bit loader",
  );
  assert.ok(
    shop.spec().some((name) => name.endsWith("/ld-linux-x86-64.so.2")),
    "the 64-bit loader",
  );
});

test("x32 programs, where the kernel runs them", (t) => {
  const gcc = spawnSync("gcc", ["-mx32", "-static", "-o", join(shop.dir, "x"), "-x", "c", "-"], {
    input: TWO,
  });
  const ran = gcc.status === 0 ? spawnSync(join(shop.dir, "x"), ["/", "etc/passwd"]).status : null;
  if (ran !== 0) return t.skip("no compiler, no library or no kernel for x32 here");
  shop.files({ "a/x": "" });
  assert.deepEqual(shop.traced("./x", "a", "x"), ["a", "a/x", "x"]);
});

/** A copy of id(1) that belongs to nobody, with these mode bits. */
function helper(mode: number): string {
  const file = join(shop.dir, "helper");
  copyFileSync("/usr/bin/id", file);
  chownSync(file, 65534, 65534);
  chmodSync(file, mode);
  return file;
}

test("a setuid program, or a link to one, that is the command itself has its rights", {
  skip: notRoot,
}, () => {
  helper(0o4755);
  symlinkSync("helper", join(shop.dir, "link"));
  for (const name of ["./helper", "./link"]) assert.equal(shop.trace(name, "-u").stdout, "65534\n");
});

test("a setgid program behind another is told of, and has its rights with --setuid", {
  skip: notRoot,
}, () => {
  helper(0o2755);
  const careless = shop.trace("sh", "-c", "./helper -g");
  assert.deepEqual([careless.stdout, careless.status], ["0\n", 0]);
  assert.match(careless.stderr, /helper is setuid and ran without its rights: trace with --setuid\n/);
  const careful = shop.trace("--setuid", "sh", "-c", "./helper -g");
  assert.deepEqual([careful.stdout, careful.stderr], ["65534\n", ""]);
});

test("another user's trace of a setuid program says to trace as root", { skip: notRoot }, () => {
  helper(0o4755);
  chmodSync(shop.top, 0o755);
  chmodSync(shop.dir, 0o777);
  for (const flags of [[], ["--setuid"]]) {
    const words = [vzBinary, "trace", "-o", "spec", ...flags, "./helper", "-u"];
    const ended = shop.run("setpriv", ["--reuid=1000", "--regid=1000", "--clear-groups", ...words]);
    assert.deepEqual([ended.stdout, ended.status], ["1000\n", 0], ended.stderr);
    assert.match(ended.stderr, /helper is setuid and ran without its rights: trace as root\n/);
  }
});

test("a program with capabilities is told of as a setuid one is", { skip: notRoot }, (t) => {
  copyFileSync("/usr/bin/id", join(shop.dir, "capable"));
  const { status } = spawnSync("setcap", ["cap_net_raw+ep", join(shop.dir, "capable")]);
  if (status !== 0) return t.skip("setcap is not here, or this file system keeps no capabilities");
  const line = /capable has capabilities and ran without its rights: trace with --setuid\n/;
  assert.match(shop.trace("sh", "-c", "./capable -u").stderr, line);
  assert.equal(shop.trace("--setuid", "sh", "-c", "./capable -u").stderr, "");
  assert.equal(shop.trace("./capable", "-u").stderr, "", "the command itself: traced without the filter");
});

test("io_uring is refused, so that a program falls back on what can be seen", () => {
  shop.files({ file: "" });
  shop.compile(
    "prog",
    `int main() {
      char params[120] = {0};
      if (syscall(SYS_io_uring_setup, 4, params) != -1 || errno != ENOSYS) return 1;
      return open("file", O_RDONLY) < 0;
    }`,
  );
  assert.deepEqual(shop.traced("./prog"), ["file", "prog"]);
});

test("behind chroot files are listed by their names on this system, links inside it end inside it", {
  skip: notRoot,
}, () => {
  shop.files({ "jail/etc/real": "", "jail/etc/plain": "", "jail/sub/x": "", real: "" });
  symlinkSync("/etc/real", join(shop.dir, "jail/etc/link"));
  symlinkSync("jail", join(shop.dir, "way"));
  shop.compile(
    "jail/prog",
    `int main(int argc, char **argv) {
      if (argc > 1) return syscall(SYS_access, "/etc/link", R_OK) || open("/etc/../../../etc/plain", O_RDONLY) < 0;
      if (chroot("way") || chdir("/sub") || syscall(SYS_access, "x", R_OK)) return 1;
      execl("/prog", "prog", "again", NULL);
      return 2;
    }`,
    "-static",
  );
  const own = shop.traced("./jail/prog");
  const inside = ["etc/link", "etc/plain", "etc/real", "prog", "sub", "sub/x"].map((name) => `jail/${name}`);
  assert.deepEqual(own, ["jail", ...inside, "way"]);
  assert.match(
    shop.trace("./jail/prog").stderr,
    /the run changed its root: its files are listed under their names/,
  );
});

test("a mount namespace of the run's own is told of", { skip: notRoot }, () => {
  shop.files({ "mnt/hidden": "" });
  const script = "mount -t tmpfs none mnt && : > mnt/made && cat mnt/made && cat /etc/hostname";
  const ended = shop.trace("unshare", "-m", "sh", "-c", script);
  assert.equal(ended.status, 0, ended.stderr);
  assert.match(
    ended.stderr,
    /the run mounted file systems: names below them are listed as if they were this system's own/,
  );
  assert.ok(shop.spec().includes("/etc/hostname"));
});

test("in a PID namespace children start where their parents were", { skip: notRoot }, () => {
  shop.files({ "d/tool": "#!/bin/sh\ncd sub; : < x\n", "d/sub/x": "" }, 0o755);
  shop.compile(
    "prog",
    `int main() {
      int status;
      chdir("d");
      if (!fork()) { if (!vfork()) { execl("./tool", "tool", NULL); _exit(1); } wait(&status); _exit(status != 0); }
      wait(&status);
      return status;
    }`,
  );
  assert.deepEqual(shop.traced("unshare", "-pf", "./prog"), ["d", "d/sub", "d/sub/x", "d/tool", "prog"]);
});

test("the interpreter that binfmt_misc starts is listed, and it is said that there is one", {
  skip: notRoot,
}, (t) => {
  shop.files({ "prog.vzcase": "text\n" }, 0o755);
  mkdirSync(join(shop.dir, "bin"));
  copyFileSync("/usr/bin/busybox", join(shop.dir, "bin/cat"));
  const register = `mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && echo ':vzcase:E::vzcase::${shop.dir}/bin/cat:' > /proc/sys/fs/binfmt_misc/register`;
  const words = ["-Urm", "sh", "-c", `${register} && exec ${vzBinary} trace ./prog.vzcase`];
  const ended = shop.run("unshare", words);
  if (/binfmt_misc|mount/.test(ended.stderr) && ended.status !== 0 && !/vz/.test(ended.stderr))
    return t.skip(`binfmt_misc cannot be mounted in a user namespace here: ${ended.stderr.trim()}`);
  assert.deepEqual([ended.status, ended.stdout], [0, "text\n"], ended.stderr);
  assert.deepEqual(shop.own(), ["bin/cat", "prog.vzcase"]);
  assert.match(ended.stderr, /prog\.vzcase is run by binfmt_misc/);
});

test("a file that was read and then rewritten is kept, as it is after the run", () => {
  shop.files({ conf: "old", data: "old" });
  const script = "cat conf data; echo new > conf.new; mv conf.new conf; echo new > data";
  assert.equal(shop.trace("--rootfs", "root", "sh", "-c", script).status, 0);
  assert.deepEqual(shop.own(), ["conf", "data"]);
  assert.equal(readFileSync(join(shop.dir, "root", shop.dir, "conf"), "utf8"), "new\n");
});

test("scripts of a shell, python3 and perl, with their relative names", () => {
  shop.files({
    "d/sh": "",
    "d/py": "",
    "d/pl": "",
    "e/mod.py": "import os\nos.stat('../d/py')\nopen('../d/py').close()\n",
  });
  cpSync("/etc/hostname", join(shop.dir, "e/copy"));
  writeFileSync(
    join(shop.dir, "go"),
    `cd d; : < sh; cd ../e; /usr/bin/python3 -B -c 'import mod'; perl -e 'chdir "../d"; -r "pl" or die; open F, "<pl" or die'`,
  );
  const own = shop.traced("sh", "./go");
  assert.deepEqual(own, ["d", "d/pl", "d/py", "d/sh", "e", "e/mod.py", "go"]);
});
