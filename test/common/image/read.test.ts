import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Entry } from "../../../src/common/image/manifest.ts";
import { withImage } from "../../../src/common/image/open.ts";
import { readManifest } from "../../../src/common/image/read.ts";
import {
  BODIES,
  CONFIG,
  directory,
  ENTRIES,
  file,
  gzipped,
  type Member,
  manifestOf,
  membersOf,
  sha256,
  tarball,
  verifyBytes,
  withFile,
} from "./sample.ts";

async function refused(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(verifyBytes(bytes), (error: Error & { status?: number }) => {
    assert.match(error.message, message);
    assert.equal(error.status, 65);
    assert.ok(!error.message.includes("\n"), "one line");
    return true;
  });
}

/** The sample's members after `change`, which may edit them in place. */
async function refusedMembers(change: (members: Member[]) => unknown, message: RegExp): Promise<void> {
  const members = membersOf();
  change(members);
  await refused(await tarball(members), message);
}

function at(members: Member[], name: string): Member {
  const member = members.find((one) => one.header.name === name);
  assert.ok(member !== undefined, name);
  return member;
}

function edit(name: string, header: object, body?: string): (members: Member[]) => void {
  return (members) => {
    const member = at(members, name);
    Object.assign(member.header, header);
    if (body !== undefined) member.body = body;
  };
}

/** `member` put before the one called `before`, or at the end. */
function insert(member: Member, before?: string): (members: Member[]) => void {
  return (members) => {
    const index = before === undefined ? members.length : members.indexOf(at(members, before));
    members.splice(index, 0, member);
  };
}

test("a right image is read whole, packed or not, and its id is the hash of vz.json", async () => {
  const members = membersOf();
  const id = `sha256:${sha256(members[0]?.body ?? "")}`;
  for (const bytes of [await tarball(members), await gzipped(members)]) {
    const seen: string[] = [];
    const bodies: Record<string, string> = {};
    const head = await verifyBytes(bytes, {
      begin: (entry) => seen.push(`begin ${entry.path}`),
      data(entry, chunk) {
        bodies[entry.path] = (bodies[entry.path] ?? "") + Buffer.from(chunk).toString();
      },
      end: (entry) => seen.push(`end ${entry.path}`),
    });
    assert.equal(head.id, id);
    assert.deepEqual(bodies, BODIES);
    const paths = ["config.json", ...ENTRIES.map((entry) => entry.path)];
    assert.deepEqual(
      seen,
      paths.flatMap((path) => [`begin ${path}`, `end ${path}`]),
    );
  }
});

test("a long name, one of many bytes a letter, and one that is no UTF-8 are read", async () => {
  const long = `rootfs/${"n".repeat(200)}`;
  const entries = [directory("rootfs"), file(long, "1"), file("rootfs/x\udcff", "2"), file("rootfs/é", "3")];
  entries.sort((a, b) => (a.path === "rootfs/é" && b.path.startsWith("rootfs/x") ? 1 : 0));
  const bodies = { ...BODIES, [long]: "1", "rootfs/x\udcff": "2", "rootfs/é": "3" };
  const members = membersOf(manifestOf(entries), bodies);
  at(members, "rootfs/x\udcff").header.name = "rootfs/x\\xff";
  const { manifest } = await verifyBytes(await tarball(members));
  assert.deepEqual(manifest.files.slice(1), entries);
});

test("names that lead out of the bundle are refused", async () => {
  const body = "x";
  await refusedMembers(insert({ header: { name: "../evil" }, body }), /^IMG: \.\.\/evil: name with "\.\."$/);
  await refusedMembers(
    insert({ header: { name: "rootfs/../../evil" }, body }, "rootfs/etc"),
    /name with "\.\."$/,
  );
  await refusedMembers(
    insert({ header: { name: "/etc/passwd" }, body }),
    /^IMG: \/etc\/passwd: absolute name$/,
  );
  await refusedMembers(edit("rootfs/bin/hello", { name: "/bin/hello" }), /\/bin\/hello: absolute name$/);
});

test("what is not in the manifest is refused, at the end or in between", async () => {
  const member = { header: { name: "rootfs/more" }, body: "x" };
  await refusedMembers(insert(member), /^IMG: rootfs\/more: not in the manifest$/);
  await refusedMembers(insert(member, "rootfs/etc"), /^IMG: rootfs\/more: not in the manifest$/);
});

test("a file through a symbolic link of the archive is refused", async () => {
  const link: Member = { header: { name: "rootfs/web", type: "symlink", linkname: "/etc" } };
  await refusedMembers(
    (members) => members.push(link, { header: { name: "rootfs/web/passwd" }, body: "x" }),
    /rootfs\/web: not in the manifest$/,
  );
  const through = { header: { name: "rootfs/bin/hi/passwd" }, body: "x" };
  await refusedMembers(insert(through, "rootfs/etc"), /rootfs\/bin\/hi\/passwd: not in the manifest$/);
});

