/** `runch` where crun or runc is expected: their own suites, which take minutes. test/e2e/podman.test.ts is for every change. */
import { test } from "node:test";
import { compare } from "../support/compat.ts";

test("crun's own tests pass with runch as they do with crun", async (context) => {
  await compare(context, "scripts/compat/crun-tests.sh", ["crun", "gcc", "python3", "script"]);
});

test("runc's own tests pass with runch as they do with runc", async (context) => {
  const programs = ["runc", "bats", "busybox", "gawk", "gcc", "jq", "python3", "script"];
  await compare(context, "scripts/compat/runc-tests.sh", programs);
});
