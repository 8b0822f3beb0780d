import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Selection } from "../../../src/trace/names/selection.ts";
import { Walker } from "../../../src/trace/names/walk.ts";
import type { Package, PackageDatabase } from "../../../src/trace/report/packages.ts";
import { reportOf, type TraceReport } from "../../../src/trace/report/report.ts";
import { reportText } from "../../../src/trace/report/text.ts";

const root = mkdtempSync(join(tmpdir(), "vz-report-"));
after(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, "d"));
for (const [name, size] of [
  ["big", 3000],
  ["small", 10],
  ["mine", 200],
] as const)
  writeFileSync(join(root, "d", name), "x".repeat(size));
linkSync(join(root, "d/big"), join(root, "d/big2"));
symlinkSync("big", join(root, "d/link"));

const one: Package = { name: "one", version: "1", architecture: "all", installedSize: 8192 };
const owners = new Map([
  ["/d/big", one],
  ["/d/big2", one],
  ["/d/small", { ...one, name: "two", installedSize: 0 }],
]);
const database: PackageDatabase = { ownerOf: (path) => owners.get(path), expect() {} };

function selected(): Selection {
  const selection = new Selection(new Walker(root));
  for (const name of ["big", "big2", "small", "mine", "link"]) selection.add(`/d/${name}`);
  selection.add("/d", true);
  selection.links.add("/d/link");
  selection.made.add("/d/new\n");
  selection.removed.add("/d/old");
  selection.written.add("/d");
  selection.notes.guessed.set("/d/small", { kind: "library", why: "library of /d/big" });
  selection.notes.guessed.set("/d/taken out", { kind: "library", why: "library of /d/big" });
  selection.notes.leftOut.push({ what: "/d", why: "a directory", include: "/d/**" });
  selection.notes.leftOut.push({ what: "/dev/x", why: "a device" });
  return selection;
}
const report = reportOf(["cat", "a b"], selected(), database, ["/x"], ["/d", "/d/gone"]);

test("files with their bytes, each once however many names it has", () => {
  assert.deepEqual([report.files, report.links, report.directories, report.bytes], [4, 1, 1, 3210]);
  assert.deepEqual(report.biggest[0], { path: "/d/big", bytes: 3000 });
  assert.deepEqual(
    report.biggest.map(({ bytes }) => bytes),
    [3000, 200, 10, 0],
  );
});

test("packages with what of them is here, and what none brought", () => {
  assert.deepEqual(report.packages, [
    { ...one, files: 2, bytes: 3000 },
    { ...one, name: "two", installedSize: 0, files: 1, bytes: 10 },
  ]);
  assert.equal(report.installedSize, 8192);
  assert.deepEqual(report.unowned, [{ path: "/d/mine", bytes: 200 }]);
  assert.equal(reportOf([], selected(), undefined, [], undefined).packages, null);
});

test("what was guessed and is still here; what was left out, made, removed; against the older spec", () => {
  assert.deepEqual(report.guessed, [{ path: "/d/small", kind: "library", why: "library of /d/big" }]);
  assert.deepEqual(report.leftOut[0]?.include, "/d/**");
  assert.deepEqual([report.made, report.removed, report.written], [["/d/new\n"], ["/d/old"], ["/d"]]);
  assert.deepEqual(report.older?.gone, ["/d/gone"]);
  assert.deepEqual(report.older?.added, ["/d/big", "/d/big2", "/d/link", "/d/mine", "/d/small"]);
  assert.equal(reportOf([], selected(), database, [], undefined).older, null);
});

test("the text tells all of it, in lines that fit the terminal", () => {
  const text = reportText(report, undefined);
  for (const wanted of [
    /^cat 'a b'$/m,
    /^4 files \(3\.1 KB\), 1 link, 1 directory$/m,
    /^Installed, what they come from \(2 packages\) takes 8\.0 KB$/m,
    /^one:all +1 +2 +2\.9 KB +8\.0 KB$/m,
    /^two:all .* \?$/m,
    /^Of no package: 1 file, 200 B$/m,
    /^\/d\/small +library of \/d\/big$/m,
    /^--include '\/d\/\*\*' +a directory$/m,
    /^\/dev\/x +a device$/m,
    /^\/d\/new\?$/m,
    /^Against the older spec: \+5 -1$/m,
    /^- +\/d\/gone$/m,
  ])
    assert.match(text, wanted);
  for (const line of reportText(report, 50).split("\n")) assert.ok(line.length <= 50, line);
});

test("a long list is cut in the text", () => {
  const made = Array.from({ length: 50 }, (_, i) => `/m${i}`);
  const text = reportText({ ...report, made } satisfies TraceReport, undefined);
  assert.match(text, /^… and 30 more; --json has all$/m);
});
