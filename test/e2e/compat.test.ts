/**
 * `runch` where crun or runc is expected: crun's tests, runc's, and podman. The scripts say how the two compare, and which tests `runch` is
 * known to fail and why. Needs root, and skips where a program is missing that scripts/setup.sh installs.
 */
import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { type TestContext, test } from "node:test";
import { run } from "../support/lab.ts";

const DIRECTORIES = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function isThere(program: string): boolean {
  return DIRECTORIES.some((directory) => {
    try {
      accessSync(`${directory}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function compare(context: TestContext, script: string, programs: readonly string[]): Promise<void> {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length > 0) {
    context.skip(`not installed: ${missing.join(", ")} (sudo bash scripts/setup.sh)`);
    return;
  }
  const { status, stdout, stderr } = await run("bash", [script], { timeout: 600_000 });
  context.diagnostic(stdout);
  assert.equal(status, 0, `${stdout}${stderr}`);
}

test("crun's own tests pass with runch as they do with crun", async (context) => {
  await compare(context, "scripts/compat/crun-tests.sh", ["crun", "gcc", "python3", "script"]);
});

test("runc's own tests pass with runch as they do with runc", async (context) => {
  const programs = ["runc", "bats", "busybox", "gawk", "gcc", "jq", "python3", "script"];
  await compare(context, "scripts/compat/runc-tests.sh", programs);
});

test("podman works with runch as it does with crun", async (context) => {
  await compare(context, "scripts/compat/podman.sh", ["crun", "podman", "conmon", "busybox", "script"]);
});
