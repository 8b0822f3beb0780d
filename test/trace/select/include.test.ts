import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Selection } from "../../../src/trace/names/selection.ts";
import { type Seen, Walker } from "../../../src/trace/names/walk.ts";
import { parseGlob } from "../../../src/trace/select/glob.ts";
import { dropExcluded, expandGlob, mayInclude, mergeSpec } from "../../../src/trace/select/include.ts";
import { mergeTouched } from "../../../src/trace/select/runs.ts";
import { checkLine, formatSpec, readSpec } from "../../../src/trace/select/spec.ts";
import { FIRST, Touch } from "../../../src/trace/watch/touch.ts";

const top = mkdtempSync(join(tmpdir(), "vz-include-"));
after(() => rmSync(top, { recursive: true, force: true }));

const host: Readonly<Record<string, string>> = {
  "/bin": "-> usr/bin",
  "/usr": "d",
  "/usr/bin": "d",
  "/usr/bin/bash": "f",
  "/usr/bin/sh": "-> bash",
  "/usr/share": "d",
  "/usr/share/zone": "d",
  "/usr/share/zone/a": "f",
  "/usr/share/zone/sub": "d",
  "/usr/share/zone/sub/b": "f",
  "/usr/share/zone/out": "-> /usr/bin",
  "/usr/share/zone/nowhere": "-> gone",
  "/two\nlines": "f",
  "/two\\nlines": "f",
  "/proc": "d",
  "/proc/version": "f",
};
const look = (path: string): Seen | null => {
  const kind = host[path];
  if (kind === undefined) return null;
  if (kind.startsWith("-> ")) return { type: "link", target: kind.slice(3) };
  return { type: kind === "d" ? "directory" : "file" };
};
const walker = new Walker("", look);
const files = {
  list: (directory: string) => {
    const real = walker.resolve(directory)?.path ?? "";
    const start = real === "/" ? "/" : `${real}/`;
    const names = Object.keys(host).filter((name) => name.startsWith(start));
    return names.map((name) => name.slice(start.length)).filter((name) => name !== "" && !name.includes("/"));
  },
};
const expand = (glob: string) => expandGlob(parseGlob(glob, false), walker, files);

test("a glob finds names as they are spelt, links on the way and at the end too", () => {
  assert.deepEqual(expand("/bin/*sh"), ["/bin/bash", "/bin/sh"]);
  assert.deepEqual(expand("/usr/**/b"), ["/usr/share/zone/sub/b"]);
  assert.deepEqual(expand("/usr/share/zone/n*"), ["/usr/share/zone/nowhere"]);
  assert.deepEqual(expand("/usr/bin/none"), []);
  assert.deepEqual(expand("/usr/bin/bash/**"), []);
});

test("/dir/** is the directory and all below it, through no link; /dir is the directory alone", () => {
  const zone = ["", "/a", "/nowhere", "/out", "/sub", "/sub/b"].map((name) => `/usr/share/zone${name}`);
  assert.deepEqual(expand("/usr/share/zone/**").sort(), zone);
  assert.deepEqual(expand("/usr/share/zone"), ["/usr/share/zone"]);
});

test("the kernel's trees cannot be included, and are not gone through", () => {
  assert.equal(mayInclude(expand("/proc/version"), walker), false);
  assert.deepEqual(expand("/**/version"), []);
  assert.equal(mayInclude(expand("/bin/sh"), walker), true);
});

test("an earlier spec comes back with its links; what is gone is told", () => {
  const selection = new Selection(walker);
  const gone = mergeSpec(
    ["/bin/sh", "/usr/share", "/usr/bin/old", "/usr/share/zone/nowhere"],
    selection,
    walker,
  );
  assert.deepEqual(gone, ["/usr/bin/old"]);
  assert.deepEqual(selection.paths(), [
    ...["/bin", "/usr/bin/bash", "/usr/bin/sh", "/usr/share", "/usr/share/zone/nowhere"],
  ]);
});

