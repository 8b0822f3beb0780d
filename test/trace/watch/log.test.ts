import assert from "node:assert/strict";
import { test } from "node:test";
import { TraceLog } from "../../../src/trace/watch/log.ts";
import { allTouches, firstTouch, Touch, unquote } from "../../../src/trace/watch/touch.ts";

/** A name as strace prints it: C's escapes, octal for what is not printable, and for brackets between brackets. */
function shown(name: string, inBrackets = false): string {
  return [...name]
    .map((char) => {
      if (char === "\n") return "\\n";
      if (char === '"' || char === "\\") return `\\${char}`;
      const odd = char < " " || char > "~" || (inBrackets && (char === "<" || char === ">"));
      return odd ? `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}` : char;
    })
    .join("");
}

function read(...lines: string[]): Map<string, number> {
  const log = new TraceLog("/start");
  log.push(lines);
  log.end();
  return log.touched;
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
  const odd = [
    "a) = 3",
    "b <unfinished ...>",
    " <pid changed to 5 ...>",
    "c\nd",
    "e\xff\xfe",
    'f"g',
    "h, i</j>",
    "back\\",
    '"',
    '\\"',
    "k</l>(deleted)",
    "tail...>",
    "= -1 ENOENT (No such file or directory)",
    "12\x0134",
  ];
  const log = new TraceLog("/s");
  for (const name of odd) {
    log.push([
      `10  openat(AT_FDCWD</s>, "${shown(name)}", O_RDONLY) = 3<${shown(`/s/${name}`, true)}>`,
      `10  newfstatat(AT_FDCWD<${shown(`/${name}`, true)}>, "x", {st_mode=S_IFREG|0644, st_size=1, ...}, 0) = 0`,
      `10  rename("/${shown(name)}", "/2${shown(name)}") = 0`,
    ]);
  }
  log.end();
  assert.deepEqual(
    new Set(log.touched.keys()),
    new Set(odd.flatMap((name) => [`/s/${name}`, `/${name}/x`, `/${name}`, `/2${name}`])),
  );
  for (const name of odd) assert.equal(unquote(shown(name)), name);
});

test("octal escapes may be short", () => {
  assert.equal(unquote("\\1a\\12\\3419\\\\n\\t\\v\\f\\r"), "\x01a\n\xe19\\n\t\v\f\r");
});

test("a file without a name any more keeps only the name it was opened by", () => {
  assert.deepEqual(names('10  openat(AT_FDCWD</s>, "/a", O_RDONLY) = 3</a>(deleted)'), ["/a"]);
  assert.deepEqual(names('10  openat(5</s>(deleted), "b", O_RDONLY) = 3'), []);
});

test("looking at a directory is no touch, but of state below /var; looking at a link touches the link itself", () => {
  const touched = read(
    '10  newfstatat(AT_FDCWD</s>, "/dir", {st_mode=S_IFDIR|0755, st_size=4096, ...}, 0) = 0',
    '10  newfstatat(AT_FDCWD</s>, "/var/lib/web", {st_mode=S_IFDIR|0700, st_size=4096, ...}, 0) = 0',
    '10  newfstatat(AT_FDCWD</var/lib>, "mail", {st_mode=S_IFDIR|0700, st_size=4096, ...}, 0) = 0',
    '10  newfstatat(3</file>, "", {st_mode=S_IFREG|0644, st_size=1, ...}, AT_EMPTY_PATH) = 0',
    '10  statx(AT_FDCWD</s>, "/l", AT_SYMLINK_NOFOLLOW, STATX_MODE, {stx_mode=S_IFLNK|0777, ...}) = 0',
  );
  assert.deepEqual([...touched.keys()], ["/var/lib/web", "/var/lib/mail", "/l"]);
  assert.equal(allTouches(touched.get("/l") ?? 0), Touch.self);
});

test("the first touch tells what was there before the run from what it made", () => {
  const touched = read(
    '10  openat(AT_FDCWD</s>, "/new", O_RDWR|O_CREAT|O_EXCL, 0600) = 3</new>',
    '10  openat(AT_FDCWD</s>, "/new", O_RDONLY) = 3</new>',
    '10  openat(AT_FDCWD</s>, "/read", O_RDONLY) = 3</read>',
    '10  openat(AT_FDCWD</s>, "/temporary", O_RDWR|O_CREAT|O_EXCL, 0600) = 3</temporary>',
    '10  rename("/temporary", "/read") = 0',
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
    ["/jail", "/jail\0/", "/jail\0/etc/passwd", "/jail\0//x"],
  );
});

