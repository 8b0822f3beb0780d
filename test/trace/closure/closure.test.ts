import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, type RunFacts } from "../../../src/trace/closure/closure.ts";
import { interpreterOf } from "../../../src/trace/closure/interpreter.ts";
import { literalGlob } from "../../../src/trace/names/closure-notes.ts";
import { Selection } from "../../../src/trace/names/selection.ts";
import { parseGlob } from "../../../src/trace/select/glob.ts";
import { makeElf } from "../../support/elf.ts";
import { filesOf, type Tree, walkerOf } from "../../support/tree.ts";

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const amd64 = (needed: string[] = []) => makeElf({ class: 64, machine: 62, needed });
const program = (needed: string[] = []) => makeElf({ class: 64, machine: 62, needed, interpreter: LOADER });
const loader: Tree = {
  "/lib64": { link: "usr/lib64" },
  "/usr/lib64/ld-linux-x86-64.so.2": { link: "../lib/ld.so" },
  "/usr/lib/ld.so": "code",
};
const oldLibc = amd64(["libGLIBC_2.33"]);
const newLibc = amd64(["GLIBC_2.34"]);

const NO_FACTS: RunFacts = { env: {}, cwd: "/", touched: new Map() };

function closed(tree: Tree, executed: string[], opened: string[] = []): string[] {
  return selected(tree, executed, opened).paths();
}

function selected(tree: Tree, executed: string[], opened: string[] = [], facts = NO_FACTS): Selection {
  const selection = new Selection(walkerOf(tree));
  for (const name of opened) selection.add(name);
  for (const name of executed) {
    const real = selection.add(name);
    if (real !== undefined) selection.executed.add(real);
  }
  complete(selection, filesOf(tree), facts);
  return selection;
}

test("the loader comes with every link on its way", () => {
  assert.deepEqual(closed({ ...loader, "/bin/prog": program() }, ["/bin/prog"]), [
    "/bin/prog",
    "/lib64",
    "/usr/lib/ld.so",
    "/usr/lib64/ld-linux-x86-64.so.2",
  ]);
});

test("a chain of scripts brings each interpreter, and the last one's loader", () => {
  const tree: Tree = {
    ...loader,
    "/s/one": "#! /s/two -x\n",
    "/s/two": "#!/bin/sh\n",
    "/bin/sh": { link: "dash" },
    "/bin/dash": program(),
  };
  const names = closed(tree, ["/s/one"]);
  assert.deepEqual(names.slice(0, 2), ["/bin/dash", "/bin/sh"]);
  assert.ok(names.includes("/s/two") && names.includes("/usr/lib/ld.so"));
});

test("scripts that name each other end somewhere", () => {
  assert.deepEqual(closed({ "/a": "#!/b\n", "/b": "#!/a\n" }, ["/a"]), ["/a", "/b"]);
});

test("a library that the run did not load is found, one that came along from elsewhere is not replaced", () => {
  const tree: Tree = {
    ...loader,
    "/bin/prog": program(["liba.so", "libb.so"]),
    "/usr/lib/liba.so": amd64(),
    "/usr/lib/libb.so": amd64(),
    "/opt/liba.so": amd64(),
  };
  const names = closed(tree, ["/bin/prog"], ["/opt/liba.so"]);
  assert.ok(names.includes("/usr/lib/libb.so"));
  assert.ok(!names.includes("/usr/lib/liba.so"));
});

const service: Tree = {
  ...loader,
  "/etc/nsswitch.conf": "hosts: files dns\n",
  "/etc/passwd": "",
  "/etc/group": "",
  "/etc/shadow": "",
  "/etc/hosts": "",
  "/etc/resolv.conf": "",
  "/usr/lib/libnss_files.so.2": amd64(),
  "/usr/lib/libnss_dns.so.2": amd64(["libresolv.so.2"]),
  "/usr/lib/libresolv.so.2": amd64(),
};

test("a program that asked for users gets the files that answer for others, and no secrets", () => {
  const tree = { ...service, "/usr/lib/libc.so.6": newLibc };
  const names = closed(tree, [], ["/usr/lib/libc.so.6", "/etc/passwd"]);
  assert.deepEqual(names, ["/etc/group", "/etc/nsswitch.conf", "/etc/passwd", "/usr/lib/libc.so.6"]);
});

