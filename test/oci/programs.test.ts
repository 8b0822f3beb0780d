/** What can be started and what cannot: 125, 126 and 127 are exact for runch (docs/runch.md, "Exit status"). */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeElf } from "../support/elf.ts";
import { needs32 } from "../support/machine.ts";
import { oci, topic } from "../support/oci.ts";
import { assertFails } from "../support/oci-test.ts";

topic("programs", () => {
  oci("64-bit programs run", {}, async (t) => {
    assert.equal((await t.probe({ args: ["probe"] })).bits, 64);
  });

  oci("32-bit programs run", { skip: needs32 }, async (t) => {
    assert.equal((await t.probe({ args: ["probe32"] })).bits, 32);
  });

  oci("a script runs by its interpreter", {}, async (t) => {
    const bundle = t.bundle({ args: ["/etc/script", "arg"] });
    writeFileSync(join(bundle.rootfs, "etc/script"), '#!/bin/sh -e\necho "$0 $1"\n', { mode: 0o755 });
    assert.equal((await t.run({}, { bundle })).stdout, "/etc/script arg\n");
  });

  oci("a program by a symbolic link runs, inside of the root", {}, async (t) => {
    const bundle = t.bundle({ args: ["/etc/link", "through"] });
    writeFileSync(join(bundle.rootfs, "etc/script"), "#!/bin/sh\necho inside $1\n", { mode: 0o755 });
    symlinkSync("../../../../../../../../etc/script", join(bundle.rootfs, "etc/link"));
    assert.equal((await t.run({}, { bundle })).stdout, "inside through\n");
  });

  for (const args of [
    ["nosuch"],
    ["/nosuch"],
    ["/bin/nosuch"],
    ["./nosuch"],
    ["/bin/busybox/x"],
    ["/nosuch/dir/prog"],
  ]) {
    oci(`${args[0]} is not there: 127 of runch`, {}, async (t) => {
      const result = await t.run({ args });
      assertFails(
        result,
        127,
        new RegExp(`^vz: ${args[0]?.replaceAll("/", "\\/").replace(".", "\\.")}: `, "m"),
      );
    });
  }

  oci("an empty program name is an error", {}, async (t) => {
    assertFails(await t.run({ args: [""] }), 127);
  });

  oci("a program in no directory of PATH is not there", {}, async (t) => {
    assertFails(
      await t.run({ args: ["sh"], process: { env: ["PATH=/nowhere:/tmp"] } }),
      127,
      /^vz: sh: .*PATH/m,
    );
  });

  oci("a file that may not be executed is 126 of runch", {}, async (t) => {
    const bundle = t.bundle({ args: ["/bin/plain"] });
    writeFileSync(join(bundle.rootfs, "bin/plain"), "#!/bin/sh\n");
    chmodSync(join(bundle.rootfs, "bin/plain"), 0o644);
    assertFails(await t.run({}, { bundle }), 126, /^vz: \/bin\/plain: .*not executable/m);
  });

  oci("a directory is 126 of runch", {}, async (t) => {
    assertFails(await t.run({ args: ["/bin"] }), 126, /^vz: \/bin: /m);
  });

  oci("a program that the user may not execute is 126 of runch", {}, async (t) => {
    const bundle = t.bundle({ args: ["/opt/own"], process: { user: { uid: 1000, gid: 1000 } } });
    mkdirSync(join(bundle.rootfs, "opt"));
    writeFileSync(join(bundle.rootfs, "opt/own"), "#!/bin/sh\n", { mode: 0o700 });
    assertFails(await t.run({}, { bundle }), 126, /\/opt\/own/);
  });

  oci("a file of no known format is 126 of runch", {}, async (t) => {
    const bundle = t.bundle({ args: ["/bin/text"] });
    writeFileSync(join(bundle.rootfs, "bin/text"), "no program\n", { mode: 0o755 });
    assertFails(await t.run({}, { bundle }), 126, /^vz: \/bin\/text: /m);
  });

  oci(
    "a script whose interpreter is missing is 126 of runch, and the interpreter is named",
    {},
    async (t) => {
      const bundle = t.bundle({ args: ["/bin/script"] });
      writeFileSync(join(bundle.rootfs, "bin/script"), "#!/usr/bin/perl\n", { mode: 0o755 });
      assertFails(await t.run({}, { bundle }), 126, /^vz: \/bin\/script: .*\/usr\/bin\/perl/m);
    },
  );

  oci("a program whose loader is missing is 126 of runch, and the loader is named", {}, async (t) => {
    const bundle = t.bundle({ args: ["/bin/dynamic"] });
    writeFileSync(
      join(bundle.rootfs, "bin/dynamic"),
      makeElf({ class: 64, machine: 62, interpreter: "/lib64/ld-nosuch.so.2" }),
      { mode: 0o755 },
    );
    assertFails(await t.run({}, { bundle }), 126, /^vz: \/bin\/dynamic: .*\/lib64\/ld-nosuch\.so\.2/m);
  });

  oci("a program of another machine is 126 of runch", { barrier: "programs" }, async (t) => {
    const bundle = t.bundle({ args: ["/bin/arm"] });
    writeFileSync(join(bundle.rootfs, "bin/arm"), makeElf({ class: 64, machine: 183 }), { mode: 0o755 });
    assertFails(await t.run({}, { bundle }), 126, /^vz: \/bin\/arm: /m);
  });

  oci(
    "a program whose ABI note asks for a newer kernel is named before it is started",
    { only: ["runch"] },
    async (t) => {
      // glibc puts NT_GNU_ABI_TAG in every program: size of the name, of the four words, type, "GNU", then the words
      const bundle = t.bundle({ args: ["/etc/newer", "echo", "ran"] });
      const bytes = readFileSync(join(bundle.rootfs, "bin/busybox"));
      const note = Buffer.from("040000001000000001000000474e550000000000", "hex");
      const at = bytes.indexOf(note);
      assert.ok(at > 0, "busybox has the note");
      bytes.writeUInt32LE(99, at + note.length);
      bytes.writeUInt32LE(0, at + note.length + 4);
      writeFileSync(join(bundle.rootfs, "etc/newer"), bytes, { mode: 0o755 });
      const result = await t.run({}, { bundle });
      assert.equal(result.stdout, "");
      assertFails(result, 126, /^vz: \/etc\/newer: .*Linux 99\.0/m);
    },
  );

  oci("a setup that fails is 125 of runch, whatever the program", {}, async (t) => {
    assertFails(await t.run({ args: ["nosuch"], root: { path: "nothing" } }), 125);
  });

  oci("create and start tell it as run does", {}, async (t) => {
    const bundle = t.bundle({ args: ["/bin/plain"] });
    writeFileSync(join(bundle.rootfs, "bin/plain"), "x", { mode: 0o644 });
    const id = t.id();
    const created = await t.cli(["create", "-b", bundle.path, id]);
    assertFails(created.status === 0 ? await t.cli(["start", id]) : created, 126, /plain/);
  });
});
