import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fieldsOf,
  findMirror,
  parseDeb822,
  parseOneLine,
  sourceLine,
} from "../../../src/lab/host/apt-sources.ts";

const releases = ["bookworm", "trixie"];

test("a one-line entry gives its mirror, with the options that say whom to trust", () => {
  const sources = parseOneLine(
    "# deb http://commented.example/debian bookworm main\n" +
      "deb-src http://source.example/debian bookworm main\n" +
      "deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] http://mirror.example/debian bookworm main contrib # mine\n",
  );
  const mirror = findMirror(sources, releases) ?? assert.fail("no mirror");
  assert.equal(mirror.uri, "http://mirror.example/debian");
  assert.equal(
    sourceLine(mirror, "bookworm"),
    "deb [signed-by=/usr/share/keyrings/k.gpg] http://mirror.example/debian bookworm main",
  );
});

test("a deb822 stanza gives its mirror, whatever comes before it and however it is folded", () => {
  const sources = parseDeb822(
    "Types: deb\nURIs: http://sec.example/debian-security\nSuites: trixie-security\nComponents: main\n" +
      "\n \n# a comment\nTypes: deb deb-src\n# within\nURIs: http://mirror.example/debian\n" +
      "Suites: trixie\n trixie-updates\nComponents: main contrib\nSigned-By: /usr/share/keyrings/k.gpg\n",
  );
  assert.deepEqual(findMirror(sources, releases), {
    uri: "http://mirror.example/debian",
    options: ["signed-by=/usr/share/keyrings/k.gpg"],
    suites: ["trixie", "trixie-updates"],
    components: ["main", "contrib"],
  });
});

test("a key inside a stanza and a disabled stanza are left out", () => {
  const stanza = "Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n";
  const key = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n";
  assert.deepEqual(findMirror(parseDeb822(stanza + key), releases)?.options, []);
  assert.equal(findMirror(parseDeb822(`${stanza}Enabled: no\n`), releases), undefined);
});

test("only the release itself serves: no -updates, no other project, no file", () => {
  const sources = parseOneLine(
    [
      "deb https://packages.example/apt tool-bookworm main",
      "deb http://updates.example/debian bookworm-updates main",
      "deb file:/srv/mirror bookworm main",
      "deb http://nonfree.example/debian bookworm non-free",
    ].join("\n"),
  );
  assert.equal(findMirror(sources, releases), undefined);
});

test("the preferred release's mirror comes before another's", () => {
  const sources = parseOneLine(
    "deb http://new.example/debian trixie main\ndeb http://old.example/debian bookworm main\n",
  );
  assert.equal(findMirror(sources, releases)?.uri, "http://old.example/debian");
  assert.equal(findMirror(sources, ["trixie"])?.uri, "http://new.example/debian");
});

test("a stanza's fields are found whatever their letters and digits, long ones whole", () => {
  const fields = fieldsOf("Package: linux\nSHA256: 00ff\nDescription: one\n two\n");
  assert.deepEqual(
    [fields.get("package"), fields.get("sha256"), fields.get("description")],
    ["linux", "00ff", "one\ntwo"],
  );
});
