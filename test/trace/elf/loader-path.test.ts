import assert from "node:assert/strict";
import { test } from "node:test";
import { LibraryPath } from "../../../src/trace/elf/loader-path.ts";
import { type ElfParts, makeElf } from "../../support/elf.ts";
import { filesOf, type Tree } from "../../support/tree.ts";

const GLIBC = "/lib64/ld-linux-x86-64.so.2";
const amd64 = (parts: Partial<ElfParts> = {}) => makeElf({ class: 64, machine: 62, ...parts });
const i386 = (parts: Partial<ElfParts> = {}) => makeElf({ class: 32, machine: 3, ...parts });
const program = (parts: Partial<ElfParts> = {}) => amd64({ interpreter: GLIBC, ...parts });
const system: Tree = {
  [GLIBC]: "code\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0code",
};

function found(tree: Tree, name = "/bin/prog"): (string | null)[] {
  const files = filesOf({ ...system, ...tree });
  const elf = files.elf(name);
  assert.ok(elf !== null);
  return new LibraryPath(files).needed(name, elf).map((one) => one.found);
}

test("libraries come breadth first, each once, and the loader is none of them", () => {
  assert.deepEqual(
    found({
      "/bin/prog": program({ needed: ["liba.so", "libb.so"] }),
      "/lib/liba.so": amd64({ needed: ["libc.so.6", "libdeep.so"] }),
      "/lib/libb.so": amd64({ needed: ["libc.so.6"] }),
      "/lib/libc.so.6": amd64({ needed: ["ld-linux-x86-64.so.2"] }),
      "/lib/libdeep.so": amd64(),
    }),
    ["/lib/liba.so", "/lib/libb.so", "/lib/libc.so.6", "/lib/libdeep.so"],
  );
});

test("the default directories are those that the loader itself holds, in its order", () => {
  assert.deepEqual(
    found({
      "/bin/prog": program({ needed: ["liba.so"] }),
      "/lib/liba.so": amd64(),
      "/usr/lib/x86_64-linux-gnu/liba.so": amd64(),
    }),
    ["/usr/lib/x86_64-linux-gnu/liba.so"],
  );
});

test("on arm64 too they are the loader's own, and $PLATFORM is the processor's name", () => {
  const loader = "/lib/ld-linux-aarch64.so.1";
  const arm64 = (parts: Partial<ElfParts> = {}) => makeElf({ class: 64, machine: 183, ...parts });
  const needed = ["liba.so", "libb.so", "ld-linux-aarch64.so.1"];
  assert.deepEqual(
    found({
      [loader]: "code\0/lib/aarch64-linux-gnu/\0/usr/lib/aarch64-linux-gnu/\0/lib/\0/usr/lib/\0code",
      "/bin/prog": arm64({ interpreter: loader, needed, rpath: "/opt/$PLATFORM:/opt/$LIB" }),
      "/lib/x86_64-linux-gnu/liba.so": amd64(),
      "/lib/liba.so": arm64(),
      "/opt/lib/aarch64-linux-gnu/liba.so": arm64(),
      "/opt/aarch64/libb.so": arm64(),
    }),
    ["/opt/lib/aarch64-linux-gnu/liba.so", "/opt/aarch64/libb.so"],
  );
});

test("ld.so.conf with its includes comes before them, in the order of the files' names", () => {
  const tree: Tree = {
    "/bin/prog": program({ needed: ["liba.so", "libb.so"] }),
    "/etc/ld.so.conf": "# comment\ninclude ld.so.conf.d/*.conf\n/last\n",
    "/etc/ld.so.conf.d/b.conf": "/two # here\n",
    "/etc/ld.so.conf.d/a.conf": "/one:/other\n",
    "/etc/ld.so.conf.d/a.conf.old": "/never\n",
    "/never/liba.so": amd64(),
    "/two/liba.so": amd64(),
    "/last/liba.so": amd64(),
    "/other/libb.so": amd64(),
    "/two/libb.so": amd64(),
    "/lib/libb.so": amd64(),
  };
  assert.deepEqual(found(tree), ["/two/liba.so", "/other/libb.so"]);
});

test("a library of another class or machine is passed over", () => {
  assert.deepEqual(
    found({
      "/bin/prog": program({ needed: ["liba.so"] }),
      "/lib/x86_64-linux-gnu/liba.so": i386(),
      "/lib/liba.so": makeElf({ class: 64, machine: 183 }),
      "/usr/lib/liba.so": amd64(),
    }),
    ["/usr/lib/liba.so"],
  );
});

test("RUNPATH serves the object alone, RPATH all that it leads to", () => {
  const tree = (parts: Partial<ElfParts>): Tree => ({
    "/bin/prog": program({ needed: ["liba.so"], ...parts }),
    "/own/liba.so": amd64({ needed: ["libb.so"] }),
    "/own/libb.so": amd64(),
  });
  assert.deepEqual(found(tree({ rpath: "/own" })), ["/own/liba.so", "/own/libb.so"]);
  assert.deepEqual(found(tree({ runpath: "/own" })), ["/own/liba.so", null]);
});

