/** That the lines of `docs/trace.md` on what is usually missing can be copied: each finds files on Debian. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, beforeEach, test } from "node:test";
import { Workshop } from "../support/tracing.ts";

const shop = new Workshop();
after(() => shop.remove());
beforeEach(() => shop.next());

/** Of a site that only a reader has. */
const SAMPLE = "/srv/site/**";
const rows = [
  ...readFileSync(resolve("docs/trace.md"), "utf8").matchAll(/^\| [^|]+ \| `(--include [^`]+)` \|$/gm),
];
const lines = rows.map(([, line = ""]) => line).filter((line) => !line.includes(SAMPLE));

test("docs/trace.md has the usual misses: certificates, zones, name service, terminals, a shell", () => {
  const all = lines.join("\n");
  for (const part of [
    "ca-certificates.crt",
    "zoneinfo",
    "nsswitch.conf",
    "/etc/services",
    "/etc/protocols",
    "terminfo",
    "/bin/sh",
  ])
    assert.ok(all.includes(part), part);
});

for (const line of lines) {
  test(`vz trace ${line}`, () => {
    const globs = line.split("--include ").flatMap((word) => word.trim().replaceAll("'", "") || []);
    const ended = shop.trace("--no-run", ...globs.flatMap((glob) => ["--include", glob]));
    assert.equal(ended.status, 0, ended.stderr);
    const spec = readFileSync(join(shop.dir, "spec"), "latin1");
    assert.ok(spec.split("\n").length > globs.length, spec);
  });
}
