import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BEGIN,
  END,
  supervised,
  withContainer,
  withoutContainer,
} from "../../../src/slave/supervise/inittab.ts";

const SYSV = "id:2:initdefault:\nsi::sysinit:/etc/rc\nssh:2345:respawn:/usr/sbin/sshd -D\n";
const START = "/usr/local/bin/runch start /var/lib/vz/containers/";

function added(text: string, kind: "sysvinit" | "busybox", name: string): string[] {
  const lines = withContainer(text, kind, name, false).split("\n");
  return lines.slice(lines.indexOf(BEGIN), lines.indexOf(END) + 1);
}

test("a container's line stands between the markers, behind all that was there", () => {
  const text = withContainer(SYSV, "busybox", "web-1", false);
  assert.equal(text, `${SYSV}${BEGIN}\n::respawn:${START}web-1\n${END}\n`);
  assert.deepEqual(supervised(text), ["web-1"]);
});

test("sysvinit's line has an id of four characters, the runlevels, and a process field within 127", () => {
  const name = "n".repeat(63);
  const line = added(SYSV, "sysvinit", name)[1] ?? "";
  const [id = "", levels, action, command = ""] = line.split(":");
  assert.match(id, /^v[0-9a-z]{3}$/);
  assert.deepEqual([levels, action, command], ["2345", "respawn", START + name]);
  assert.ok(command.length <= 127, `${command.length}`);
});

test("adding and then removing a container gives the file back, byte for byte", () => {
  for (const text of [SYSV, "", "\n", "# only a comment \xff\xfe\n\n", "tab\there\r\n"]) {
    for (const kind of ["sysvinit", "busybox"] as const) {
      assert.equal(withoutContainer(withContainer(text, kind, "a", false), "a"), text);
    }
  }
});

test("a file without a final newline gets one and loses nothing", () => {
  assert.equal(
    withContainer("::sysinit:/etc/rc", "busybox", "a", false),
    `::sysinit:/etc/rc\n${BEGIN}\n::respawn:${START}a\n${END}\n`,
  );
});

test("a container that is there already changes nothing, unless it is to be renewed", () => {
  const once = withContainer(SYSV, "sysvinit", "a", false);
  assert.equal(withContainer(once, "sysvinit", "a", false), once);
  const renewed = withContainer(once, "sysvinit", "a", true);
  assert.notEqual(renewed, once);
  assert.deepEqual(supervised(renewed), ["a"]);
  const bb = withContainer(SYSV, "busybox", "a", false);
  assert.equal(withContainer(bb, "busybox", "a", true), bb);
});

test("lines are rewritten when the slave got another init", () => {
  const bb = withContainer(SYSV, "busybox", "a", false);
  const sysv = withContainer(bb, "sysvinit", "a", false);
  assert.doesNotMatch(sysv, /^::respawn/m);
  assert.deepEqual(supervised(sysv), ["a"]);
});

test("ids never collide, neither with each other nor with the rest of the file", () => {
  let text = SYSV;
  for (let i = 0; i < 300; i++) text = withContainer(text, "sysvinit", `service-${i}`, false);
  const ids = text
    .split("\n")
    .filter((line) => line.includes(":") && !line.startsWith("#"))
    .map((line) => line.split(":")[0]);
  assert.equal(new Set(ids).size, 303);
  const first = added(SYSV, "sysvinit", "x")[1]?.split(":")[0];
  const clash = `${SYSV}${first}:2:once:/bin/other\n`;
  assert.notEqual(added(clash, "sysvinit", "x")[1]?.split(":")[0], first);
});

test("an id stays the same while other containers come and go", () => {
  const a = added(SYSV, "sysvinit", "a")[1];
  const both = withContainer(withContainer(SYSV, "sysvinit", "b", false), "sysvinit", "a", false);
  assert.ok(both.includes(`${a}\n`));
  assert.ok(withoutContainer(both, "b").includes(`${a}\n`));
});

test("removing one container keeps the others, and lines of strangers between the markers", () => {
  const text = `${BEGIN}\n# mine\n::respawn:${START}a\n::respawn:${START}ab\n::respawn:/bin/x\n${END}\n`;
  assert.equal(
    withoutContainer(text, "a"),
    `${BEGIN}\n# mine\n::respawn:${START}ab\n::respawn:/bin/x\n${END}\n`,
  );
  assert.equal(withoutContainer(text, "none"), text);
});

test("lines like ours outside the markers are the owner's and stay", () => {
  const text = `::respawn:${START}a\n`;
  assert.equal(withoutContainer(text, "a"), text);
  assert.deepEqual(supervised(text), []);
});

test("a container named twice ends as one line", () => {
  const text = `${BEGIN}\n::respawn:${START}a\n::respawn:${START}a\n${END}\n`;
  assert.deepEqual(supervised(withContainer(text, "busybox", "a", false)), ["a"]);
});

test("damaged markers are refused rather than guessed at", () => {
  for (const text of [
    `${BEGIN}\n`,
    `${END}\n`,
    `${END}\n${BEGIN}\n`,
    `${BEGIN}\n${BEGIN}\n${END}\n`,
    `${BEGIN}\n${END}\n${END}\n`,
  ]) {
    assert.throws(() => withContainer(text, "busybox", "a", false), { status: 78 }, JSON.stringify(text));
    assert.throws(() => withoutContainer(text, "a"), { status: 78 });
  }
});
