/** Lines that an attacker with the daily key sends. Each must end in a refusal before anything is done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArgs } from "../../../src/common/command/parse-args.ts";
import { isVzError } from "../../../src/common/errors.ts";
import { memoryIo } from "../../../src/common/io.ts";
import { readCall } from "../../../src/slave/vzexec/mode.ts";
import { findVerb } from "../../../src/slave/vzexec/run-verb.ts";
import { verbs } from "../../../src/slave/vzexec/verbs/index.ts";

/** Goes the way of a line from sshd to its verb. */
async function send(line: string): Promise<number> {
  const call = readCall("vzexec", [], line);
  assert.equal(call.kind, "verb");
  const [name = "", ...rest] = call.kind === "verb" ? call.words : [];
  const verb = findVerb(name, 77);
  return verb.run(parseArgs(verb, rest), memoryIo());
}

async function assertRefused(line: string, statuses: readonly number[]): Promise<void> {
  const shown = JSON.stringify(line.slice(0, 60));
  await assert.rejects(
    () => send(line),
    (error) => {
      assert.ok(isVzError(error), `${shown}: ${error}`);
      assert.ok(statuses.includes(error.status), `${shown}: ${error.status} ${error.message}`);
      return true;
    },
    shown,
  );
}

test("a second command behind a verb is refused, however it is joined", async () => {
  for (const line of [
    "ps; id",
    "ps && id",
    "ps | sh",
    "ps\nid",
    "ps\r\nid",
    "ps & id",
    "ps > /etc/passwd",
    "ps $(id)",
    "ps `id`",
    "ps $" + "{IFS}id",
    "ps () bash && ps",
    "() { :;}; id",
    'ps "$(id)"',
  ]) {
    await assertRefused(line, [77]);
  }
});

test("programs are no verbs, by whatever path they are named", async () => {
  for (const line of [
    "sh",
    "sh -c 'echo ~root && sleep 0'",
    "/bin/sh",
    "./ps",
    "ps'/1.sh'",
    "/usr/bin/ps",
    "scp -t /etc/cron.d",
    "scp -f /etc/shadow",
    "scp -S /tmp/x a b",
    "rsync --server -e.sh . /",
    "rsync --daemon --config=/tmp/x",
    "/usr/lib/openssh/sftp-server",
    "/usr/lib/openssh/sftp-server -d / -f AUTH",
    "internal-sftp",
    "exec web awk 'BEGIN{system(\"sh\")}'",
    "vzexec sh",
    "vzexec vzexec ps",
    "-c ps",
    "--help",
    "__proto__",
    "constructor",
    "toString x",
    "load-image x",
    "subsystem x",
  ]) {
    await assertRefused(line, [77]);
  }
});

test("options that a verb does not have are refused, also those that other shells' verbs had", async () => {
  for (const line of [
    "logs --help",
    "logs web --pager=sh",
    "ps -e sh",
    "ps --__proto__=1",
    "facts --root=/",
  ]) {
    await assertRefused(line, [64]);
  }
});

const badNames = [
  "../../etc",
  "..",
  ".",
  "a/b",
  "''",
  "a".repeat(10_000),
  "w\u00e9b",
  "%s%n",
  "web\u0007",
  "'a b'",
  ".lock",
  "a..b",
];

test("what names no container reaches no file, whichever verb it is given to", async () => {
  for (const name of badNames) {
    for (const verb of ["logs", "stop", "rm"]) await assertRefused(`${verb} ${name}`, [64, 77]);
    await assertRefused(`start ${name} --image=x --fleet=f`, [64, 77]);
    await assertRefused(`load ${name}`, [64, 77]);
  }
  await assertRefused("rm -rf", [64]);
  await assertRefused("load /etc/shadow", [64]);
});

test("every verb refuses arguments that it does not take", async () => {
  for (const name of Object.keys(verbs)) {
    await assertRefused(`${name} a b c`, [64]);
    await assertRefused(`${name} --no-such-option`, [64]);
  }
});