test("of the modules that nsswitch.conf names for what was asked, those come that need no daemon", () => {
  const tree = {
    ...service,
    "/usr/lib/libc.so.6": newLibc,
    "/etc/nsswitch.conf":
      "passwd: compat [SUCCESS=return] systemd # ldap\ngroup: files ldap\nhosts: files db\n",
    "/usr/lib/libnss_compat.so.2": amd64(["libnsl.so.1"]),
    "/usr/lib/libnss_systemd.so.2": amd64(["libcap.so.2"]),
    "/usr/lib/libnss_db.so.2": amd64(),
    "/usr/lib/libnsl.so.1": amd64(),
    "/usr/lib/libcap.so.2": amd64(),
  };
  const selection = selected(tree, [], ["/usr/lib/libc.so.6", "/etc/passwd"]);
  const modules = selection.paths().filter((name) => !name.startsWith("/etc/"));
  assert.deepEqual(modules, ["/usr/lib/libc.so.6", "/usr/lib/libnsl.so.1", "/usr/lib/libnss_compat.so.2"]);
  const { guessed, leftOut } = selection.notes;
  assert.deepEqual(guessed.get("/usr/lib/libnss_compat.so.2"), {
    kind: "name service",
    why: 'module "compat" of /etc/nsswitch.conf',
  });
  assert.equal(guessed.get("/usr/lib/libnsl.so.1")?.why, "library of /usr/lib/libnss_compat.so.2");
  assert.ok(!guessed.has("/etc/passwd"), "it was seen");
  const systemd = "/usr/lib/libnss_systemd.so.2";
  const why = 'module "systemd" of /etc/nsswitch.conf, which asks a daemon';
  assert.deepEqual(
    leftOut.filter(({ what }) => what.includes("libnss")),
    [{ what: systemd, why, include: systemd }],
  );
});

test("a module that the run loaded stays, whatever it asks", () => {
  const systemd = "/usr/lib/libnss_systemd.so.2";
  const tree = {
    ...service,
    "/usr/lib/libc.so.6": newLibc,
    "/etc/nsswitch.conf": "passwd: files systemd\n",
    [systemd]: amd64(["libcap.so.2"]),
    "/usr/lib/libcap.so.2": amd64(),
  };
  const selection = selected(tree, [], ["/usr/lib/libc.so.6", "/etc/passwd", systemd]);
  assert.ok(selection.has(systemd) && selection.has("/usr/lib/libcap.so.2"));
  assert.ok(!selection.notes.leftOut.some(({ what }) => what === systemd));
});

test("what is guessed is told with its reason, what was touched is not", () => {
  const { notes } = selected({ ...loader, "/bin/prog": program() }, ["/bin/prog"]);
  const reason = { kind: "loader", why: "loader of /bin/prog" };
  assert.deepEqual(Object.fromEntries(notes.guessed), {
    "/lib64": reason,
    "/usr/lib/ld.so": reason,
    "/usr/lib64/ld-linux-x86-64.so.2": reason,
  });
});

test("libraries of a plugin that was loaded come by the loader of the program", () => {
  const tree: Tree = {
    ...loader,
    "/usr/lib/ld.so": "code\0/multi/\0/lib/\0",
    "/usr/lib/libx.so.1": amd64(),
    "/lib/multi/libx.so.1": amd64(),
    "/lib/ld-two": "code\0/lib/multi/\0/usr/lib/\0",
    "/bin/prog": makeElf({ class: 64, machine: 62, interpreter: "/lib/ld-two" }),
    "/opt/plugin.so": amd64(["libx.so.1"]),
  };
  const names = closed(tree, ["/bin/prog"], ["/opt/plugin.so"]);
  assert.ok(names.includes("/lib/multi/libx.so.1") && !names.includes("/usr/lib/libx.so.1"));
});

test("a library of another class does not stand for one of the same name", () => {
  const tree: Tree = {
    ...loader,
    "/bin/prog": program(["liba.so"]),
    "/usr/lib/liba.so": amd64(),
    "/opt/liba.so": makeElf({ class: 32, machine: 3 }),
  };
  assert.ok(closed(tree, ["/bin/prog"], ["/opt/liba.so"]).includes("/usr/lib/liba.so"));
});

