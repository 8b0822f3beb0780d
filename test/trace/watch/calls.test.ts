import assert from "node:assert/strict";
import { test } from "node:test";
import { numberOf } from "../../../src/slave/runch/seccomp/abis.ts";
import { handlers } from "../../../src/trace/watch/calls.ts";

/** Calls that take names of files, start processes or change where names count from, by what a kernel without older ones has. */
const MODERN =
  "openat openat2 open_by_handle_at execve execveat newfstatat statx statfs faccessat faccessat2 name_to_handle_at " +
  "readlinkat fchmodat fchmodat2 fchownat utimensat truncate mkdirat mknodat unlinkat renameat renameat2 linkat symlinkat " +
  "chdir fchdir chroot inotify_add_watch bind clone clone3 unshare setns mount move_mount pivot_root";

test("a trace on arm64, which has none of the older calls, is read whole", () => {
  for (const name of MODERN.split(" ")) {
    assert.ok(numberOf("SCMP_ARCH_AARCH64", name) !== undefined, `${name} is no call of arm64`);
    assert.ok(handlers.has(name), `${name} has no reader`);
  }
});
