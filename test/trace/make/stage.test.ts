import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { checkDirectory, checkFile, checkTarget } from "../../../src/trace/make/stage.ts";
import { checkWritable, writeOutput } from "../../../src/trace/select/spec.ts";

const top = mkdtempSync(join(tmpdir(), "vz-stage-"));
after(() => rmSync(top, { recursive: true, force: true }));
writeFileSync(join(top, "file"), "");
mkdirSync(join(top, "held/below"), { recursive: true });

test("what cannot be made is told before anything runs", () => {
  checkTarget(join(top, "a/b/c"), false);
  checkFile(join(top, "a/b/c.tar"));
  checkFile(join(top, "file"));
  const inFile = {
    status: 64,
    message: `${join(top, "file/x/y")}: cannot be made in ${join(top, "file")}: not a directory`,
  };
  assert.throws(() => checkTarget(join(top, "file/x/y"), false), inFile);
  assert.throws(() => checkFile(join(top, "file/x/y")), inFile);
  assert.throws(() => checkFile(join(top, "held")), {
    status: 64,
    message: `${join(top, "held")}: is a directory`,
  });
});

test("a directory that files are added to may hold some, and must be one", () => {
  for (const name of ["held", "new/below"]) checkDirectory(join(top, name));
  for (const name of ["file", "file/below"])
    assert.throws(() => checkDirectory(join(top, name)), { status: 64 });
});

test("no force replaces the directory that one stands in, nor what is above it", () => {
  const message = /: is, or holds, the current directory$/;
  for (const directory of [".", "/", process.cwd(), dirname(process.cwd())])
    assert.throws(() => checkTarget(directory, true), { status: 64, message });
  // a name that only begins as that of the current directory does
  checkTarget(`${process.cwd()}-not`, true);
});

test("a file that cannot be written names itself, and the option that would mend it", () => {
  const nowhere = join(top, "nowhere/report");
  assert.throws(() => checkWritable(nowhere, "--report"), {
    status: 64,
    message: `${nowhere}: cannot be written: no such file or directory`,
    hint: "--report FILE writes it elsewhere",
  });
  assert.throws(() => checkWritable(top, "-o"), {
    status: 64,
    message: `${top}: is a directory`,
    hint: "-o FILE writes it elsewhere",
  });
  assert.throws(() => writeOutput("/dev/full", Buffer.from("x")), {
    status: 71,
    message: "/dev/full: cannot be written: no space left on device",
  });
});
