/** The commands that look into image files and keep them in order, by the executable. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CONFIG, PROVENANCE } from "../common/image/sample.ts";
import { vzBinary } from "../support/machine.ts";

const scratch = mkdtempSync(join(tmpdir(), "vz-image-commands-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

function image(...args: string[]) {
  return spawnSync(vzBinary, ["image", ...args], { encoding: "utf8", cwd: scratch });
}

function ok(...args: string[]): string {
  const { status, stdout, stderr } = image(...args);
  assert.equal(status, 0, `vz image ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Runs a command that must fail in one line, and gives that line. */
function refused(status: number, ...args: string[]): string {
  const run = image(...args);
  assert.equal(run.status, status, run.stderr);
  const [line, hint, ...more] = run.stderr.trimEnd().split("\n");
  assert.ok(more.length === 0 && (hint === undefined || hint.startsWith("hint: ")), run.stderr);
  return line ?? "";
}

/** @returns the image's id */
function build(name: string, files: Readonly<Record<string, string>>, provenance?: unknown): string {
  const bundle = join(scratch, `${name}.bundle`);
  mkdirSync(join(bundle, "rootfs"), { recursive: true });
  writeFileSync(join(bundle, "config.json"), CONFIG);
  if (provenance !== undefined) writeFileSync(join(bundle, "provenance.json"), JSON.stringify(provenance));
  for (const [path, content] of Object.entries(files)) {
    writeFileSync(join(bundle, "rootfs", path), content, { mode: 0o644 });
  }
  return JSON.parse(ok("build", bundle, "-o", `${name}.tar.gz`, "--json")).id;
}

const [libc = assert.fail()] = PROVENANCE.packages.slice(1);
const ids = {
  one: build("one", { "a naïve\nname": "1", gone: "x", same: "s" }, PROVENANCE),
  two: build(
    "two",
    { "a naïve\nname": "22", come: "333", same: "s" },
    { ...PROVENANCE, packages: [{ ...libc, version: "2.41-1" }] },
  ),
  plain: build("plain", {}),
};

test("the provenance of a bundle is in its image, and a bad one stops the build", () => {
  const { provenance, schema, id } = JSON.parse(ok("inspect", "one.tar.gz", "--json"));
  assert.deepEqual([provenance, schema, id], [PROVENANCE, 2, ids.one]);
  assert.match(ok("inspect", "one.tar.gz"), /\nTraced on +Debian GNU\/Linux 12 \(bookworm\)\n/);
  ok("verify", "one.tar.gz");
  const plain = JSON.parse(ok("inspect", "plain.tar.gz", "--json"));
  assert.ok(!("provenance" in plain) && plain.schema === 1);
  writeFileSync(join(scratch, "plain.bundle/provenance.json"), '{"command":[],"host":"me","packages":[]}');
  const line = refused(65, "build", "plain.bundle", "-o", "bad.tar");
  assert.match(line, /^vz: plain\.bundle\/provenance\.json: host: not an object$/);
  assert.ok(!existsSync(join(scratch, "bad.tar")));
});

test("a slave loads an image with provenance, and keeps the manifest as it is", () => {
  const load = spawnSync(vzBinary, ["load-image", "--root", "store", "one.tar.gz"], {
    encoding: "utf8",
    cwd: scratch,
  });
  assert.equal(load.status, 0, load.stderr);
  assert.equal(JSON.parse(load.stdout).image.id, ids.one);
});

test("diff tells files, packages and what a push costs, and ends with 2", () => {
  const run = image("diff", "one.tar.gz", "two.tar.gz");
  assert.equal(run.status, 2, run.stderr);
  const rows = run.stdout.split("\n").map((line) => line.trimEnd().split(/ {2,}/));
  for (const row of [
    ["name", "one", "two"],
    ["hello:i386", "1:2.10-3+b1~x", "-"],
    ["libc6:amd64", "2.36-9", "2.41-1"],
    ["~", "/a naïve?name", "1 B", "2 B", "content"],
    ["+", "/come", "-", "3 B"],
    ["-", "/gone", "1 B", "-"],
    ["1 added, 1 removed, 1 changed"],
    ["objects of B that a slave with A lacks: 2, 5 B"],
  ]) {
    assert.ok(
      rows.some((found) => JSON.stringify(found) === JSON.stringify(row)),
      `${row}:\n${run.stdout}`,
    );
  }
  assert.ok(!run.stdout.includes("/same"));
  const { send, packages } = JSON.parse(image("diff", "one.tar.gz", "two.tar.gz", "--json").stdout);
  assert.deepEqual([send, packages.length], [{ objects: 2, bytes: 5 }, 3]);
  assert.match(ok("diff", "one.tar.gz", "one.tar.gz"), /the same image\n$/);
  assert.match(
    refused(65, "diff", "one.tar.gz", "one.bundle/config.json"),
    /config\.json: not an image of vz$/,
  );
});

test("list shows the images here, and passes over what only looks like one", () => {
  writeFileSync(join(scratch, "rubbish.tar.gz"), "x");
  const rows = ok("list")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  assert.deepEqual(
    rows.map((row) => [row[0], row.at(-1)]),
    [
      ["NAME", "FILE"],
      ["one", "one.tar.gz"],
      ["plain", "plain.tar.gz"],
      ["two", "two.tar.gz"],
    ],
  );
  assert.deepEqual(
    JSON.parse(ok("list", "--json", ".", "two.tar.gz")).map((row: { id: string }) => row.id),
    [ids.one, ids.plain, ids.two, ids.two],
  );
  assert.match(refused(65, "list", "rubbish.tar.gz"), /^vz: rubbish\.tar\.gz: /);
});

test("rm removes what was named and nothing that it points to", () => {
  symlinkSync("two.tar.gz", join(scratch, "link.tar.gz"));
  for (const word of ["link.tar.gz", "./link.tar.gz", "rubbish.tar.gz", "one.bundle/", "."]) {
    assert.notEqual(image("rm", "two", word).status, 0, word);
  }
  assert.match(refused(65, "rm", "two", "rubbish.tar.gz"), /^vz: rubbish\.tar\.gz: /);
  assert.ok(existsSync(join(scratch, "two.tar.gz")));
  assert.match(ok("rm", "-n", "two"), /^two\.tar\.gz: would be removed, two sha256:/);
  assert.equal(
    ok("rm", "two", ids.plain.slice(0, 20)),
    [`two.tar.gz: removed, two ${ids.two}\n`, `plain.tar.gz: removed, plain ${ids.plain}\n`].join(""),
  );
  assert.deepEqual(
    ["one", "two", "plain", "rubbish"].filter((name) => existsSync(join(scratch, `${name}.tar.gz`))),
    ["one", "rubbish"],
  );
  assert.match(refused(1, "rm", "two"), /^vz: two: no image of this name or id in \.$/);
  assert.equal(ok("rm", "--force", "two"), "");
});

test("the bill of materials has the system, the packages and the files, and is the same every time", () => {
  const bill = JSON.parse(ok("sbom", "one.tar.gz"));
  assert.deepEqual(
    [bill.bomFormat, bill.specVersion, bill.metadata.component.version],
    ["CycloneDX", "1.5", ids.one],
  );
  const types = bill.components.map((one: { type: string }) => one.type).join(" ");
  assert.equal(types, "operating-system library library library file file file");
  ok("sbom", "one.tar.gz", "-o", "one.cdx.json");
  assert.deepEqual(JSON.parse(readFileSync(join(scratch, "one.cdx.json"), "utf8")), bill);
  assert.match(refused(65, "sbom", "rubbish.tar.gz"), /^vz: rubbish\.tar\.gz: /);
});
