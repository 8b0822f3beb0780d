import assert from "node:assert/strict";
import { arch } from "node:os";
import { test } from "node:test";
import { isArch, nativeArchs } from "../../../src/lab/host/arch.ts";

const own = { x64: "amd64", arm64: "arm64", ia32: "i386" }[arch()] ?? assert.fail(arch());

test("this machine's kernel runs its own programs, and no other machine's", () => {
  const native = nativeArchs({});
  assert.ok(native.some((name) => name === own));
  assert.ok(!native.some((name) => name === (own === "arm64" ? "amd64" : "arm64")));
});

test("VZ_TEST_NO32=1 takes i386 away and nothing else", () => {
  const without = nativeArchs({ VZ_TEST_NO32: "1" });
  assert.deepEqual(
    without,
    nativeArchs({}).filter((name) => name !== "i386"),
  );
});

test("where no program can be started, that is said, not that the kernel runs none", () => {
  assert.throws(() => nativeArchs({}, []), { status: 71, hint: /TMPDIR/ });
});

test("architectures have Debian's names", () => {
  assert.ok(isArch("amd64") && !isArch("x86_64"));
});