test("LD_LIBRARY_PATH counts, relative to where the run started", () => {
  const tree: Tree = { ...loader, "/bin/prog": program(["liba.so"]), "/srv/own/liba.so": amd64() };
  const facts = { ...NO_FACTS, env: { LD_LIBRARY_PATH: "/none:own" }, cwd: "/srv" };
  assert.ok(selected(tree, ["/bin/prog"], [], facts).files.has("/srv/own/liba.so"));
});

test("a library that is nowhere is told", () => {
  const { notes } = selected({ ...loader, "/bin/prog": program(["libgone.so"]) }, ["/bin/prog"]);
  assert.deepEqual(notes.leftOut, [{ what: "libgone.so", why: "not found, though /bin/prog needs it" }]);
});

test("what a file may load at run time comes if it is required or recommended, and is told if suggested", () => {
  const wish = (soname: string | string[], priority?: string) => ({ soname, feature: "zip", priority });
  const dlopen = JSON.stringify([
    wish(["libnew.so.2", "libold.so.1"], "required"),
    wish(["libplain.so.1"]),
    wish("libmaybe.so.1", "suggested"),
    wish(["../escape.so"], "required"),
    wish(["libnone.so.1"], "recommended"),
  ]);
  const tree: Tree = {
    ...loader,
    "/bin/prog": makeElf({ class: 64, machine: 62, interpreter: LOADER, dlopen }),
    "/usr/lib/libold.so.1": amd64(["libdeep.so"]),
    "/usr/lib/libplain.so.1": amd64(),
    "/usr/lib/libmaybe.so.1": amd64(),
    "/usr/lib/libdeep.so": amd64(),
    "/usr/escape.so": amd64(),
  };
  const { notes } = selected(tree, ["/bin/prog"]);
  const optional = [...notes.guessed].filter(([, { kind }]) => kind === "dlopen").map(([name]) => name);
  assert.deepEqual(optional, ["/usr/lib/libold.so.1", "/usr/lib/libplain.so.1"]);
  assert.ok(notes.guessed.has("/usr/lib/libdeep.so"));
  assert.deepEqual(notes.leftOut, [
    {
      what: "/usr/lib/libmaybe.so.1",
      why: "only suggested by /bin/prog, for zip",
      include: "/usr/lib/libmaybe.so.1",
    },
  ]);
});

const cached: Tree = {
  ...loader,
  "/usr/lib/ld.so": "code\0/lib/\0/usr/lib/\0",
  "/etc/ld.so.cache": "list",
  "/etc/ld.so.conf": "/usr/local/lib\n/usr/lib\n",
  "/usr/lib/liba.so": amd64(),
  "/usr/local/lib/libb.so": amd64(),
};

test("the loader's cache stays only where a library is found by nothing else", () => {
  const one = selected({ ...cached, "/bin/prog": program(["liba.so"]) }, ["/bin/prog"], ["/etc/ld.so.cache"]);
  assert.ok(!one.files.has("/etc/ld.so.cache"));
  assert.equal(one.notes.leftOut[0]?.include, "/etc/ld.so.cache");
  const two = selected({ ...cached, "/bin/prog": program(["libb.so"]) }, ["/bin/prog"], ["/etc/ld.so.cache"]);
  assert.ok(two.files.has("/etc/ld.so.cache"));
});

test("the cache stays too where it was asked for", () => {
  const facts = { ...NO_FACTS, wanted: new Set(["/etc/ld.so.cache"]) };
  const tree = { ...cached, "/bin/prog": program(["liba.so"]) };
  assert.ok(selected(tree, ["/bin/prog"], ["/etc/ld.so.cache"], facts).files.has("/etc/ld.so.cache"));
});

test("a glob that names one file takes its characters as they are", () => {
  const name = "/a*b/[c]?\\d";
  const glob = parseGlob(literalGlob(name), false);
  assert.ok(glob.covers(name) && !glob.covers("/axb/c?\\d"));
});

test("directories that are links into /usr come with what lies there", () => {
  const tree: Tree = {
    "/bin": { link: "usr/bin" },
    "/sbin": { link: "usr/sbin" },
    "/usr/bin/x": "",
    "/usr/sbin/y": "",
  };
  assert.deepEqual(closed(tree, [], ["/usr/bin/x"]), ["/bin", "/usr/bin/x"]);
});

