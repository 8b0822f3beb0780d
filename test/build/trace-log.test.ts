import assert from "node:assert/strict";
import { test } from "node:test";
import { allTouches, firstTouch, fromHex, Touch, toHex } from "../../src/build/touch.ts";
import { TraceLog } from "../../src/build/trace-log.ts";

/** Writes every name between quotes or brackets in strace's hexadecimal form, as option -xx does. */
function line(text: string): string {
  const hex = (_: string, open: string, name: string, close: string) => open + toHex(name) + close;
  return text
    .replace(/(")([^"]*)(")/g, hex)
    .replace(/(<)([^<>]*)(>)/g, (whole, open, name, close) =>
      /^(unfinished|\.\.\.)| resumed$/.test(name) ? whole : hex(whole, open, name, close),
    );
}

function read(...lines: string[]): Map<string, number> {
  const log = new TraceLog("/start");
  log.push(`${lines.map(line).join("\n")}\n`);
  log.end();
  return new Map([...log.touched].map(([name, value]) => [fromHex(name), value]));
}

function names(...lines: string[]): string[] {
  return [...read(...lines).keys()];
}

test("an open gives the name that was asked for and the real one behind all links", () => {
  assert.deepEqual(
    names(
      '10  openat(AT_FDCWD</start>, "/usr/share/locale.alias", O_RDONLY|O_CLOEXEC) = 3</etc/locale.alias>',
    ),
    ["/usr/share/locale.alias", "/etc/locale.alias"],
  );
});

test("relative names count from the directory that stands before them", () => {
  assert.deepEqual(
    names(
      '10  openat(AT_FDCWD</a/b>, "c", O_RDONLY) = 3</a/b/c>',
      '10  openat(5</d>, "../e", O_RDONLY) = 4</e>',
      '10  newfstatat(AT_FDCWD</>, "f", {st_mode=S_IFREG|0644, st_size=1, ...}, 0) = 0',
    ),
    ["/a/b/c", "/d/../e", "/e", "/f"],
  );
});

test("plain calls count from where the command started, then from where it went", () => {
  assert.deepEqual(
    names(
      '10  execve("./prog", [...], 0x7ffe /* 3 vars */) = 0',
      '10  access("one", R_OK) = 0',
      '10  chdir("sub") = 0',
      '10  access("two", R_OK) = 0',
      "10  fchdir(4</else where>) = 0",
      '10  readlink("three", ""..., 4096) = 7',
      '10  chdir("/") = 0',
      '10  access("four", F_OK) = 0',
    ),
    ["/start/./prog", "/start/one", "/start/sub", "/start/sub/two", "/else where/three", "/", "/four"],
  );
});

test("a child starts where its parent was, and then goes its own way", () => {
  assert.deepEqual(
    names(
      '10  chdir("/p") = 0',
      "10  fork() = 11",
      '11  chdir("/c") = 0',
      '11  access("child", R_OK) = 0',
      '10  access("parent", R_OK) = 0',
    ),
    ["/p", "/c", "/c/child", "/p/parent"],
  );
});

test("threads share one directory", () => {
  assert.deepEqual(
    names(
      '10  access("/x", R_OK) = 0',
      "10  clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, exit_signal=0} => {parent_tid=[11]}, 88) = 11",
      '11  chdir("/t") = 0',
      '10  access("y", R_OK) = 0',
    ),
    ["/x", "/t", "/t/y"],
  );
});

test("a child of vfork that speaks before its parent waits for its directory, even when it has ended", () => {
  assert.deepEqual(
    names(
      '10  chdir("/p") = 0',
      '11  execve("bin/tool", [...], 0x1 /* 0 vars */) = 0',
      "11  +++ exited with 0 +++",
      "10  vfork() = 11",
    ),
    ["/p", "/p/bin/tool"],
  );
});

test("a process id that is used again is a new process", () => {
  assert.deepEqual(
    names(
      '10  access("/x", R_OK) = 0',
      "10  fork() = 11",
      '11  chdir("/old") = 0',
      "11  +++ exited with 0 +++",
      '10  chdir("/new") = 0',
      "10  fork() = 11",
      '11  access("y", R_OK) = 0',
    ),
    ["/x", "/old", "/new", "/new/y"],
  );
});

test("a line that was cut by another task is put together again", () => {
  assert.deepEqual(
    names(
      '10  openat(AT_FDCWD</start>, "a", O_RDONLY <unfinished ...>',
      '11  openat(AT_FDCWD</start>, "b", O_RDONLY <unfinished ...>',
      "10  <... openat resumed>) = 3</start/a>",
      "11  <... openat resumed>) = -1 ENOENT (No such file or directory)",
    ),
    ["/start/a"],
  );
});

test("a held-back line goes on in the next one, without a process id", () => {
  assert.deepEqual(
    names('10  openat(AT_FDCWD</start>, "gone", O_RDONLY <unfinished ...>', ")         = 4</start/gone>"),
    ["/start/gone"],
  );
});

test("what failed or never returned was not touched", () => {
  assert.deepEqual(
    names(
      '10  execve("/usr/local/bin/perl", [...], 0x1 /* 0 vars */) = -1 ENOENT (No such file or directory)',
      '10  execve("/usr/bin/perl", [...], 0x1 /* 0 vars */) = 0',
      '10  access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory)',
      '10  openat(AT_FDCWD</>, "/x", O_RDONLY) = ?',
    ),
    ["/usr/bin/perl"],
  );
});

test("a name may hold anything: syntax, spaces, line breaks, bytes that are no text", () => {
  const odd = ["a) = 3", "b <unfinished ...>", "c\nd", "e\xff\xfe", 'f"g', "h, i</j>"];
  const log = new TraceLog("/s");
  for (const name of odd) {
    log.push(
      `10  openat(AT_FDCWD<${toHex("/s")}>, "${toHex(name)}", O_RDONLY) = 3<${toHex(`/s/${name}`)}>\n`,
    );
  }
  log.end();
  assert.deepEqual(
    [...log.touched.keys()].map(fromHex),
    odd.map((name) => `/s/${name}`),
  );
});

test("pieces may be cut anywhere", () => {
  const whole = line(
    '10  openat(AT_FDCWD</s>, "/first", O_RDONLY) = 3</first>\n10  access("/second", R_OK) = 0\n',
  );
  for (let at = 0; at <= whole.length; at++) {
    const log = new TraceLog("/s");
    log.push(whole.slice(0, at));
    log.push(whole.slice(at));
    log.end();
    assert.deepEqual([...log.touched.keys()].map(fromHex), ["/first", "/second"]);
  }
});

test("a file without a name any more keeps only the name it was opened by", () => {
  assert.deepEqual(names('10  openat(AT_FDCWD</s>, "/a", O_RDONLY) = 3</a>(deleted)'), ["/a"]);
  assert.deepEqual(names('10  openat(5</s>(deleted), "b", O_RDONLY) = 3'), []);
});

test("looking at a directory is no touch, looking at a link touches the link itself", () => {
  const touched = read(
    '10  newfstatat(AT_FDCWD</s>, "/dir", {st_mode=S_IFDIR|0755, st_size=4096, ...}, 0) = 0',
    '10  newfstatat(3</file>, "", {st_mode=S_IFREG|0644, st_size=1, ...}, AT_EMPTY_PATH) = 0',
    '10  statx(AT_FDCWD</s>, "/l", AT_SYMLINK_NOFOLLOW, STATX_MODE, {stx_mode=S_IFLNK|0777, ...}) = 0',
  );
  assert.deepEqual([...touched.keys()], ["/l"]);
  assert.equal(allTouches(touched.get("/l") ?? 0), Touch.self);
});

test("the first touch tells what was there before the run from what it made", () => {
  const touched = read(
    '10  openat(AT_FDCWD</s>, "/new", O_RDWR|O_CREAT|O_EXCL, 0600) = 3</new>',
    '10  openat(AT_FDCWD</s>, "/new", O_RDONLY) = 3</new>',
    '10  openat(AT_FDCWD</s>, "/read", O_RDONLY) = 3</read>',
    '10  rename("/new", "/read") = 0',
    '10  openat(AT_FDCWD</s>, "/log", O_WRONLY|O_CREAT|O_APPEND, 0644) = 3</log>',
    '10  mkdir("/dir", 0755) = 0',
    '10  symlinkat("/old", AT_FDCWD</s>, "/link") = 0',
    '10  bind(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/sock"}, 7) = 0',
  );
  const first = (name: string) => firstTouch(touched.get(name) ?? 0);
  assert.ok(first("/new") & Touch.made);
  assert.equal(first("/read"), Touch.opened);
  assert.ok(allTouches(touched.get("/read") ?? 0) & Touch.made);
  assert.equal(first("/log"), Touch.opened | Touch.maybeMade | Touch.written);
  for (const name of ["/dir", "/link", "/sock"]) assert.equal(first(name), Touch.made);
  assert.equal(touched.has("/old"), false);
});

test("a nameless temporary file, the kernel's own trees and a nameless socket leave nothing", () => {
  assert.deepEqual(
    names(
      '10  openat(AT_FDCWD</s>, "/tmp", O_RDWR|O_TMPFILE, 0600) = 3</tmp/#77>(deleted)',
      '10  openat(AT_FDCWD</s>, "/proc/self/maps", O_RDONLY) = 3</proc/10/maps>',
      '10  openat(AT_FDCWD</s>, "/sys/kernel", O_RDONLY|O_DIRECTORY) = 3</sys/kernel>',
      '10  bind(3<socket:[1]>, {sa_family=AF_UNIX, sun_path=@"abstract"}, 12) = 0',
    ),
    [],
  );
});

test("a descriptor that was opened through /proc leads to the real file", () => {
  assert.deepEqual(names('10  openat(AT_FDCWD</s>, "/proc/self/fd/3", O_RDONLY) = 4</etc/hosts>'), [
    "/etc/hosts",
  ]);
});

test("behind chroot, names count from the new root", () => {
  assert.deepEqual(
    names(
      '10  chroot("/jail") = 0',
      '10  chdir("/") = 0',
      '10  access("/etc/passwd", R_OK) = 0',
      '10  access("x", R_OK) = 0',
    ),
    ["/jail", "/jail/", "/jail/etc/passwd", "/jail//x"],
  );
});

test("the calls of 32-bit programs mean the same", () => {
  assert.deepEqual(
    names(
      '10  open("/a", O_RDONLY|O_LARGEFILE) = 3</a>',
      '10  stat64("/b", {st_mode=S_IFREG|0644, st_size=1, ...}) = 0',
      '10  fstatat64(5</d>, "c", {st_mode=S_IFREG|0644, st_size=1, ...}, 0) = 0',
    ),
    ["/a", "/b", "/d/c"],
  );
});

test("the command is the first that was executed", () => {
  const log = new TraceLog("/s");
  log.push(line('4711  execve("/bin/x", [...], 0x1 /* 0 vars */) = 0\n'));
  assert.equal(log.main, "4711");
});