test("$ORIGIN is the directory of the real file, behind links", () => {
  assert.deepEqual(
    found({
      "/bin/prog": { link: "/opt/app/bin/prog" },
      "/opt/app/bin/prog": program({ needed: ["liba.so"], runpath: "$ORIGIN/../lib:$${ORIGIN}" }),
      "/opt/app/lib/liba.so": amd64(),
    }),
    ["/opt/app/bin/../lib/liba.so"],
  );
});

test("a library that only the cache leads to has its place in a default directory", () => {
  const files = filesOf({
    ...system,
    "/bin/prog": program({ needed: ["liba.so", "libb.so"] }),
    "/etc/ld.so.conf": "/opt/lib\n/usr/lib\n",
    "/opt/lib/liba.so": amd64(),
    "/usr/lib/libb.so": amd64(),
  });
  const elf = files.elf("/bin/prog");
  assert.ok(elf !== null);
  assert.deepEqual(
    new LibraryPath(files).needed("/bin/prog", elf).map(({ place }) => place),
    ["/lib/x86_64-linux-gnu/liba.so", "/usr/lib/libb.so"],
  );
});

test("musl searches its own path file, and answers for libc itself", () => {
  const loader = "/lib/ld-musl-x86_64.so.1";
  const tree: Tree = {
    "/bin/prog": amd64({ interpreter: loader, needed: ["libc.musl-x86_64.so.1", "libm.so", "libz.so.1"] }),
    [loader]: amd64(),
    "/etc/ld.so.conf": "/glibc\n",
    "/glibc/libz.so.1": amd64(),
    "/usr/lib/libz.so.1": amd64(),
  };
  assert.deepEqual(found(tree), ["/usr/lib/libz.so.1"]);
  assert.deepEqual(found({ ...tree, "/etc/ld-musl-x86_64.path": "/m\n", "/m/libz.so.1": amd64() }), [
    "/m/libz.so.1",
  ]);
});

test("$LIB and $PLATFORM are the loader's and the kernel's words", () => {
  const tree: Tree = {
    "/bin/prog": program({
      needed: ["liba.so", "libb.so"],
      runpath: "/opt/$LIB:/opt/$PLATFORM/:/opt/$LIBX",
    }),
    "/opt/lib/x86_64-linux-gnu/liba.so": amd64(),
    "/opt/x86_64/libb.so": amd64(),
    "/opt/lib/x86_64-linux-gnuX/libb.so": amd64(),
  };
  assert.deepEqual(found(tree), ["/opt/lib/x86_64-linux-gnu/liba.so", "/opt/x86_64/libb.so"]);
});

test("LD_LIBRARY_PATH stands behind RPATH and before RUNPATH", () => {
  const search = (parts: Partial<ElfParts>) => {
    const files = filesOf({
      ...system,
      "/bin/prog": program({ needed: ["liba.so"], ...parts }),
      "/run/liba.so": amd64(),
      "/env/liba.so": amd64(),
    });
    const elf = files.elf("/bin/prog");
    assert.ok(elf !== null);
    return new LibraryPath(files, ["/env"]).needed("/bin/prog", elf)[0]?.found;
  };
  assert.equal(search({ rpath: "/run" }), "/run/liba.so");
  assert.equal(search({ runpath: "/run" }), "/env/liba.so");
});

test("what is loaded answers to its own name too", () => {
  const tree: Tree = {
    "/bin/prog": program({ needed: ["libdev.so", "libreal.so.1"] }),
    "/lib/libdev.so": amd64({ soname: "libreal.so.1" }),
  };
  assert.deepEqual(found(tree), ["/lib/libdev.so"]);
});

test("musl lets run paths serve all that an object leads to", () => {
  const loader = "/lib/ld-musl-x86_64.so.1";
  const tree: Tree = {
    "/bin/prog": amd64({ interpreter: loader, needed: ["liba.so"], runpath: "/own" }),
    [loader]: amd64(),
    "/own/liba.so": amd64({ needed: ["libb.so"] }),
    "/own/libb.so": amd64(),
  };
  assert.deepEqual(found(tree), ["/own/liba.so", "/own/libb.so"]);
});

test("a loader full of directories, and patterns full of stars, cost no time", () => {
  const started = Date.now();
  const tree: Tree = {
    "/bin/prog": program({ needed: ["liba.so"] }),
    [GLIBC]: "/lib".repeat(250_000),
    "/etc/ld.so.conf": `include d/${"*a".repeat(100)}b\n`,
    [`/etc/d/${"a".repeat(250)}`]: "/x\n",
  };
  assert.deepEqual(found(tree), [null]);
  assert.ok(Date.now() - started < 1000);
});

test("a library that is nowhere is told with who needs it", () => {
  const files = filesOf({
    ...system,
    "/bin/prog": program({ needed: ["liba.so"] }),
    "/lib/liba.so": amd64({ needed: ["libgone.so"] }),
  });
  const elf = files.elf("/bin/prog");
  assert.ok(elf !== null);
  const [, gone] = new LibraryPath(files).needed("/bin/prog", elf);
  assert.deepEqual(gone, { name: "libgone.so", found: null, place: null, by: "/lib/liba.so" });
});
