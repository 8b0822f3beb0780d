/** An engine that drives `runch` in the place of another runtime. */
import { test } from "node:test";
import { compare } from "../support/compat.ts";

test("podman works with runch as it does with crun", async (context) => {
  await compare(context, "scripts/compat/podman.sh", ["crun", "podman", "conmon", "busybox", "script"]);
});
