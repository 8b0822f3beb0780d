/** The executable as a whole: what it is, how it is called, how it fails. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { architecture, vzBinary } from "../support/machine.ts";

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

const KINDS = [
  ["i686", "vz", /^ELF 32-bit LSB executable, Intel (80386|i386).*statically linked/],
  ["x86_64", "vz-x86_64", /^ELF 64-bit LSB executable, x86-64.*statically linked/],
  ["aarch64", "vz-aarch64", /^ELF 64-bit LSB executable, ARM aarch64.*statically linked/],
] as const;
/** Bytes. */
const OPERATOR_LIMIT = 4 * 1024 * 1024;
const SLAVE_LIMIT = 1.3 * 1024 * 1024;

for (const [name, executable, kind] of KINDS) {
  test(`${executable} is a static program for ${name} of at most 4 MB, and of 1.3 MB for a slave`, () => {
    for (const [path, limit] of [
      [resolve("dist", executable), OPERATOR_LIMIT],
      [slavePart(name), SLAVE_LIMIT],
    ] as const) {
      assert.ok(statSync(path).size <= limit, `${path}: ${statSync(path).size} bytes`);
      assert.match(run("file", "-b", path).stdout, kind);
    }
  });
}

function slavePart(name: string): string {
  return resolve(`build/slaves/vz-${name}`);
}

test("--version names version, commit, engine, architecture and part", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  for (const [path, part] of [
    [vzBinary, "operator"],
    [slavePart(architecture), "slave"],
  ] as const) {
    const { status, stdout } = run(path, "--version");
    assert.equal(status, 0);
    const number = version.replaceAll(".", "\\.");
    const line = `^vz ${number} \\([0-9a-f]{7,}(-dirty)?, QuickJS \\S+, ${architecture}, ${part}\\)\n$`;
    assert.match(stdout, new RegExp(line));
  }
});

test("a slave's part has the slave's roles, and says of the others where they are", () => {
  const own = slavePart(architecture);
  const shown = run(own, "help").stdout;
  for (const role of ["vzexec", "runch", "probe"]) assert.match(shown, new RegExp(`^ {2}${role} `, "m"));
  assert.equal(run(own, "runch", "--version").status, 0);
  for (const [what, ...words] of [
    ["master", "master", "ps"],
    ["lab", "help", "lab"],
    ["trace", "trace", "true"],
    ["ldd", "ldd"],
    ["image", "image"],
    ["lab", "lab", "ls"],
    ["completion", "completion", "bash"],
    ["help --man", "help", "--man"],
  ] as const) {
    const { status, stderr } = run(own, ...words);
    assert.equal(status, 64, words.join(" "));
    const where = "hint: it is in the operator's vz, which put this one here: run it there\n";
    assert.equal(stderr, `vz: ${what}: not in a slave's part of vz\n${where}`);
    assert.doesNotMatch(shown, new RegExp(`(^ {2}|vz )${what}\\b`, "m"));
  }
  assert.match(
    run(own, "vzexec", "all", "--", "ps").stderr,
    /^vz: vzexec HOSTS -- VERB: not in a slave's part of vz\n/,
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