test("a member that comes twice is refused", async () => {
  const again = { header: { name: "rootfs/bin/hello", mode: 0o755 }, body: "hello\n" };
  await refusedMembers(insert(again), /^IMG: rootfs\/bin\/hello: comes twice$/);
  await refusedMembers(insert(again, "rootfs/etc"), /^IMG: rootfs\/bin\/hello: comes twice$/);
  await refusedMembers(insert({ header: { name: "vz.json" }, body: "{}" }), /^IMG: vz\.json: comes twice$/);
});

test("a file that is missing or out of order is refused by name", async () => {
  await refusedMembers((members) => members.pop(), /^IMG: rootfs\/etc\/motd: missing$/);
  await refusedMembers(
    (members) => members.splice(members.indexOf(at(members, "rootfs/bin/hello")), 1),
    /^IMG: rootfs\/bin\/hello: missing or out of order, rootfs\/bin\/hi is in its place$/,
  );
  await refusedMembers((members) => members.reverse(), /not an image of vz: begins with rootfs\/etc\/motd/);
});

test("the manifest must be the first member", async () => {
  await refusedMembers((members) => members.shift(), /begins with config\.json, not with vz\.json$/);
  await refusedMembers(
    edit("vz.json", { name: "./vz.json" }),
    /begins with \.\/vz\.json, not with vz\.json$/,
  );
  await refusedMembers(
    edit("vz.json", { type: "symlink", linkname: "/etc/passwd" }, ""),
    /not an image of vz/,
  );
  await refused(await tarball([]), /^IMG: not an image of vz$/);
});

test("a hard link, to wherever, is refused", async () => {
  for (const linkname of ["/etc/shadow", "rootfs/etc/motd"]) {
    await refusedMembers((members) => {
      const hello = at(members, "rootfs/bin/hello");
      Object.assign(hello.header, { type: "link", linkname });
      delete hello.body;
    }, /^IMG: rootfs\/bin\/hello: is a hard link in the archive, a file in the manifest$/);
  }
});

test("a device that the manifest calls a file is refused", async () => {
  await refusedMembers((members) => {
    const motd = at(members, "rootfs/etc/motd");
    Object.assign(motd.header, { type: "block-device", devmajor: 8, devminor: 0 });
    delete motd.body;
  }, /motd: is a block device in the archive, a file in the manifest$/);
});

test("a header that says other than the manifest is refused: mode, owner, size, target", async () => {
  const cases: [string, object, RegExp][] = [
    ["rootfs/bin/hello", { mode: 0o4755 }, /hello: its mode in the archive is not that of the manifest$/],
    ["rootfs/etc", { uid: 1000 }, /rootfs\/etc: its uid in the archive/],
    ["rootfs/etc", { gid: 1000 }, /rootfs\/etc: its gid in the archive/],
    ["rootfs/etc", { pax: { uid: "1000" } }, /rootfs\/etc: its uid in the archive/],
    ["rootfs/bin/hi", { linkname: "/etc/shadow" }, /rootfs\/bin\/hi: its linkname in the archive/],
  ];
  for (const [name, header, message] of cases) await refusedMembers(edit(name, header), message);
});

test("a file of another length or other content is refused", async () => {
  await refusedMembers(edit("rootfs/etc/motd", {}, "welcome, all\n"), /motd: its size in the archive/);
  await refusedMembers(edit("rootfs/etc/motd", {}, "welcomE\n"), /^IMG: rootfs\/etc\/motd: wrong SHA-256$/);
});

test("a directory that brings bytes along is refused", async () => {
  const bytes = await tarball(membersOf());
  const header = findHeader(bytes, "rootfs/etc");
  setSize(bytes, header, "00000001000");
  await refused(bytes, /rootfs\/etc: its size in the archive/);
});

test("a size of the header larger than what follows is refused", async () => {
  for (const size of ["77777777777", "00000000011"]) {
    const bytes = await tarball(membersOf());
    setSize(bytes, findHeader(bytes, "rootfs/etc/motd"), size);
    await refused(bytes, /motd: its size in the archive/);
  }
});

test("claims far beyond the file's own length are refused before a byte is stored", async () => {
  const huge: Entry = { ...file("rootfs/huge", ""), type: "file", size: 10 * 2 ** 30, sha256: sha256("") };
  const members = membersOf(manifestOf([directory("rootfs"), huge]));
  let stored = 0;
  for (const bytes of [await tarball(members), await gzipped(members)]) {
    await assert.rejects(verifyBytes(bytes, { head: () => stored++ }), {
      message:
        /^IMG: claims 10\.0 GB of files, but is [\d.]+ KB long$|^IMG: claims 10\.0 GB of files, but is \d+ B long$/,
      status: 65,
    });
  }
  assert.equal(stored, 0);
});

test("a manifest that is too large is refused by its header alone", async () => {
  const bytes = await tarball(membersOf());
  setSize(bytes, 0, "00100000001"); // 2^24 + 1
  await refused(bytes, /^IMG: vz\.json: too large$/);
});

test("an archive that ends early is refused, wherever it was cut", async () => {
  const whole = await tarball(membersOf());
  const end = whole.length - 1024;
  for (let length = 0; length < end; length += 171) {
    await refused(whole.subarray(0, length), /^IMG: /);
  }
  await refused(
    whole.subarray(0, findHeader(whole, "rootfs/etc/motd") + 515),
    /ends too early after rootfs\/etc$/,
  );
});

