import assert from "node:assert/strict";
import { test } from "node:test";
import { readCall } from "../../../src/slave/vzexec/mode.ts";

const verb = (words: string[], remote: boolean) => ({ kind: "verb", words, remote });

test("a forced command reads what the user typed, with or without vzexec's name", () => {
  assert.deepEqual(readCall("vzexec", [], "vzexec ps --json"), verb(["ps", "--json"], true));
  assert.deepEqual(readCall("vzexec", [], "ps"), verb(["ps"], true));
  assert.deepEqual(readCall("vzexec", [], "/usr/local/bin/vzexec subsystem"), verb(["subsystem"], true));
  assert.deepEqual(readCall("vzexec", [], "logs 'a b'"), verb(["logs", "a b"], true));
});

test("as a login shell it reads -c", () => {
  assert.deepEqual(readCall("vzexec", ["-c", "vzexec ps"], undefined), verb(["ps"], true));
  assert.deepEqual(readCall("-vzexec", ["-c", "ps"], undefined), verb(["ps"], true));
});

test("a forced command of an account whose login shell is vzexec comes as -c, and the user's words count", () => {
  assert.deepEqual(readCall("vzexec", ["-c", "/usr/local/bin/vzexec"], "ps"), verb(["ps"], true));
});

test("a forced command that names a verb is not changed by what the user typed", () => {
  assert.deepEqual(readCall("vzexec", ["-c", "vzexec ps"], "rm web"), verb(["ps"], true));
});

test("who asks for a shell is recognised in every way it can come", () => {
  const login = { kind: "login" };
  assert.deepEqual(readCall("-vzexec", [], undefined), login);
  assert.deepEqual(readCall("vzexec", [], undefined), login);
  assert.deepEqual(readCall("vzexec", [], ""), login);
  assert.deepEqual(readCall("vzexec", [], "   "), login);
  assert.deepEqual(readCall("vzexec", [], "vzexec"), login);
  assert.deepEqual(readCall("vzexec", ["-c", ""], undefined), login);
  assert.deepEqual(readCall("vzexec", ["-c", "vzexec"], "vzexec"), login);
});

test("root on the slave types plain words", () => {
  assert.deepEqual(readCall("vzexec", ["ps"], undefined), verb(["ps"], false));
  // sudo and the like may leave the variable of the connection that they were typed in.
  assert.deepEqual(readCall("vzexec", ["ps"], "rm web"), verb(["ps"], false));
});

test("a -- from sshd is a word like any other: the front-end is not to be had from there", () => {
  assert.deepEqual(readCall("vzexec", [], "web1 -- ps"), verb(["web1", "--", "ps"], true));
  assert.deepEqual(readCall("vzexec", ["-c", "web1 -- ps"], undefined), verb(["web1", "--", "ps"], true));
});

test("-c takes one argument, and a line has a length", () => {
  assert.throws(() => readCall("vzexec", ["-c"], undefined), { status: 77 });
  assert.throws(() => readCall("vzexec", ["-c", "ps", "x"], undefined), { status: 77 });
  assert.throws(() => readCall("vzexec", [], `logs ${"a".repeat(127 * 1024)}`), { status: 77 });
});
