import assert from "node:assert/strict";
import { test } from "node:test";
import { planChroot, stepsOf } from "../../src/ldd/plan.ts";
import { makeElf } from "../support/elf.ts";
import { filesOf, type Tree } from "../support/tree.ts";

const i386 = (needed: string[], interpreter?: string) =>
  makeElf({ class: 32, machine: 3, needed, ...(interpreter === undefined ? {} : { interpreter }) });

/** The machine of the project's first transcript. */
const arch: Tree = {
  "/lib": { link: "usr/lib" },
  "/usr/lib/ld-linux.so.2": { link: "ld-2.23.so" },
  "/usr/lib/ld-2.23.so": "code\0/usr/lib/\0/lib/\0code",
  "/usr/lib/libcap.so.2": { link: "libcap.so.2.25" },
  "/usr/lib/libcap.so.2.25": i386(["libc.so.6"]),
  "/usr/lib/libc.so.6": { link: "libc-2.23.so" },
  "/usr/lib/libc-2.23.so": i386(["ld-linux.so.2"]),
  "/usr/bin/ls": i386(["libcap.so.2", "libc.so.6"], "/lib/ld-linux.so.2"),
};

test("the transcript reads as it always has", () => {
  const steps = stepsOf(planChroot(["/usr/bin/ls"], filesOf(arch)).copies, "ls-chroot");
  assert.deepEqual(
    steps.map(({ line }) => line),
    [
      "++ mkdir -p ls-chroot/usr/lib",
      "+ cp -a /usr/lib/libcap.so.2.25 ls-chroot/usr/lib/libcap.so.2",
      "+ cp -a /usr/lib/libc-2.23.so ls-chroot/usr/lib/libc.so.6",
      "++ mkdir -p ls-chroot/lib",
      "+ cp -a /usr/lib/ld-2.23.so ls-chroot/lib/ld-linux.so.2",
      "++ mkdir -p ls-chroot/usr/bin",
      "+ cp -a /usr/bin/ls ls-chroot/usr/bin/ls",
    ],
  );
});

test("what two programs share is copied once", () => {
  const tree = { ...arch, "/usr/bin/cat": i386(["libc.so.6"], "/lib/ld-linux.so.2") };
  const names = planChroot(["/usr/bin/ls", "/usr/bin/cat"], filesOf(tree)).copies.map(({ to }) => to);
  assert.deepEqual(names.slice(-2), ["/usr/bin/ls", "/usr/bin/cat"]);
  assert.equal(names.filter((name) => name.endsWith("libc.so.6")).length, 1);
});

test("a script brings its interpreter, and comes last", () => {
  const tree = { ...arch, "/usr/bin/script": "#!/usr/bin/ls -l\n" };
  const names = planChroot(["/usr/bin/script"], filesOf(tree)).copies.map(({ to }) => to);
  assert.deepEqual(names.slice(-2), ["/usr/bin/ls", "/usr/bin/script"]);
});

test("a script for env brings env and the program that it means", () => {
  const tree = {
    ...arch,
    "/usr/bin/env": arch["/usr/bin/ls"] ?? "",
    "/usr/bin/script": "#!/usr/bin/env ls\n",
  };
  const { copies } = planChroot(["/usr/bin/script"], filesOf(tree), (name) => `/usr/bin/${name}`);
  assert.deepEqual(
    copies.slice(-3).map(({ to }) => to),
    ["/usr/bin/env", "/usr/bin/ls", "/usr/bin/script"],
  );
  assert.throws(() => planChroot(["/usr/bin/script"], filesOf(tree)), {
    status: 1,
    message: /^ls: not found/,
  });
});

test("a static program is told as such, and comes alone", () => {
  const plan = planChroot(["/sbin/one"], filesOf({ "/sbin/one": i386([]) }));
  assert.deepEqual(plan.statics, ["/sbin/one"]);
  assert.deepEqual(plan.names, ["/sbin/one"]);
});

test("'..' in a run path is gone from the name in the chroot", () => {
  const tree: Tree = {
    ...arch,
    "/opt/bin/prog": makeElf({
      class: 32,
      machine: 3,
      needed: ["libown.so"],
      runpath: "$ORIGIN/../lib",
      interpreter: "/lib/ld-linux.so.2",
    }),
    "/opt/lib/libown.so": i386([]),
  };
  const [library] = planChroot(["/opt/bin/prog"], filesOf(tree)).copies;
  assert.deepEqual(library, { from: "/opt/lib/libown.so", to: "/opt/lib/libown.so" });
});

test("a library that is missing is told before anything is copied", () => {
  const tree = { ...arch, "/usr/bin/bad": i386(["libgone.so.1"], "/lib/ld-linux.so.2") };
  assert.throws(() => planChroot(["/usr/bin/bad"], filesOf(tree)), {
    status: 1,
    message: "libgone.so.1: not found (needed by /usr/bin/bad, i386)",
  });
});

test("what is neither ELF nor script is refused", () => {
  assert.throws(() => planChroot(["/etc/text"], filesOf({ "/etc/text": "hello" })), { status: 65 });
});

test("names with blanks are quoted in the transcript, and a slash behind the directory does not double", () => {
  const copies = [{ from: "/a b/c", to: "/a b/c" }];
  assert.deepEqual(
    stepsOf(copies, "root/").map(({ line }) => line),
    ["++ mkdir -p 'root/a b'", "+ cp -a '/a b/c' 'root/a b/c'"],
  );
});
