import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { architecture, base } from "../support/machine.ts";

/** Filters on the real kernel: loaded by the base, which is an i386 program, for the machine's own programs. */
const dir = mkdtempSync(join(tmpdir(), "vz-seccomp-"));
const play = join(dir, "play.qbc");

before(() => {
  const argv = ["scripts/build/base-program.mjs", "test/support/seccomp-play.ts", play];
  const made = spawnSync(process.execPath, argv);
  assert.equal(made.status, 0, String(made.stderr));
});
after(() => rmSync(dir, { recursive: true, force: true }));

interface Played {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

function run(first: object | null, profile: object, ...argv: string[]): Played {
  const words = [play, first === null ? "-" : JSON.stringify(first), JSON.stringify(profile), ...argv];
  return spawnSync(base, words, { encoding: "utf8", timeout: 10_000 });
}

const rule = (action: string, names: string[], more: object = {}) => ({ names, action, ...more });
const allowBut = (...syscalls: object[]) => ({ defaultAction: "SCMP_ACT_ALLOW", syscalls });

/** seccomp(2) came with 3.17, and what it is asked with 4.14; before there is prctl(2) alone. */
const BEFORE_3_17 = allowBut(rule("SCMP_ACT_ERRNO", ["seccomp"], { errnoRet: 38 }));
/** PR_SET_SECCOMP is no option of the kernel. */
const WITHOUT_FILTERS = allowBut(
  rule("SCMP_ACT_ERRNO", ["seccomp"], { errnoRet: 38 }),
  rule("SCMP_ACT_ERRNO", ["prctl"], { errnoRet: 22, args: [{ index: 0, value: 22, op: "SCMP_CMP_EQ" }] }),
);
const NO_MKDIR = allowBut(rule("SCMP_ACT_ERRNO", ["mkdir", "mkdirat"]));
const inDir = (name: string) => join(dir, name);

test("a 64-bit program is refused what a rule forbids, and nothing else", () => {
  const { status, stderr } = run(null, NO_MKDIR, "/bin/mkdir", inDir("a"));
  assert.equal(status, 1);
  assert.match(stderr, /Operation not permitted/);
  assert.ok(!existsSync(inDir("a")));
  assert.equal(run(null, NO_MKDIR, "/bin/touch", inDir("b")).status, 0);
  assert.ok(existsSync(inDir("b")));
});

test("a 32-bit program falls under the same rules", () => {
  // the second play's own filters are what is forbidden to it
  const profile = allowBut(rule("SCMP_ACT_ERRNO", ["prctl"], { errnoRet: 5 }));
  const { status, stderr } = run(null, profile, base, play, "-", "{}", "/bin/true");
  assert.equal(status, 70);
  assert.match(stderr, /EIO/);
});

test("arguments decide: one mode of a directory is refused", () => {
  const args = [{ index: 1, value: 0o700, op: "SCMP_CMP_EQ" }];
  const profile = allowBut(rule("SCMP_ACT_ERRNO", ["mkdir"], { errnoRet: 28, args }));
  assert.match(run(null, profile, "/bin/mkdir", "-m", "700", inDir("c")).stderr, /No space left/);
  assert.equal(run(null, profile, "/bin/mkdir", "-m", "711", inDir("d")).status, 0);
});

test("a killed program dies of SIGSYS", () => {
  for (const action of ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS"]) {
    const { signal } = run(null, allowBut(rule(action, ["mkdir"])), "/bin/mkdir", inDir("e"));
    assert.equal(signal, "SIGSYS", action);
  }
});

test("a listener has a descriptor, which the program does not inherit", () => {
  const profile = { ...allowBut(rule("SCMP_ACT_NOTIFY", ["mknod", "mknodat"])), listenerPath: "/run/agent" };
  const { status, stdout, stderr } = run(null, profile, "/bin/ls", "-l", "/proc/self/fd");
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "a listener\n");
  assert.doesNotMatch(stdout, /seccomp/);
});

test("flags are taken", () => {
  const flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"];
  const { status, stderr } = run(null, { ...NO_MKDIR, flags }, "/bin/true");
  assert.deepEqual([status, stderr], [0, ""]);
});

test("this kernel's features are told", () => {
  const features = JSON.parse(run(null, {}).stdout);
  assert.ok(features.actions.includes("SCMP_ACT_KILL_PROCESS"));
  const arm = architecture === "aarch64";
  const archs = arm ? ["SCMP_ARCH_AARCH64"] : ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32"];
  assert.deepEqual(features.archs, archs);
  assert.equal(features.operators.length, 7);
  assert.ok(features.supportedFlags.includes("SECCOMP_FILTER_FLAG_LOG"));
});

test("before Linux 3.17 filters are loaded all the same, what came later is told", () => {
  const profile = {
    ...allowBut(
      rule("SCMP_ACT_KILL_PROCESS", ["mkdir"]),
      rule("SCMP_ACT_LOG", ["rmdir"]),
      rule("SCMP_ACT_NOTIFY", ["symlink", "symlinkat"]),
    ),
    flags: ["SECCOMP_FILTER_FLAG_LOG"],
    listenerPath: "/run/agent",
  };
  const { signal, stderr } = run(BEFORE_3_17, profile, "/bin/mkdir", inDir("f"));
  assert.equal(signal, "SIGSYS");
  for (const name of ["SCMP_ACT_KILL_PROCESS", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SECCOMP_FILTER_FLAG_LOG"])
    assert.ok(stderr.includes(`linux.seccomp: ${name} (`), stderr);
  assert.match(run(BEFORE_3_17, profile, "/bin/ln", "-s", "x", inDir("g")).stderr, /not implemented/);
  const features = JSON.parse(run(BEFORE_3_17, {}).stdout);
  assert.ok(!features.actions.includes("SCMP_ACT_LOG") && features.actions.includes("SCMP_ACT_ERRNO"));
  assert.deepEqual(features.supportedFlags, ["SECCOMP_FILTER_FLAG_TSYNC"]);
});

test("a kernel without filters is told, and the program runs", () => {
  const { status, stderr } = run(WITHOUT_FILTERS, NO_MKDIR, "/bin/mkdir", inDir("h"));
  assert.deepEqual(
    [status, stderr],
    [0, "runch: c: runs without linux.seccomp (the kernel has no filters)\n"],
  );
  assert.deepEqual(JSON.parse(run(WITHOUT_FILTERS, {}).stdout).actions, []);
});
