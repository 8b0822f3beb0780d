import assert from "node:assert/strict";
import { test } from "node:test";
import { splitWords } from "../../../src/common/shell-words.ts";
import { parseFleet } from "../../../src/master/fleet/fleet.ts";
import {
  commonOptions,
  dailyLogin,
  keygenCommand,
  rootLogin,
  sftpCommand,
  sshCommand,
  uploadLogin,
} from "../../../src/master/wire/ssh.ts";
import { explainSsh, readFingerprint, type SshFailureKind } from "../../../src/master/wire/ssh-failure.ts";

const fleet = parseFleet(
  `fleet: f
ssh: {key: "/keys/my %root", known_hosts: "/k h/%known"}
hosts: {a: {address: 192.0.2.1, port: 2222, vendor: v}}
`,
  "/srv/fleet.yaml",
  "/root",
);
const [host] = fleet.hosts;
assert.ok(host);

/** The part that every login has, written out: a change here is a change of what protects the fleet. */
const common = [
  ...["-F", "none"],
  ...["-o", "BatchMode=yes"],
  ...["-o", "IdentitiesOnly=yes"],
  ...["-o", "PreferredAuthentications=publickey"],
  ...["-o", "StrictHostKeyChecking=yes"],
  ...["-o", 'UserKnownHostsFile="/k h/%%known"'],
  ...["-o", "GlobalKnownHostsFile=/dev/null"],
  ...["-o", "UpdateHostKeys=no"],
  ...["-o", "ConnectTimeout=10"],
  ...["-o", "ServerAliveInterval=5"],
  ...["-o", "ServerAliveCountMax=3"],
  ...["-o", "ControlMaster=no"],
  ...["-o", "ControlPath=none"],
  ...["-o", "ForwardAgent=no"],
  ...["-o", "ForwardX11=no"],
  ...["-o", "LogLevel=ERROR"],
];

test("a verb goes over ssh with the daily key, and each word arrives as it is", () => {
  const argv = sshCommand(dailyLogin(fleet, host), ["vzexec", "start", "a'b", "$(id)", ""]);
  const line = argv.at(-1) ?? "";
  assert.deepEqual(argv.slice(0, -1), [
    "ssh",
    ...common,
    "-T",
    ...["-p", "2222"],
    ...["-i", "/srv/.vz/daily_ed25519"],
    ...["-l", "root"],
    ...["--", "192.0.2.1"],
  ]);
  assert.equal(line, "vzexec start 'a'\\''b' '$(id)' ''");
  assert.deepEqual(splitWords(line), ["vzexec", "start", "a'b", "$(id)", ""]);
});

test("uploads go to the subsystem sftp as the upload account, without compression", () => {
  const argv = sftpCommand(uploadLogin(fleet, host));
  assert.deepEqual(argv.slice(-6), ["-l", "vzup", "-s", "--", "192.0.2.1", "sftp"]);
  assert.ok(argv.includes("/srv/.vz/daily_ed25519"));
  assert.ok(!argv.includes("-C"));
});

test("the root key's path is no token to ssh", () => {
  const argv = sshCommand(rootLogin(fleet, host), ["true"]);
  assert.equal(argv[argv.indexOf("-i") + 1], "/keys/my %%root");
});

test("a host that was never met is taken only when asked for, and a changed key never", () => {
  assert.ok(commonOptions("/k", { acceptNew: true }).includes("StrictHostKeyChecking=accept-new"));
  assert.ok(commonOptions("/k").includes("StrictHostKeyChecking=yes"));
});

test("the daily key has no passphrase, so that nobody need be there", () => {
  assert.deepEqual(keygenCommand("/x/k", "c"), [
    ...["ssh-keygen", "-q", "-t", "ed25519"],
    ...["-N", ""],
    ...["-C", "c"],
    ...["-f", "/x/k"],
  ]);
});

/** Texts as OpenSSH 9.2 prints them. */
const failures: readonly (readonly [SshFailureKind, string])[] = [
  ["wrong key", "root@192.0.2.1: Permission denied (publickey,password).\r\n"],
  ["wrong key", "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\r\n"],
  [
    "unknown host key",
    "No ED25519 host key is known for 192.0.2.1 and you have requested strict checking.\r\nHost key verification failed.\r\n",
  ],
  [
    "changed host key",
    "@@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n@@@@@@@\r\nHost key verification failed.\r\n",
  ],
  ["refused", "ssh: connect to host 192.0.2.1 port 22: Connection refused\r\n"],
  ["timed out", "ssh: connect to host 192.0.2.1 port 22: Connection timed out\r\n"],
  ["timed out", "Timeout, server 192.0.2.1 not responding.\r\n"],
  ["no such host", "ssh: Could not resolve hostname nowhere: Name or service not known\r\n"],
  ["no route", "ssh: connect to host 192.0.2.1 port 22: No route to host\r\n"],
  ["lost", "kex_exchange_identification: Connection closed by remote host\r\n"],
  ["lost", "client_loop: send disconnect: Broken pipe\r\n"],
  ["other", "ssh: something new\r\n"],
];
for (const [kind, stderr] of failures) {
  test(`ssh's ${JSON.stringify(stderr.slice(0, 60))} is: ${kind}`, () => {
    assert.equal(explainSsh(stderr).kind, kind);
  });
}

test("what is not known is told in ssh's own last words, made harmless", () => {
  assert.equal(explainSsh("first\r\nlast \u001b[31mred\r\n\r\n").why, "last ?[31mred");
  for (const nothing of ["", "Failed to connect to the host via ssh: \r\n"]) {
    assert.deepEqual(explainSsh(nothing), { kind: "lost", why: "the connection broke" });
  }
});

test("the fingerprint of an unknown key is read from ssh's debugging", () => {
  const debug =
    "debug1: kex: algorithm: curve25519-sha256\r\n" +
    "debug1: Server host key: ssh-ed25519 SHA256:m8SkJ2yS2ZSk1lE0YqJ3b2w1sRY0vPZ6nYl0WZb3c1E\r\n";
  assert.equal(readFingerprint(debug), "ED25519 SHA256:m8SkJ2yS2ZSk1lE0YqJ3b2w1sRY0vPZ6nYl0WZb3c1E");
  assert.equal(readFingerprint("debug1: nothing of the kind"), undefined);
});
