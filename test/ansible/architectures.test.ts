/** The role's script that finds out which programs a slave runs, by the shells that slaves have. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { NATIVE, PROBED, type Probed, probeElf } from "../../src/common/elf/probe.ts";

const SCRIPT = readFileSync("ansible/roles/slave/files/architectures.sh", "utf8");

/** Names of architectures in the script, and process.arch of a machine that certainly runs each. */
const KINDS: Readonly<Record<Probed, readonly [name: string, own: string]>> = {
  i386: ["i686", "ia32"],
  amd64: ["x86_64", "x64"],
  arm64: ["aarch64", "arm64"],
};

/** What a function of the script prints, by its printf commands. */
function printed(name: string): Uint8Array {
  const body = new RegExp(`^${name}\\(\\) \\{\\n((?:  printf '[^']*'\\n)*)\\}$`, "m").exec(SCRIPT)?.[1] ?? "";
  return Uint8Array.from(body.match(/\\[0-7]{3}/g) ?? [], (octal) => Number.parseInt(octal.slice(1), 8));
}

/** Runs the script as vz_raw does. */
function run(shell: readonly string[], directory: string) {
  const prelude = 'set -eu\ndie() { echo "vz: $*" >&2; exit 1; }\n';
  const [program = "", ...words] = shell;
  const variables = `directory='${directory}'\n`;
  return spawnSync(program, [...words, "-c", variables + prelude + SCRIPT], { encoding: "utf8" });
}

function withDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "vz-kinds-"));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

for (const architecture of PROBED) {
  const [name] = KINDS[architecture];
  test(`the script's program for ${name} is the one that vz itself tries`, () => {
    const program = probeElf(architecture);
    assert.deepEqual(printed(name), program);
    assert.match(SCRIPT, new RegExp(`^try ${name} ${program.length}$`, "m"));
  });
}

for (const shell of [["/bin/dash"], ["/bin/bash"], ["/bin/bash", "--posix"], ["/bin/busybox", "sh"]]) {
  const absent = !existsSync(shell[0] ?? "") && `${shell[0]} is not installed`;
  test(`by ${shell.join(" ")} it tells how a program of each kind ends, and leaves nothing`, {
    skip: absent,
  }, () => {
    withDirectory((directory) => {
      const { stdout, stderr, status } = run(shell, directory);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^vz: tried i686 \d+\nvz: tried x86_64 \d+\nvz: tried aarch64 \d+\n$/);
      const own = Object.values(KINDS).find(([, arch]) => arch === process.arch)?.[0];
      assert.match(stdout, new RegExp(`^vz: tried ${own} ${NATIVE}$`, "m"));
      assert.deepEqual(readdirSync(directory), []);
    });
  });
}

test("below a directory that is still to be made it tries beside it", () => {
  withDirectory((directory) => {
    assert.equal(run(["/bin/sh"], join(directory, "usr/local/bin")).status, 0);
    assert.deepEqual(readdirSync(directory), []);
  });
});

test("where nothing can be written it says so, and not that nothing runs", () => {
  const { stdout, stderr, status } = run(["/bin/sh"], "/proc");
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^vz: \/proc: no program can be tried there: .+\n$/);
});

const mounts = process.getuid?.() !== 0 && "needs root: it mounts";
test("a full disk and one that is mounted noexec are told as what they are", { skip: mounts }, () => {
  withDirectory((directory) => {
    const mounted = (options: string, fill: string) => {
      const place = join(directory, "place");
      mkdirSync(place, { recursive: true });
      const words = `mount -t tmpfs -o '${options}' none '${place}' && ${fill} && exec "$@"`;
      const shell = ["unshare", "-m", "sh", "-c", words, "sh", "/bin/sh"];
      return run(shell, place).stderr;
    };
    assert.match(
      mounted("size=4k", `head -c 4096 /dev/zero > '${directory}/place/all'`),
      /^vz: .* no program can be tried there: .+\n$/,
    );
    assert.match(mounted("noexec", ":"), /^vz: .* no program can be started there, .* noexec\?\n$/);
  });
});
