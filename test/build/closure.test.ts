import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, type RunFacts } from "../../src/build/closure.ts";
import { interpreterOf } from "../../src/build/interpreter.ts";
import { Selection } from "../../src/build/selection.ts";
import { makeElf } from "../support/elf.ts";
import { filesOf, type Tree, walkerOf } from "../support/tree.ts";

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
