/** What a spec lists, against programs that make it hard: directories, threads, forks, old system calls, any names. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { needs32, vzBinary } from "../support/machine.ts";
import { Workshop } from "../support/tracing.ts";

const shop = new Workshop();
after(() => shop.remove());
beforeEach(() => shop.next());

const TARGETS: readonly (readonly [name: string, flags: readonly string[], skip: string | false])[] = [
  ["64-bit", [], false],
  ["64-bit static", ["-static"], false],
  ["32-bit", ["-m32"], needs32],
  ["32-bit static", ["-m32", "-static"], needs32],
];

for (const [name, flags, skip] of TARGETS) {
  test(`${name}: plain old calls count from where chdir and fchdir went`, { skip }, () => {
    shop.files({
      "a/open": "",
      "a/stat": "",
      "a/access": "",
      "b/c/open": "",
      "b/up": "",
      open: "",
      "d/fd": "",
    });
    shop.files({ "b/c/exec": "#!/bin/true\n" }, 0o755);
    symlinkSync("open", join(shop.dir, "a/link"));
    symlinkSync("b/c", join(shop.dir, "cd"));
    shop.compile(
      "prog",
      `int main() {
        char b[4096];
        chdir("a");
        syscall(SYS_open, "open", O_RDONLY);
        syscall(SYS_access, "stat", R_OK);
        syscall(SYS_access, "access", R_OK);
        syscall(SYS_access, "missing", R_OK);
        syscall(SYS_readlink, "link", b, sizeof b);
        chdir("../cd");
        syscall(SYS_open, "open", O_RDONLY);
        chdir("..");
        syscall(SYS_open, "up", O_RDONLY);
        int d = open("../d", O_RDONLY | O_DIRECTORY);
        fchdir(d);
        syscall(SYS_open, "fd", O_RDONLY);
        chdir("../b/c");
        if (fork() == 0) { syscall(SYS_execve, "exec", (char *[]){"exec", 0}, environ); _exit(1); }
        int status;
        wait(&status);
        return status != 0;
      }`,
      ...flags,
    );
    assert.deepEqual(
      shop.traced("./prog"),
      [
        "a",
        "a/access",
        "a/link",
        "a/open",
        "a/stat",
        "b",
        "b/c",
        "b/c/exec",
        "b/c/open",
        "b/up",
        "cd",
        "d",
        "d/fd",
      ].concat("prog"),
    );
  });

  test(`${name}: children of fork, vfork, clone and posix_spawn start where the parent was, and go their own way`, {
    skip,
  }, () => {
    const kinds = ["fork", "vfork", "clone", "spawn"];
    for (const kind of kinds) shop.files({ [`${kind}/parent`]: "", [`${kind}/child/own`]: "" });
    shop.files(
      Object.fromEntries(
        kinds.map((kind) => [`${kind}/tool`, "#!/bin/sh\n: < parent\ncd child && : < own\n"]),
      ),
      0o755,
    );
    shop.compile(
      "prog",
      `static char stack[65536];
      static char *args[] = {"tool", 0};
      static int child(void *unused) { execve("./tool", args, environ); _exit(9); }
      int main() {
        pid_t pid;
        chdir("fork");
        if (!(pid = fork())) child(0);
        chdir("/");
        waitpid(pid, 0, 0);
        if (chdir(getenv("TOP")) || chdir("vfork")) return 1;
        if (!(pid = vfork())) child(0);
        waitpid(pid, 0, 0);
        chdir("../clone");
        pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);
        waitpid(pid, 0, 0);
        chdir("../spawn");
        if (posix_spawn(&pid, "./tool", 0, 0, args, environ)) return 2;
        waitpid(pid, 0, 0);
        return 0;
      }`,
      ...flags,
    );
    process.env["TOP"] = shop.dir;
    const each = (kind: string) => [
      kind,
      `${kind}/child`,
      `${kind}/child/own`,
      `${kind}/parent`,
      `${kind}/tool`,
    ];
    assert.deepEqual(shop.traced("./prog"), [...kinds.flatMap(each), "prog"].sort());
  });
}

test("eight threads that open relative names while another process changes its directory", () => {
  const names = Array.from({ length: 8 }, (_, i) => `f${i}`);
  shop.files(
    Object.fromEntries(
      names.flatMap((name) => [
        [`here/${name}`, ""],
        [`there/${name}`, ""],
        [`there/x${name}`, ""],
      ]),
    ),
  );
  shop.compile(
    "prog",
    `static void *work(void *at) {
      char name[9];
      sprintf(name, "f%d", (int)(long)at);
      for (int i = 0; i < 200; i++) { int fd = syscall(SYS_open, name, O_RDONLY); if (fd < 0) _exit(3); close(fd); }
      return 0;
    }
    int main() {
      pthread_t threads[8];
      if (!fork()) { for (int i = 0; i < 200; i++) { chdir("there"); chdir(".."); } chdir("there"); _exit(syscall(SYS_access, "xf3", R_OK)); }
      chdir("here");
      for (long i = 0; i < 8; i++) pthread_create(&threads[i], 0, work, (void *)i);
      for (int i = 0; i < 8; i++) pthread_join(threads[i], 0);
      int status;
      wait(&status);
      return status;
    }`,
  );
  assert.deepEqual(
    shop.traced("./prog"),
    ["here", ...names.map((name) => `here/${name}`), "prog", "there", "there/xf3"].sort(),
  );
});

test("eight threads that open relative names while one of them changes the directory of all", () => {
  const files = Array.from({ length: 8 }, (_, i) => `f${i}`);
  shop.files(
    Object.fromEntries(
      files.flatMap((name) => [
        [`one/${name}`, ""],
        [`two/${name}`, ""],
      ]),
    ),
  );
  shop.compile(
    "prog",
    `static void *work(void *at) {
      char name[9];
      sprintf(name, "f%d", (int)(long)at);
      for (int i = 0; i < 300; i++) { int fd = at && i % 2 ? open(name, O_RDONLY) : syscall(SYS_open, name, O_RDONLY); close(fd); }
      return 0;
    }
    int main() {
      pthread_t threads[8];
      chdir("one");
      for (long i = 0; i < 8; i++) pthread_create(&threads[i], 0, work, (void *)i);
      for (int i = 0; i < 100; i++) { chdir("../two"); usleep(100); chdir("../one"); usleep(100); }
      chdir("../two");
      for (int i = 0; i < 8; i++) pthread_join(threads[i], 0);
      return syscall(SYS_access, "f0", R_OK);
    }`,
  );
  const own = shop.traced("./prog");
  assert.deepEqual(
    own.filter((name) => !/^(one|two)(\/f\d)?$/.test(name)),
    ["prog"],
  );
  for (const name of ["one", "two", "two/f0"]) assert.ok(own.includes(name), name);
});

test("a thread made with CLONE_FS shares the directory, unshare parts them", () => {
  shop.files({ "a/one": "", "b/two": "", "c/three": "", "b/four": "" });
  shop.compile(
    "prog",
    `static char stack[65536];
    static int gate[2];
    static int child(void *unused) {
      char c;
      chdir("../b");
      write(gate[1], "x", 1);
      usleep(50000);
      unshare(CLONE_FS);
      chdir("../c");
      return syscall(SYS_access, "three", R_OK);
    }
    int main() {
      char c;
      int status;
      pipe(gate);
      chdir("a");
      syscall(SYS_access, "one", R_OK);
      pid_t pid = clone(child, stack + sizeof stack, CLONE_FS | CLONE_FILES | SIGCHLD, 0);
      read(gate[0], &c, 1);
      if (syscall(SYS_access, "two", R_OK)) return 1;
      waitpid(pid, &status, 0);
      if (syscall(SYS_access, "four", R_OK)) return 2;
      return status;
    }`,
  );
  assert.deepEqual(shop.traced("./prog"), ["a", "a/one", "b", "b/four", "b/two", "c", "c/three", "prog"]);
});

test("clone3, openat2, execveat with and without a name, and descriptors of directories", () => {
  shop.files({ "d/one": "", "d/sub/two": "", "d/sub/three": "", "d/in/root": "" });
  shop.files({ "d/tool": "#!/bin/sh\n: < /etc/hostname\n" }, 0o755);
  shop.compile(
    "prog",
    `#include <linux/openat2.h>
    #include <linux/sched.h>
    int main() {
      int d = open("d", O_RDONLY | O_DIRECTORY), sub = openat(d, "sub", O_PATH | O_DIRECTORY), status;
      struct open_how how = {.flags = O_RDONLY};
      if (syscall(SYS_openat2, d, "one", &how, sizeof how) < 0) return 1;
      how.resolve = RESOLVE_IN_ROOT;
      if (syscall(SYS_openat2, d, "/in/root", &how, sizeof how) < 0) return 2;
      struct clone_args args = {.exit_signal = SIGCHLD};
      if (!syscall(SYS_clone3, &args, sizeof args)) _exit(fchdir(sub) || syscall(SYS_access, "two", R_OK));
      wait(&status);
      if (status || faccessat(sub, "three", R_OK, 0)) return 3;
      if (!fork()) { syscall(SYS_execveat, d, "tool", (char *[]){"tool", 0}, environ, 0); _exit(1); }
      wait(&status);
      if (status) return 4;
      int busybox = open("/bin/busybox", O_PATH);
      syscall(SYS_execveat, busybox, "", (char *[]){"true", 0}, environ, AT_EMPTY_PATH);
      return 5;
    }`,
  );
  const own = shop.traced("./prog");
  // a script that is executed through a descriptor's directory is opened by its shell as /dev/fd/N/tool
  assert.deepEqual(own, ["d", "d/in/root", "d/one", "d/sub", "d/sub/three", "d/sub/two", "d/tool", "prog"]);
  assert.ok(shop.spec().includes("/usr/bin/busybox"));
});

test("a thread that is not the first executes another program", () => {
  shop.files({ "d/tool": "#!/bin/sh\n: < beside\n", "d/beside": "" }, 0o755);
  shop.compile(
    "prog",
    `static void *work(void *at) { execl("./tool", "tool", NULL); _exit(1); }
    int main() { pthread_t t; chdir("d"); pthread_create(&t, 0, work, 0); pause(); return 2; }`,
  );
  assert.deepEqual(shop.traced("./prog"), ["d", "d/beside", "d/tool", "prog"]);
});

test("names with anything in them are listed whole", () => {
  const names = [
    "a b",
    'q"u',
    "n\nl",
    "back\\slash",
    "end\\",
    " <unfinished ...>",
    ") = 3",
    "x) = 3<etc>",
    "(deleted)",
    " (deleted)",
    "<b>",
    "gr\xfc\xdfe",
    "gr\xc3\xbc\xc3\x9fe",
    "\xff\xfe",
    "\x01\x021",
    "'; rm",
    " <pid changed to 5 ...>",
    "= -1 ENOENT (No such file or directory)",
    "x".repeat(255),
    "\xe4".repeat(255),
  ];
  shop.files(Object.fromEntries(names.map((name) => [`odd/${name}/f`, ""])));
  shop.compile(
    "prog",
    `int main() {
      DIR *d = opendir("odd");
      struct dirent *e;
      char b[4096];
      while ((e = readdir(d))) {
        if (e->d_name[0] == '.' && strlen(e->d_name) < 3) continue;
        sprintf(b, "odd/%s/f", e->d_name);
        int fd = open(b, O_RDONLY);
        if (fd < 0) return 1;
        close(fd);
        int sub = openat(dirfd(d), e->d_name, O_PATH | O_DIRECTORY);
        if (sub < 0 || faccessat(sub, "f", R_OK, 0)) return 2;
        if (fchdir(sub) || syscall(SYS_access, "f", R_OK) || chdir("../..")) return 3;
        close(sub);
      }
      return 0;
    }`,
  );
  const wanted = names.flatMap((name) => {
    const shown = name.replaceAll("\n", "\\n");
    return [`odd/${shown}`, `odd/${shown}/f`];
  });
  assert.deepEqual(shop.traced("./prog"), [...wanted, "odd", "prog"].sort());
});

test("a name longer than the kernel takes, reached by chdir, is left out, and that is said", () => {
  shop.compile(
    "prog",
    `int main() {
      char name[201];
      memset(name, 'd', 200);
      name[200] = 0;
      for (int i = 0; i < 25; i++) { mkdir(name, 0755); if (chdir(name)) return 1; }
      close(open("deep", O_CREAT | O_WRONLY, 0644));
      return open("deep", O_RDONLY) < 0 || syscall(SYS_access, "deep", R_OK);
    }`,
  );
  const ended = shop.trace("./prog");
  assert.equal(ended.status, 0);
  assert.match(ended.stderr, /names of 4096 bytes or more are left out/);
  assert.deepEqual(shop.own(), ["prog"]);
});

test("probes that failed leave nothing, whatever they failed for", () => {
  shop.files({ file: "", "secret/x": "" });
  shop.compile(
    "prog",
    `int main() {
      open("missing", O_RDONLY);
      open("file/below", O_RDONLY);
      open("file", O_RDONLY | O_DIRECTORY);
      open("file", O_RDONLY | O_CREAT | O_EXCL, 0600);
      mkdir("file", 0700);
      execl("./file", "file", NULL);
      syscall(SYS_readlink, "file", "x", 1);
      char b[8];
      return syscall(SYS_readlink, "missing", b, 8) != -1;
    }`,
  );
  assert.deepEqual(shop.traced("./prog"), ["prog"]);
});

test("what the run made, removed or put in another's place is left out, its directory is kept", () => {
  shop.files({
    "old/read": "1",
    "old/replaced": "1",
    "old/gone": "1",
    "old/log": "1",
    "old/moved": "1",
    "x/1": "a",
    "x/2": "b",
  });
  mkdirSync(join(shop.dir, "var"));
  mkdirSync(join(shop.dir, "run"));
  shop.compile(
    "prog",
    `#include <linux/fs.h>
    static void put(const char *name, int flags) { int fd = open(name, O_WRONLY | O_CREAT | flags, 0644); write(fd, "2", 1); close(fd); }
    int main() {
      open("old/read", O_RDONLY);
      put("old/read.new", O_EXCL);
      rename("old/read.new", "old/read");
      put("old/replaced.new", O_TRUNC);
      rename("old/replaced.new", "old/replaced");
      unlink("old/gone");
      rename("old/moved", "old/elsewhere");
      put("old/log", O_APPEND);
      put("run/pid", O_TRUNC);
      open("run/pid", O_RDONLY);
      for (int i = 0; i < 50; i++) { char b[40]; sprintf(b, "var/t%d", i); put(b, O_EXCL); unlink(b); }
      mkdir("var/d", 0755);
      put("var/d/f", 0);
      symlink("f", "var/d/l");
      link("var/d/f", "var/d/hard");
      open("var/d/l", O_RDONLY);
      int t = open("var", O_RDWR | O_TMPFILE, 0600);
      char b[40];
      sprintf(b, "/proc/self/fd/%d", t);
      linkat(AT_FDCWD, b, AT_FDCWD, "var/tmpfile", AT_SYMLINK_FOLLOW);
      open("var/tmpfile", O_RDONLY);
      int s = socket(AF_UNIX, SOCK_STREAM, 0);
      struct sockaddr_un a = {AF_UNIX, "run/socket"};
      bind(s, (void *)&a, sizeof a);
      return renameat2(AT_FDCWD, "x/1", AT_FDCWD, "x/2", RENAME_EXCHANGE);
    }`,
  );
  const kept = ["old", "old/log", "old/read", "prog", "run", "var", "x/1", "x/2"];
  assert.deepEqual(shop.traced("./prog"), kept);
});

test("a directory that the run left by its name, and removed, still leaves its parent", () => {
  mkdirSync(join(shop.dir, "parent"));
  shop.compile(
    "prog",
    `int main() { mkdir("parent/d", 0700); chdir("parent/d"); rmdir("../d"); open("x", O_CREAT, 0600); return chdir("/"); }`,
  );
  assert.deepEqual(shop.traced("./prog"), ["parent", "prog"]);
});

test("chains of four interpreters, through links and relative names", () => {
  shop.files({ data: "" });
  shop.files(
    {
      "i/four": `#!${shop.dir}/link\n`,
      "i/three": "#!i/two\n",
      "i/two": "#!i/one\n",
      "i/one": "#!/bin/sh\n: < data\n",
    },
    0o755,
  );
  symlinkSync("i/three", join(shop.dir, "link"));
  shop.compile("prog", 'int main() { execl("i/four", "four", NULL); return errno; }');
  const chain = ["i/four", "i/one", "i/three", "i/two", "link"];
  assert.deepEqual(shop.traced("./prog"), ["data", ...chain, "prog"]);
});

test("a directory that is listed or watched is kept itself, not what is in it", () => {
  shop.files({ "listed/a": "", "watched/b": "", "looked/c": "" });
  shop.compile(
    "prog",
    `#include <sys/inotify.h>
    int main() {
      struct stat s;
      opendir("listed");
      stat("looked", &s);
      return inotify_add_watch(inotify_init(), "watched", IN_CREATE) < 0;
    }`,
  );
  assert.deepEqual(shop.traced("./prog"), ["listed", "prog", "watched"]);
});

test("files that only were looked at, and a link that only was read", () => {
  shop.files({ stat: "", statx: "", access: "", "target/x": "", chmod: "", utime: "" });
  for (const name of ["lstat", "readlink"]) symlinkSync("target", join(shop.dir, name));
  shop.compile(
    "prog",
    `int main() {
      struct stat s;
      struct statx x;
      char b[99];
      stat("stat", &s);
      statx(AT_FDCWD, "statx", 0, STATX_ALL, &x);
      access("access", R_OK);
      lstat("lstat", &s);
      readlink("readlink", b, 99);
      chmod("chmod", 0644);
      return utimensat(AT_FDCWD, "utime", 0, 0);
    }`,
  );
  const wanted = ["access", "chmod", "lstat", "prog", "readlink", "stat", "statx", "utime"];
  assert.deepEqual(shop.traced("./prog"), wanted);
});

test("files by handle are found by the name that the kernel gives back", () => {
  shop.files({ "d/handled": "" });
  shop.compile(
    "prog",
    `int main() {
      struct { struct file_handle h; char room[128]; } at = {.h.handle_bytes = 128};
      int mount;
      if (name_to_handle_at(AT_FDCWD, "d/handled", &at.h, &mount, 0)) return errno == EOPNOTSUPP ? 77 : 1;
      int d = open("/", O_RDONLY | O_DIRECTORY);
      int top = open(".", O_RDONLY | O_DIRECTORY);
      unlink("d/other");
      return open_by_handle_at(top, &at.h, O_RDONLY) < 0;
    }`,
  );
  assert.ok(shop.traced("./prog").includes("d/handled"));
});

test("descriptors that came from elsewhere: a directory counts, a file that was open already does not", () => {
  shop.files({ "d/below": "", input: "hello\n", passed: "" });
  shop.compile(
    "prog",
    `int main() {
      char b[9];
      int pair[2];
      if (faccessat(9, "below", R_OK, 0)) return 1;
      if (read(8, b, 9) < 0) return 2;
      socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
      if (!fork()) {
        int fd = open("passed", O_RDONLY);
        struct { struct cmsghdr h; int fd; } c = {{sizeof c, SOL_SOCKET, SCM_RIGHTS}, fd};
        c.h.cmsg_len = CMSG_LEN(sizeof(int));
        struct iovec v = {"x", 1};
        struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = CMSG_SPACE(sizeof(int))};
        _exit(sendmsg(pair[1], &m, 0) != 1);
      }
      char room[64];
      struct iovec v = {b, 9};
      struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = 64};
      return recvmsg(pair[0], &m, 0) != 1;
    }`,
  );
  const { status } = shop.run("sh", ["-c", `exec "$VZ" trace ./prog 8< input 9< d`], { VZ: vzBinary });
  assert.equal(status, 0);
  assert.deepEqual(shop.own(), ["d/below", "passed", "prog"]);
});

test("the directory that the command starts in may have any name, and lie behind a link", () => {
  shop.files({ 'st"r\\\n\xff<a>/f': "" });
  const where = Buffer.from(join(shop.dir, 'st"r\\\n\xff<a>'), "latin1");
  assert.ok(existsSync(where));
  symlinkSync(where, join(shop.dir, "link"));
  writeFileSync(join(shop.dir, "go"), 'cd link && exec "$VZ" trace -o ../spec cat f\n');
  chmodSync(join(shop.dir, "go"), 0o755);
  assert.equal(shop.run("sh", ["./go"], { VZ: vzBinary }).status, 0);
  assert.deepEqual(shop.own(), ['st"r\\\\n\xff<a>/f']);
  assert.ok(readdirSync(shop.dir).includes("spec"));
});