test("a certificate that was looked up by its hash brings the others beside it, and no private key", () => {
  const tree: Tree = {
    "/etc/ssl/certs/01234567.0": { link: "One.pem" },
    "/etc/ssl/certs/One.pem": "CERTIFICATE",
    "/etc/ssl/certs/89abcdef.1": { link: "/usr/share/ca/Two.crt" },
    "/usr/share/ca/Two.crt": "CERTIFICATE",
    "/etc/ssl/certs/00000000.0": "-----BEGIN PRIVATE KEY-----",
    "/etc/ssl/certs/plain.pem": "CERTIFICATE",
  };
  assert.deepEqual(closed(tree, [], ["/etc/ssl/certs/01234567.0"]), [
    "/etc/ssl/certs/01234567.0",
    "/etc/ssl/certs/89abcdef.1",
    "/etc/ssl/certs/One.pem",
    "/usr/share/ca/Two.crt",
  ]);
});

test("directories, devices and state of this system that do not come along are told", () => {
  const tree: Tree = {
    "/data/a": "",
    "/data/b": "",
    "/run/state": "",
    "/dev/sda": { device: true },
    "/dev/null": { device: true },
  };
  const touched = new Map(
    ["/data", "/data/a", "/run/state", "/dev/sda", "/dev/null", "/dev/pts/0"].map((name) => [name, 1]),
  );
  const selection = new Selection(walkerOf(tree));
  selection.add("/data", true);
  selection.add("/data/a");
  complete(selection, filesOf(tree), { ...NO_FACTS, touched });
  assert.deepEqual(
    selection.notes.leftOut.map(({ what, include }) => [what, include]),
    [
      ["/run/state", undefined],
      ["/dev/sda", undefined],
      ["/data", "/data/**"],
    ],
  );
  assert.deepEqual([...selection.notes.deviceTrees], ["/dev/pts"]);
});

test("a time zone and a locale that are named and not there are told", () => {
  const facts = {
    ...NO_FACTS,
    env: { TZ: "Mars/Olympus", LANG: "xx_YY.UTF-8", LC_ALL: "C", LC_TIME: "de_DE.UTF-8" },
  };
  const tree = { "/usr/lib/libc.so.6": "", "/usr/lib/locale/de_DE.utf8/LC_TIME": "" };
  const { notes } = selected(tree, [], ["/usr/lib/libc.so.6"], facts);
  assert.deepEqual(
    notes.leftOut.map(({ what }) => what),
    ["/usr/share/zoneinfo/Mars/Olympus", "locale xx_YY.UTF-8"],
  );
});

test("a program that asked for hosts gets theirs; before glibc 2.34 with modules and what these need", () => {
  const names = closed(
    { ...service, "/usr/lib/libc.so.6": oldLibc },
    [],
    ["/usr/lib/libc.so.6", "/etc/hosts"],
  );
  for (const name of ["/etc/resolv.conf", "/usr/lib/libnss_dns.so.2", "/usr/lib/libnss_files.so.2"]) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(names.includes("/usr/lib/libresolv.so.2"));
  const newer = closed(
    { ...service, "/usr/lib/libc.so.6": newLibc },
    [],
    ["/usr/lib/libc.so.6", "/etc/hosts"],
  );
  assert.ok(newer.includes("/etc/resolv.conf"));
  assert.ok(!newer.some((name) => name.includes("libnss")));
});

test("who never asked gets nothing of the name service", () => {
  assert.deepEqual(closed({ ...service, "/usr/lib/libc.so.6": oldLibc }, [], ["/usr/lib/libc.so.6"]), [
    "/usr/lib/libc.so.6",
  ]);
});

test("a #! line gives its interpreter, with blanks before it and an argument behind", () => {
  assert.equal(interpreterOf("#!/bin/sh\n"), "/bin/sh");
  assert.equal(interpreterOf("#! \t/usr/bin/env  perl -w\n"), "/usr/bin/env");
  assert.equal(interpreterOf("#!\n/bin/sh"), undefined);
  assert.equal(interpreterOf("print 1"), undefined);
});
