import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildCommand,
  configuredRoot,
  lastComplaint,
  releasesToTry,
  unpackedRoot,
} from "../../../src/lab/disk/recipe.ts";
import { cacheDir } from "../../../src/lab/host/state.ts";

test("Debian 12 is tried first, then the release of the machine", () => {
  assert.deepEqual(releasesToTry("ID=debian\nVERSION_CODENAME=bookworm\n"), ["bookworm"]);
  assert.deepEqual(releasesToTry("VERSION_CODENAME=trixie\nID=debian\n"), ["bookworm", "trixie"]);
  assert.deepEqual(releasesToTry("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n"), ["bookworm"]);
});

const mirror = { uri: "http://mirror.example/debian", options: [] };

test("the build dies with its starter and keeps its mounts to itself", () => {
  const words = buildCommand(configuredRoot("i386"), "bookworm", "/cache/x.part", mirror, [], false);
  assert.deepEqual(words.slice(0, 3), ["setpriv", "--pdeathsig", "KILL"]);
  assert.ok(words.indexOf("--kill-child") < words.indexOf("mmdebstrap"));
  assert.ok(words.includes("--mount") && words.includes("--pid"));
  assert.ok(!words.includes("eatmydata"));
  assert.deepEqual(words.slice(-3), [
    "bookworm",
    "/cache/x.part",
    "deb http://mirror.example/debian bookworm main",
  ]);
});

test("a proxy of the machine's apt is handed on", () => {
  const line = 'Acquire::http::Proxy "http://proxy.example:3142";';
  assert.ok(
    buildCommand(configuredRoot("i386"), "bookworm", "/x", mirror, [line], true).includes(`--aptopt=${line}`),
  );
});

test("a root filesystem is named by its architecture and its recipe", () => {
  assert.match(configuredRoot("i386").name, /^i386-[0-9a-f]{12}$/);
  assert.match(configuredRoot("amd64").name, /^amd64-[0-9a-f]{12}$/);
  assert.match(unpackedRoot("arm64").name, /^vm-arm64-[0-9a-f]{12}$/);
});

test("nothing of a machine's root is run when it is made", () => {
  const { args } = unpackedRoot("arm64");
  assert.ok(args.includes("--architectures=arm64") && args.includes("--variant=extract"));
  for (const hook of args.filter((arg) => arg.includes("-hook="))) assert.doesNotMatch(hook, /chroot/);
});

test("the cache lies where XDG says, if that is absolute", () => {
  assert.equal(cacheDir({ XDG_CACHE_HOME: "/c" }), "/c/vz/lab");
  assert.match(cacheDir({ XDG_CACHE_HOME: "relative" }), /^\/.*\/\.cache\/vz\/lab$/);
});

test("of a failed build its first error is told", () => {
  const log =
    "I: running apt-get update...\nErr:1 http://x\nE: The repository does not exist.\nE: apt-get failed\n";
  assert.equal(lastComplaint(log), "The repository does not exist.");
  assert.equal(lastComplaint("I: interrupted\n"), "ended early");
});
