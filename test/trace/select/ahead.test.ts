import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { Ahead } from "../../../src/trace/select/ahead.ts";
import { select } from "../../../src/trace/select/select.ts";
import { TraceLog } from "../../../src/trace/watch/log.ts";

let work = "";
beforeEach(() => {
  work = realpathSync(mkdtempSync(join(tmpdir(), "vz-ahead-")));
  mkdirSync(join(work, "d"));
  for (const name of ["a", "d/x", "d/y"]) writeFileSync(join(work, name), "");
});
afterEach(() => rmSync(work, { recursive: true }));

const stat = (name: string) => `7 stat("${work}/${name}", {st_mode=S_IFREG|0644, st_size=0, ...}) = 0`;

/** What is chosen below the work directory: `early` is seen during the run, `late` after `change`. */
function chosen(early: string[], change: () => void, late: string[], ms = 5): string[] {
  const log = new TraceLog("/");
  const ahead = new Ahead();
  log.push(early);
  ahead.take(log);
  change();
  log.push(late);
  log.end();
  const end = {
    code: 0,
    signal: null,
    outcome: "none" as const,
    forwarded: new Set<string>(),
    seccomp: true,
  };
  const seen = ahead.end([{ log, started: 0, fileTime: 0, ended: ms, ...end }]);
  if (seen === undefined) return ["all again"];
  const { walker, draft } = seen;
  const paths = select(log.touched, walker, () => new Set(), new Map(), draft).paths();
  return paths.filter((path) => path.startsWith(`${work}/`)).map((path) => path.slice(work.length + 1));
}

test("what was looked at is chosen once, whether during the run or after it", () => {
  assert.deepEqual(
    chosen([stat("a"), stat("d/x")], () => {}, [stat("d/x"), stat("d/y")]),
    ["a", "d/x", "d/y"],
  );
});

test("what the run removes after it was looked at is not chosen", () => {
  assert.deepEqual(
    chosen([stat("a"), stat("d/x")], () => rmSync(join(work, "a")), [`7 unlink("${work}/a") = 0`]),
    ["d/x"],
  );
});

test("below a directory that was renamed nothing is as it was seen", () => {
  const rename = () => renameSync(join(work, "d"), join(work, "e"));
  assert.deepEqual(chosen([stat("a"), stat("d/x")], rename, [`7 rename("${work}/d", "${work}/e") = 0`]), [
    "a",
  ]);
});

test("a link that is turned to something else leads there", () => {
  symlinkSync("d", join(work, "l"));
  const turn = () => {
    mkdirSync(join(work, "n"));
    writeFileSync(join(work, "n/x"), "");
    symlinkSync("n", join(work, "m"));
    renameSync(join(work, "m"), join(work, "l"));
  };
  const late = [`7 rename("${work}/m", "${work}/l") = 0`];
  const paths = chosen([stat("l/x")], turn, late);
  assert.ok(!paths.includes("d/x"));
});

test("after a long run all is looked at again", () => {
  assert.deepEqual(
    chosen([stat("a")], () => {}, [], 60_000),
    ["all again"],
  );
});
