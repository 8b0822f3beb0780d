/** The executable as a whole: what it is, how it is called, how it fails. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { vzBinary } from "../support/lab.ts";

const dir = mkdtempSync(join(tmpdir(), "vz-cli-"));
after(() => rmSync(dir, { recursive: true }));

function run(file: string, ...args: string[]) {
  return spawnSync(file, args, { encoding: "utf8", cwd: dir });
}

function linked(name: string): string {
  const path = join(dir, name);
  symlinkSync(vzBinary, path);
  return path;
}

test("dist/vz is a static 32-bit Intel program of at most 2 MB", () => {
  assert.ok(statSync(vzBinary).size <= 2 * 1024 * 1024, `${statSync(vzBinary).size} bytes`);
  const { stdout } = run("file", "-b", vzBinary);
  assert.match(stdout, /^ELF 32-bit LSB executable, Intel (80386|i386).*statically linked/);
});

test("--version names version, commit, engine and architecture", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const { status, stdout } = run(vzBinary, "--version");
  assert.equal(status, 0);
  assert.match(
    stdout,
    new RegExp(`^vz ${version.replaceAll(".", "\\.")} \\([0-9a-f]{7,}(-dirty)?, QuickJS \\S+, i686\\)\n$`),
  );
});

test("help lists the roles, and each role and command has a page with usage and examples", () => {
  const overview = run(vzBinary, "help");
  assert.equal(overview.status, 0);
  for (const role of ["master", "vzexec", "runch", "trace", "ldd", "image", "lab"]) {
    assert.match(overview.stdout, new RegExp(`^ {2}${role} `, "m"));
    assert.equal(run(vzBinary, "help", role).status, 0, role);
  }
  for (const words of [["master", "apply"], ["image", "build"], ["lab", "up"], ["trace"]]) {
    const page = run(vzBinary, "help", ...words);
    assert.equal(page.status, 0);
    assert.match(page.stdout, /^usage: vz /m);
    assert.match(page.stdout, /^Examples:$/m);
    const own = run(vzBinary, ...words, "--help");
    assert.equal(own.stdout, page.stdout, "COMMAND --help prints the same page");
  }
});

test("a misspelt command or option is an error that suggests the right one", () => {
  for (const [words, hint] of [
    [["mastre"], "did you mean vz master?"],
    [["master", "aply"], "did you mean vz master apply?"],
    [["image", "inspekt", "x"], "did you mean vz image inspect?"],
    [["image", "inspect", "--jsn", "x"], "did you mean --json?"],
  ] as const) {
    const { status, stdout, stderr } = run(vzBinary, ...words);
    assert.equal(status, 64, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^vz: [^\n]+\nhint: [^\n]+\n$/);
    assert.ok(stderr.includes(hint), stderr);
  }
});

test("without words it shows what there is, and fails", () => {
  const { status, stdout, stderr } = run(vzBinary);
  assert.equal(status, 64);
  assert.equal(stdout, "");
  assert.match(stderr, /^usage: vz COMMAND/m);
});

test("the name it is called by chooses the role", () => {
  assert.match(run(linked("runch"), "--help").stdout, /^runch /);
  assert.match(run(linked("vzexec"), "--help").stdout, /^vzexec /);
  assert.match(run(linked("strace-trace"), "--help").stdout, /^usage: .*\n(.*\n)* +strace-trace CMD/m);
  assert.match(run(linked("ldd-trace"), "--help").stdout, /^usage: .*\n +ldd-trace DIR/m);
});

test("a reader that goes away ends it quietly, as SIGPIPE would", () => {
  const { stdout, stderr } = run(
    "bash",
    "-c",
    `(sleep 0.1; ${vzBinary} help; echo "$?" >&2) | true; sleep 0.3`,
  );
  assert.equal(stdout, "");
  assert.equal(stderr, "141\n");
});

test("the man page is one that man reads without complaint", () => {
  const { stdout } = run(vzBinary, "help", "--man");
  const shown = spawnSync("man", ["--warnings", "-l", "-"], {
    input: stdout,
    encoding: "utf8",
    env: { ...process.env, MANWIDTH: "80" },
  });
  assert.equal(shown.status, 0, shown.stderr);
  assert.equal(shown.stderr, "");
  assert.match(shown.stdout, /vz image build/);
});

test("completion in bash offers what may follow", () => {
  const line = (words: string) => `
    source <(${vzBinary} completion bash)
    vz() { ${vzBinary} "$@"; }
    COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _vz; printf '%s\\n' "\${COMPREPLY[@]}"`;
  assert.deepEqual(run("bash", "-c", line(`vz lab u`)).stdout, "up\n");
  assert.match(run("bash", "-c", line(`vz ''`)).stdout, /^master$/m);
});

test("long lines of help fit a narrow terminal", () => {
  const page = run("script", "-qec", `stty cols 60; ${vzBinary} help master apply`, "/dev/null");
  for (const line of page.stdout
    .split("\r\n")
    .filter((text) => !/^\s*(usage:|\$|vz )/.test(text) && !/^ {7}vz/.test(text))) {
    assert.ok(line.length <= 60, line);
  }
});
