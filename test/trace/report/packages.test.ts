import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { provenanceOf } from "../../../src/trace/make/provenance.ts";
import { readPackages } from "../../../src/trace/report/packages.ts";

const top = mkdtempSync(join(tmpdir(), "vz-packages-"));
after(() => rmSync(top, { recursive: true, force: true }));

function tree(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(top, name);
  mkdirSync(root, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, "latin1");
  }
  return root;
}

const dpkg = tree("dpkg", {
  "var/lib/dpkg/status": [
    "Package: coreutils\nStatus: install ok installed\nInstalled-Size: 18000\nArchitecture: amd64\nVersion: 9.1-1\n",
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 2.36-9\n",
    "Package: libc6\nStatus: install ok installed\nArchitecture: i386\nMulti-Arch: same\nVersion: 2.36-9\n",
    "Package: bash\nArchitecture: amd64\nVersion: 5.2\nDescription: a shell\n Version: none\n",
    "Package: dash\nArchitecture: amd64\nVersion: 0.5\n",
    "Package: other\nArchitecture: all\nVersion: 1\n",
  ].join("\n"),
  "var/lib/dpkg/info/coreutils.list": "/.\n/bin\n/bin/ls\n/usr/bin/env\n",
  "var/lib/dpkg/info/coreutils.md5sums": "0  usr/bin/false\n",
  "var/lib/dpkg/info/libc6:amd64.list": "/lib/x86_64-linux-gnu/libc.so.6\n",
  "var/lib/dpkg/info/libc6:i386.list": "/lib/i386-linux-gnu/libc.so.6\n",
  "var/lib/dpkg/info/bash.list": "/usr/share/gr\xc3\xbc\xff\n/bin/sh\n",
  "var/lib/dpkg/info/dash.list": "/bin/sh",
  "var/lib/dpkg/info/other.list": "/usr/bin/mine\n",
  "var/lib/dpkg/diversions": "/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/mine\n/usr/bin/mine.real\n:\n",
  "usr/lib/os-release": 'ID=debian\nVERSION_ID=\'12\'\n# comment\nPRETTY_NAME="A \\"B\\" C"\n',
});
for (const name of ["bin", "lib"]) symlinkSync(`usr/${name}`, join(dpkg, name));

test("dpkg: owners by real path, where the lists have the names before /usr was merged", () => {
  const database = readPackages(dpkg);
  database?.expect(["/usr/bin/ls", "/usr/bin/env"]);
  assert.deepEqual(database?.ownerOf("/usr/bin/ls"), {
    name: "coreutils",
    version: "9.1-1",
    architecture: "amd64",
    installedSize: 18000 * 1024,
  });
  assert.equal(database.ownerOf("/usr/bin/env")?.name, "coreutils");
  assert.equal(database.ownerOf("/bin/ls")?.name, "coreutils");
  assert.equal(database.ownerOf("/usr/bin/false"), undefined);
});

test("dpkg: a package that is installed for two architectures is two", () => {
  const database = readPackages(dpkg);
  assert.equal(database?.ownerOf("/usr/lib/i386-linux-gnu/libc.so.6")?.architecture, "i386");
  assert.equal(database?.ownerOf("/usr/lib/x86_64-linux-gnu/libc.so.6")?.architecture, "amd64");
});

test("dpkg: a diverted file is its own package's under its new name", () => {
  const database = readPackages(dpkg);
  assert.equal(database?.ownerOf("/usr/bin/sh")?.name, "dash");
  assert.equal(database?.ownerOf("/usr/bin/sh.distrib")?.name, "bash");
  assert.equal(database?.ownerOf("/usr/bin/mine"), undefined, "the administrator's own");
  assert.equal(database?.ownerOf("/usr/bin/mine.real")?.name, "other");
});

test("dpkg: names are bytes, and a continuation line of the status is no field", () => {
  const owner = readPackages(dpkg)?.ownerOf("/usr/share/gr\xc3\xbc\xff");
  assert.deepEqual([owner?.name, owner?.version, owner?.installedSize], ["bash", "5.2", 0]);
});

test("apk: owners, sizes in bytes", () => {
  const root = tree("apk", {
    "lib/apk/db/installed":
      "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\nI:622592\nF:lib\nR:ld-musl-x86_64.so.1\nF:\nR:top\n\n" +
      "P:busybox\nV:1.36\nA:x86_64\nI:1\nF:bin\nR:busybox\nF:etc/network\nM:0:0:755\nR:x\n\n",
  });
  const database = readPackages(root);
  const musl = { name: "musl", version: "1.2.4-r2", architecture: "x86_64", installedSize: 622_592 };
  assert.deepEqual(database?.ownerOf("/lib/ld-musl-x86_64.so.1"), musl);
  assert.deepEqual(database?.ownerOf("/top"), musl);
  assert.equal(database?.ownerOf("/etc/network/x")?.name, "busybox");
  assert.equal(database?.ownerOf("/bin/x"), undefined);
});

test("a system without a package manager has no database", () => {
  assert.equal(readPackages(tree("none", { a: "" })), undefined);
});

test("provenance names the command, the system and each package once, sorted", () => {
  const files = [
    "/usr/bin/ls",
    "/usr/bin/env",
    "/usr/lib/i386-linux-gnu/libc.so.6",
    "/usr/bin/sh",
    "/etc/mine",
  ];
  const packages = [
    { name: "coreutils", version: "9.1-1", architecture: "amd64" },
    { name: "dash", version: "0.5", architecture: "amd64" },
    { name: "libc6", version: "2.36-9", architecture: "i386" },
  ];
  assert.deepEqual(provenanceOf(["ls", "-l"], dpkg, files, readPackages(dpkg)), {
    command: ["ls", "-l"],
    host: { id: "debian", version: "12", name: 'A "B" C' },
    packages,
  });
});

test("a system that says nothing of itself is null, with no packages", () => {
  assert.deepEqual(provenanceOf([], tree("empty", {}), ["/a"], undefined), {
    command: [],
    host: null,
    packages: [],
  });
});