test("the first lines of a child that come before its parent's count from the parent's root", () => {
  assert.deepEqual(
    names(
      '10  chroot("/jail") = 0',
      '11  execve("/bin/x", [...], 0x1 /* 0 vars */) = 0',
      '11  openat(AT_FDCWD</jail>, "/lib/y", O_RDONLY) = 3</jail/lib/y>',
      "10  clone(child_stack=NULL, flags=SIGCHLD) = 11",
      '11  access("/z", R_OK) = 0',
    ).filter((name) => name.includes("\0")),
    ["/jail\0/bin/x", "/jail\0/lib/y", "/jail\0/z"],
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
  log.push(['4711  execve("/bin/x", [...], 0x1 /* 0 vars */) = 0']);
  assert.equal(log.main, "4711");
  const none = new TraceLog("/s");
  none.push([
    '4711  execve("./junk", [...], 0x1 /* 0 vars */) = -1 ENOEXEC (Exec format error)',
    "4711  +++ exited with 1 +++",
  ]);
  assert.equal(none.main, undefined);
});

test("an execve by a thread goes on under its process's id", () => {
  assert.deepEqual(
    names(
      '10  chdir("/p") = 0',
      "10  clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, exit_signal=0} => {parent_tid=[11]}, 88) = 11",
      '11  execve("tool", [...], 0x1 /* 0 vars */ <pid changed to 10 ...>',
      '10  access("y", R_OK) = 0',
      "10  +++ exited with 0 +++",
    ),
    ["/p", "/p/tool", "/p/y"],
  );
});

test("a child in a PID namespace is known by strace's number for it", () => {
  assert.deepEqual(
    names(
      '10  chdir("/p") = 0',
      "10  vfork() = 2 /* 4711 in strace's PID NS */",
      '4711  access("y", R_OK) = 0',
    ),
    ["/p", "/p/y"],
  );
});

test("what a descriptor without a name executes is the descriptor's file", () => {
  assert.deepEqual(
    [...read('10  execveat(3</bin/x>, "", [...], 0x1 /* 0 vars */, AT_EMPTY_PATH) = 0')],
    [["/bin/x", Touch.executed | (Touch.executed << 8)]],
  );
});

test("an older line of a thread does not take another thread's directory back", () => {
  assert.deepEqual(
    names(
      '10  access("/x", R_OK) = 0',
      "10  clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, exit_signal=0} => {parent_tid=[11]}, 88) = 11",
      '10  chdir("/new") = 0',
      '11  openat(AT_FDCWD</start>, "a", O_RDONLY) = 3</start/a>',
      '10  access("b", R_OK) = 0',
    ),
    ["/x", "/new", "/start/a", "/new/b"],
  );
});

test("unshare(CLONE_FS) parts a thread's directory from the others'", () => {
  assert.deepEqual(
    names(
      '10  chdir("/p") = 0',
      "10  clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, exit_signal=0} => {parent_tid=[11]}, 88) = 11",
      "11  unshare(CLONE_FS) = 0",
      '11  chdir("/q") = 0',
      '10  access("a", R_OK) = 0',
    ),
    ["/p", "/q", "/p/a"],
  );
});

test("a thread that speaks before its creator's line shares the directory it went to", () => {
  assert.deepEqual(
    names(
      '10  chdir("/p") = 0',
      '11  chdir("/q") = 0',
      "10  clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, exit_signal=0} => {parent_tid=[11]}, 88) = 11",
      '10  access("a", R_OK) = 0',
    ),
    ["/p", "/q", "/q/a"],
  );
});

test("what a child says and does before its parent's line counts from where it went by itself", () => {
  const lines = (fork: string) => [
    '10  chdir("/p") = 0',
    `10  ${fork} <unfinished ...>`,
    '11  access("a", R_OK) = 0',
    '11  chdir("../q") = 0',
    '11  access("b", R_OK) = 0',
    "10  <... clone resumed>) = 11",
    '10  access("c", R_OK) = 0',
    '11  access("d", R_OK) = 0',
  ];
  assert.deepEqual(names(...lines("clone(child_stack=0x5, flags=CLONE_FS|SIGCHLD")), [
    ...["/p", "/p/a", "/p/../q", "/p/../q/b", "/p/../q/c", "/p/../q/d"],
  ]);
  assert.deepEqual(names(...lines("clone(child_stack=NULL, flags=SIGCHLD")), [
    ...["/p", "/p/a", "/p/../q", "/p/../q/b", "/p/c", "/p/../q/d"],
  ]);
});

test("a grandchild waits for its parent's line, as that one does, and for the rest of its own", () => {
  assert.deepEqual(
    names(
      '10  chdir("/p") = 0',
      "10  fork( <unfinished ...>",
      '11  chdir("q") = 0',
      "11  vfork( <unfinished ...>",
      '12  openat(AT_FDCWD</p/q>, "a", O_RDONLY <unfinished ...>',
      ")  = 3</p/q/a>",
      '12  access("b", R_OK) = 0',
      "12  +++ exited with 0 +++",
      "11  <... vfork resumed>) = 12",
      "10  <... fork resumed>) = 11",
    ),
    ["/p", "/p/q", "/p/q/a", "/p/q/b"],
  );
});

test("a child whose fork is never seen is read all the same, and not held for ever", () => {
  const before = ['10  chdir("/p") = 0', "10  fork( <unfinished ...>", '11  chdir("q") = 0'];
  assert.deepEqual(names(...before, '11  access("a", R_OK) = 0'), ["/p", "/p/q", "/p/q/a"]);
  const log = new TraceLog("/start");
  log.push([
    ...before,
    ...Array.from({ length: 2000 }, (_, i) => `11  access("f${i % 9}", R_OK) = 0`),
    "10  <... fork resumed>) = ?",
    "10  +++ killed by SIGKILL +++",
  ]);
  assert.ok(log.touched.has("/p/q/f8"), "before the end");
  const orphan = ["10  fork() = ?", "10  +++ killed by SIGKILL +++", '11  access("a", R_OK) = 0'];
  assert.deepEqual(names(...orphan), ["/start/a"]);
});

test('".." behind a link is looked up at once', () => {
  const log = new TraceLog("/s", (path) => (path === "/s/link/.." ? "/far" : undefined));
  log.push(['10  chdir("link") = 0', '10  chdir("..") = 0', '10  access("a", R_OK) = 0']);
  log.end();
  assert.deepEqual([...log.touched.keys()], ["/s/link", "/s/link/..", "/far/a"]);
});

test("what the run made and removed again leaves its directory only, so memory does not grow", () => {
  const log = new TraceLog("/s");
  for (let i = 0; i < 1000; i++) {
    log.push([
      `10  openat(AT_FDCWD</s>, "t${i}", O_WRONLY|O_CREAT|O_EXCL, 0600) = 3</s/t${i}>`,
      `10  mkdir("/s/d${i}", 0700) = 0`,
      `10  rename("t${i}", "final") = 0`,
      `10  rmdir("d${i}") = 0`,
    ]);
  }
  log.end();
  assert.deepEqual([...log.touched.keys()].sort(), ["/s", "/s/final"]);
  assert.equal(firstTouch(log.touched.get("/s/final") ?? 0), Touch.made);
});

test("names that are exchanged were both there before", () => {
  const touched = read('10  renameat2(AT_FDCWD</s>, "a", AT_FDCWD</s>, "b", RENAME_EXCHANGE) = 0');
  for (const name of ["/s/a", "/s/b"]) assert.equal(allTouches(touched.get(name) ?? 0) & Touch.made, 0);
});

test("openat2 may count absolute names from its directory; a handle's file has its name in the answer", () => {
  assert.deepEqual(
    names(
      '10  openat2(5</d>, "/x", {flags=O_RDONLY, resolve=RESOLVE_IN_ROOT}, 24) = 6</d/x>',
      "10  open_by_handle_at(5</d>, {handle_bytes=8, handle_type=1, f_handle=0x1}, O_RDONLY) = 6</d/y>",
    ),
    ["/d/x", "/d/y"],
  );
});

test("namespaces, new roots and names that are too long are noted", () => {
  const log = new TraceLog("/s");
  log.push([
    "10  unshare(CLONE_NEWNS) = 0",
    '10  chroot("/jail") = 0',
    `10  access("/${"x".repeat(4096)}", R_OK) = 0`,
  ]);
  assert.deepEqual([...log.notes].sort(), ["chroot", "long", "namespace"]);
});