test("\\n in a spec is a line break, or what it reads, whichever is there", () => {
  const selection = new Selection(walker);
  mergeSpec(["/two\\nlines"], selection, walker);
  assert.equal(formatSpec(selection.paths()), "/two\\nlines\n/two\\nlines\n");
});

test("a spec with a relative name, a way up or an empty line is refused with its line", () => {
  const file = join(top, "spec");
  for (const [text, message] of [
    ["/a\nb\n", /spec:2: b: not an absolute name/],
    [`${"b".repeat(8000)}\n`, /spec:1: "?b{200}…"?: not an absolute name/],
    [`/${"b".repeat(8000)}/..\n`, /spec:1: "?\/b{199}…"?: holds \. or \.\.$/],
    ["/a\n/b/../c\n", /spec:2: .*holds \. or \.\./],
    ["/a\n\n/b\n", /spec:2: an empty line/],
    [`/${"x".repeat(9000)}\n`, /spec:1: not the name of a file/],
    ["/a\n/b\0\n", /spec:2: not the name of a file/],
    ["\u001b[2J\n", /spec:1: "\\u001b\[2J": not/],
  ] as const) {
    writeFileSync(file, text);
    assert.throws(
      () => readSpec(file),
      (error: Error & { status?: number }) => {
        assert.equal(error.status, 65);
        assert.match(error.message, message);
        return true;
      },
    );
  }
  assert.throws(() => readSpec(join(top, "none")), { status: 64 });
});

test("ten thousand damaged specs: names that may be looked for, or a line that says why not", () => {
  const good = "/usr/bin/bash\n/two\\nlines\n/usr/share/zone/a\n/bin\n";
  // a fixed sequence, so that a failure can be had again
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (let i = 0; i < 10_000; i++) {
    const bytes = Buffer.from(good, "latin1");
    for (let change = random(4); change >= 0; change--) {
      const at = random(bytes.length);
      bytes[at] = [random(256), 0, 10, 46, 47, 92][random(6)] ?? 0;
    }
    try {
      const lines = bytes.toString("latin1").split("\n").slice(0, -1);
      for (const [at, line] of lines.entries()) checkLine(line, at + 1, "damaged");
      for (const line of lines) {
        assert.match(line, /^\/[^\0\n]*$/s);
        assert.ok(!line.split("/").includes(".."));
      }
      mergeSpec(lines, new Selection(walker), walker);
    } catch (error) {
      assert.ok(error instanceof Error && "status" in error && error.status === 65, String(error));
      assert.match(error.message, /^damaged:\d+: [^\p{Cc}]+$/u);
    }
  }
});

test("a spec reads back as it was written, bytes and all", () => {
  const file = join(top, "bytes");
  const names = ["/\xff\xfe", "/a b", "/gr\xc3\xbc\xc3\x9fe"];
  writeFileSync(file, formatSpec(names), "latin1");
  assert.deepEqual(readSpec(file), names);
});

test("an exclude takes out whatever brought it in, with all below it", () => {
  const selection = new Selection(walker);
  for (const name of expand("/usr/share/zone/**")) selection.add(name, true);
  selection.executed.add("/usr/share/zone/a");
  assert.equal(
    dropExcluded([parseGlob("/usr/share/zone/sub", true), parseGlob("a", true)], selection).size,
    3,
  );
  assert.deepEqual(selection.paths(), ["/usr/bin", "/usr/share/zone", "/usr/share/zone/out"]);
  assert.equal(selection.executed.size, 0);
});

test("of several runs the first touch of a name counts", () => {
  const made = Touch.made | (Touch.made << FIRST);
  const opened = Touch.opened | (Touch.opened << FIRST);
  const merged = mergeTouched([
    new Map([["a", made]]),
    new Map([
      ["a", opened],
      ["b", opened],
    ]),
  ]);
  assert.deepEqual(
    [...merged],
    [
      ["a", made | Touch.opened],
      ["b", opened],
    ],
  );
});
