/**
 * Runs a script of scripts/compat, which compares `runch` with another runtime. The scripts say how the two compare, and which tests
 * `runch` is known to fail and why. Needs root, and skips where a program is missing that scripts/setup.sh installs.
 */
import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import type { TestContext } from "node:test";
import { run } from "./lab.ts";

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

/** @param programs without which it is skipped */
export async function compare(
  context: TestContext,
  script: string,
  programs: readonly string[],
): Promise<void> {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length > 0) {
    context.skip(`not installed: ${missing.join(", ")} (sudo bash scripts/setup.sh)`);
    return;
  }
  const { status, stdout, stderr } = await run("bash", [script], { timeout: 600_000 });
  context.diagnostic(stdout);
  assert.equal(status, 0, `${stdout}${stderr}`);
}