test("compressed data that is cut or damaged is refused, wherever", async () => {
  const whole = await gzipped(membersOf());
  for (let length = 2; length < whole.length; length += 37)
    await refused(whole.subarray(0, length), /^IMG: /);
  await refused(whole.subarray(0, whole.length - 1), /^IMG: the compressed data ends too early$/);
  const spoilt = Buffer.from(whole);
  const crc = spoilt.length - 8;
  spoilt[crc] = (spoilt[crc] ?? 0) ^ 1;
  await refused(spoilt, /^IMG: the compressed data is damaged$/);
});

test("rubbish behind the archive is refused, packed or not", async () => {
  const whole = await tarball(membersOf());
  const rubbish = Buffer.from("rubbish");
  await refused(Buffer.concat([whole, rubbish]), /^IMG: the archive has something behind its last file$/);
  await refused(Buffer.concat([whole, Buffer.alloc(512, "x")]), /^IMG: the archive has something behind/);
  await refused(Buffer.concat([gzipSync(whole), rubbish]), /^IMG: the compressed data is damaged$/);
  await refused(Buffer.concat([whole, whole]), /^IMG: vz\.json: comes twice$/);
});

test("zeros behind the archive, as tar pads with, are no fault", async () => {
  const whole = await tarball(membersOf());
  await verifyBytes(Buffer.concat([whole, Buffer.alloc(10240)]));
});

test("more zeros than any image has are refused without reading them all", async () => {
  const whole = await tarball(membersOf());
  // 64 MB of zeros are 64 KB of gzip.
  const bomb = gzipSync(Buffer.concat([whole, Buffer.alloc(64 * 2 ** 20)]));
  await refused(bomb, /^IMG: holds more data than its manifest lists$/);
});

test("a byte of a header that is flipped is noticed", async () => {
  const whole = await tarball(membersOf());
  const header = findHeader(whole, "rootfs/bin/hello");
  // The checksum's digits end at 154; the NUL and the space behind them mean nothing.
  for (let offset = 0; offset < 512; offset += offset === 153 ? 3 : 9) {
    const spoilt = Buffer.from(whole);
    spoilt[header + offset] = (spoilt[header + offset] ?? 0) ^ 0x55;
    await refused(spoilt, /^IMG: /);
  }
});

test("other compressions are named, and what is no archive is called that", async () => {
  await refused(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /^IMG: xz compression is not read$/);
  await refused(Buffer.from("root:x:0:0:root:/root:/bin/sh\n".repeat(100)), /^IMG: not an image of vz$/);
  await refused(Buffer.alloc(0), /^IMG: not an image of vz$/);
  await refused(gzipSync("hello"), /^IMG: not an image of vz$/);
});

test("a config.json that no runner could use is refused", async () => {
  const change = async (config: string, message: RegExp) => {
    const members = membersOf(manifestOf([directory("rootfs")], config), { "config.json": config });
    await refused(await tarball(members), message);
  };
  await change("{", /^IMG: config\.json: not JSON: /);
  await change(CONFIG.replace('"/bin/hello"', ""), /^IMG: config\.json: process\.args: no command$/);
  await change(CONFIG.replace("/bin/hello", "/bin/other"), /not the command of the manifest$/);
  await change(CONFIG.replace('"rootfs"', '"/etc"'), /^IMG: config\.json: root\.path: not rootfs$/);
});

test("an error of the one who takes the parts is passed on as it is", async () => {
  const mine = new RangeError("mine");
  const bytes = await tarball(membersOf());
  await assert.rejects(
    verifyBytes(bytes, {
      begin() {
        throw mine;
      },
    }),
    (error) => error === mine,
  );
});

test("the manifest alone is read from an image whose rest is damaged", async () => {
  const body = randomBytes(200_000).toString("hex");
  const bodies = { ...BODIES, "rootfs/big": body };
  const members = membersOf(manifestOf([directory("rootfs"), file("rootfs/big", body)]), bodies);
  const whole = await gzipped(members);
  const damaged = Buffer.concat([whole.subarray(0, -40), Buffer.alloc(40, 0xff)]);
  const head = await withFile(damaged, (path) => withImage(path, readManifest));
  assert.equal(head.manifest.name, "sample");
  await refused(damaged, /^IMG: /);
});

function findHeader(bytes: Buffer, name: string): number {
  for (let offset = 0; offset < bytes.length; offset += 512) {
    if (bytes.toString("latin1", offset, offset + 100).replace(/\0+$/, "") === name) return offset;
  }
  throw new Error(`${name}: no header`);
}

/** Writes the size field of a ustar header, eleven octal digits, and its checksum. */
function setSize(bytes: Buffer, header: number, octal: string): void {
  bytes.write(`${octal} `, header + 124, "latin1");
  bytes.fill(0x20, header + 148, header + 156);
  let sum = 0;
  for (const byte of bytes.subarray(header, header + 512)) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, header + 148, "latin1");
}
