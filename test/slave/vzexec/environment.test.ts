import assert from "node:assert/strict";
import { test } from "node:test";
import { takeEnvironment } from "../../../src/slave/vzexec/environment.ts";

test("nothing of the caller's environment is left for what we start", () => {
  const env: Record<string, string | undefined> = {
    PATH: "/tmp/evil",
    LD_PRELOAD: "/tmp/x.so",
    LD_LIBRARY_PATH: "/tmp",
    IFS: "/",
    ENV: "/tmp/x",
    BASH_ENV: "/tmp/x",
    LC_ALL: "() { :;}; id",
    HOME: "/tmp",
    SSH_ORIGINAL_COMMAND: "ps",
    SSH_CLIENT: "192.0.2.1 5 22",
  };
  assert.deepEqual(takeEnvironment(env), { original: "ps", from: "192.0.2.1 5 22" });
  assert.deepEqual(Object.keys(env).sort(), ["HOME", "PATH"]);
  assert.equal(env["HOME"], "/");
  for (const directory of env["PATH"]?.split(":") ?? [])
    assert.match(directory, /^\/(usr\/(local\/)?)?s?bin$/);
});
