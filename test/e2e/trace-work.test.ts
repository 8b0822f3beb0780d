/** What a trace is worked on with: globs, earlier specs, recipes, reports, checks; on real programs of this machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { vzBinary } from "../support/lab.ts";

const top = mkdtempSync(join(tmpdir(), "vz-work-"));
after(() => rmSync(top, { recursive: true, force: true }));

/** A directory of its own for each test. */
let dir = top;
let count = 0;
beforeEach(() => {
  dir = join(top, `t${++count}`);
  mkdirSync(dir);
});

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Ended {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: dir,
    env: { ...env, LC_ALL: "C" },
    encoding: "latin1",
    input: "",
  });
  return { status, stdout, stderr };
}

const trace = (...args: string[]) => run(vzBinary, ["trace", ...args]);
const spec = (file = "spec") => readFileSync(join(dir, file), "latin1").split("\n").slice(0, -1);
const inRoot = (...command: string[]) => run("chroot", [join(dir, "root"), ...command]);

function ok(ended: Ended): Ended {
  assert.equal(ended.status, 0, `status ${ended.status}\n${ended.stdout}${ended.stderr}`);
  return ended;
}

test("--include brings a program with its libraries, a script with its interpreter, a directory with its modes", () => {
  mkdirSync(join(dir, "data/sub"), { recursive: true });
  chmodSync(join(dir, "data/sub"), 0o2750);
  writeFileSync(join(dir, "data/sub/file"), "x", { mode: 0o640 });
  symlinkSync("sub/file", join(dir, "data/link"));
  writeFileSync(join(dir, "script"), "#!/usr/bin/env sh\necho script", { mode: 0o755 });
  const wanted = ["/bin/bash", `${dir}/script`, `${dir}/data/**`, "/usr/bin/env", "/bin/dash", "/bin/sh"];
  ok(trace("--rootfs", "root", ...wanted.flatMap((glob) => ["--include", glob]), "true"));
  assert.equal(ok(inRoot("/bin/bash", "-c", "echo $BASH_VERSION")).stdout.length > 3, true);
  assert.equal(ok(inRoot(`${dir}/script`)).stdout, "script\n");
  const copy = join(dir, "root", dir, "data");
  assert.equal(statSync(join(copy, "sub")).mode & 0o7777, 0o2750);
  assert.equal(statSync(join(copy, "sub/file")).mode & 0o7777, 0o640);
  assert.equal(readlinkSync(join(copy, "link")), "sub/file");
});

test("--exclude wins over the run and over --include", () => {
  for (const name of ["a", "b.log", "c.log"]) writeFileSync(join(dir, name), "x");
  ok(trace("--include", `${dir}/c.log`, "--exclude", "*.log", "cat", "a", "b.log"));
  assert.deepEqual(
    spec().filter((name) => name.startsWith(`${dir}/`)),
    [join(dir, "a")],
  );
});

test("an --include that matches nothing is told before the command runs", () => {
  for (const [glob, why] of [
    [`${dir}/none*`, /no such file/],
    ["/proc/version", /the kernel's/],
    ["relative", /must start with a slash/],
    ["/a[", /\[ without its \]/],
  ] as const) {
    const { status, stderr } = trace("--include", glob, "touch", "ran");
    assert.equal(status, 64, stderr);
    assert.match(stderr, why);
  }
  assert.deepEqual(readdirSync(dir), []);
});

test("--from makes one root of several runs; what is gone since is told and dropped", () => {
  writeFileSync(join(dir, "gone"), "x");
  ok(trace("-o", "one", "cat", "gone", "/etc/hostname"));
  ok(trace("-o", "two", "date", "-u"));
  rmSync(join(dir, "gone"));
  const merged = ok(trace("--from", "one", "--from", "two", "--rootfs", "root"));
  assert.match(merged.stderr, /^vz trace: one: no longer there: \/.*\/gone\n$/);
  const expected = new Set([...spec("one"), ...spec("two")]);
  expected.delete(join(dir, "gone"));
  assert.deepEqual(spec(), [...expected].sort());
  ok(inRoot("date", "-u"));
  ok(inRoot("cat", "/etc/hostname"));
});

test("--no-run makes a bundle of a command that is not run", () => {
  ok(trace("-o", "one", "cat", "/etc/hostname"));
  ok(trace("--from", "one", "--no-run", "--bundle", "b", "--", "cat", "/etc/hostname", "none"));
  const config = JSON.parse(readFileSync(join(dir, "b/config.json"), "utf8"));
  assert.deepEqual(config.process.args, ["cat", "/etc/hostname", "none"]);
  const { command, host, packages } = JSON.parse(readFileSync(join(dir, "b/provenance.json"), "utf8"));
  assert.deepEqual(command, config.process.args);
  if (existsSync("/etc/os-release")) assert.ok(host.id.length > 0);
  if (existsSync("/var/lib/dpkg/status"))
    assert.ok(packages.some(({ name }: { name: string }) => name === "coreutils"));
});

test("a spec that no run wrote is refused with its line", () => {
  writeFileSync(join(dir, "bad"), "/etc/hostname\n../x\n");
  const { status, stderr } = trace("--from", "bad");
  assert.equal(status, 65);
  assert.match(stderr, /^vz: bad:2: \.\.\/x: not an absolute name\n/);
  assert.equal(trace("--no-run", "true").status, 64);
  assert.equal(trace("--from", "none").status, 64);
  assert.deepEqual(readdirSync(dir), ["bad"]);
});
