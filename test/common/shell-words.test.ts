import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteWords, splitWords } from "../../src/common/shell-words.ts";

test("what is quoted is read back as it was, whatever it holds", () => {
  const words = ["a b", "", "it's", '"', "$(id)", "`id`", "\\", "line\nbreak", "é", "~", "#", "*"];
  assert.deepEqual(splitWords(quoteWords(words)), words);
});

test("quotes and backslashes read as in a POSIX shell", () => {
  assert.deepEqual(splitWords(`ps  --json "a \\" b" c\\ d 'e'"f"`), ["ps", "--json", 'a " b', "c d", "ef"]);
  assert.deepEqual(splitWords("   "), []);
});

test("whatever only a shell could obey is refused", () => {
  for (const line of [
    "ps; id",
    "ps && id",
    "ps | sh",
    "ps\nid",
    "ps\r\nid",
    "ps $(id)",
    "ps `id`",
    "ps $" + "{IFS}id",
    "ps () bash",
    "() { :;}; id",
    'ps "$HOME"',
    "ps > /etc/x",
    "ps 'open",
    'ps "open',
    "ps \\",
    "ps *",
    "# ps",
    "ls ~root",
  ]) {
    assert.throws(() => splitWords(line), { name: "VzError", status: 77 }, line);
  }
});
