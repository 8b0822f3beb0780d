import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Args } from "../../../src/common/command/command.ts";
import { memoryIo } from "../../../src/common/io.ts";
import { readHosts, vzexec, worst } from "../../../src/master/commands/vzexec.ts";

const run = (...words: string[]) => vzexec.run(new Args(words, {}), memoryIo());

test("HOSTS is names between commas, and all is every host", () => {
  assert.deepEqual(readHosts("web1"), ["web1"]);
  assert.deepEqual(readHosts("web1,web2"), ["web1", "web2"]);
  assert.deepEqual(readHosts("all"), []);
  // No names mean every host: an empty list must not.
  for (const bad of ["", ",", "web1,", "a,,b"]) assert.throws(() => readHosts(bad), { status: 64 });
});

test("the status is that of the host that fared worst", () => {
  const answer = (status: number) => ({ host: "h", status, stdout: "", stderr: "" });
  assert.equal(worst([answer(0), answer(0)]), 0);
  assert.equal(worst([answer(1), answer(69), answer(0)]), 69);
  assert.equal(worst([answer(77), answer(69)]), 77);
});

test("what is missing or unknown is told before any host is asked", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "vz-test-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "f.yaml");
  writeFileSync(file, "fleet: f\nssh: {key: k}\nhosts: {web1: {address: h, vendor: v}}\n");
  await assert.rejects(run("--", "ps"), { status: 64, message: "vz master vzexec: which list of hosts?" });
  await assert.rejects(run("a", "b", "--", "ps"), { status: 64, message: /one list of hosts, not 2/ });
  await assert.rejects(run("all", "--"), { status: 64, message: "vz master vzexec: which verb?" });
  await assert.rejects(run("all", "--", "subsystem"), { status: 64, message: /subsystem is no verb/ });
  await assert.rejects(run("all"), { status: 64, message: "vz master vzexec: which verb?" });
  await assert.rejects(run("--lines", "3", "all", "--", "logs"), {
    status: 64,
    message: /unknown option --lines/,
  });
  await assert.rejects(run("-f", file, "web2", "--", "ps"), {
    status: 64,
    message: "web2: no such host in f.yaml",
  });
  await assert.rejects(run("-f", file, "web1", "--", "ps"), { status: 78, message: /no such key$/ });
});
