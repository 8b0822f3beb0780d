/**
 * Archives that a stranger could send, each with what must come of it: "ok", or a pattern for the one line. `victim` is a file
 * outside that they try to reach.
 */
import { gzipSync } from "node:zlib";
import {
  directory,
  dockerArchive,
  END,
  file,
  gnuLong,
  hardlink,
  imageConfig,
  member,
  ociArchive,
  pax,
  sampleLayers,
  setField,
  sha256,
  symlink,
  tar,
} from "./tar-archives.mjs";

const base256 = (...bytes) => Buffer.from([...Buffer.alloc(12 - bytes.length, 0), ...bytes]);
const huge = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0]);
const negative = Buffer.alloc(12, 0xff);
const deep = "d/".repeat(10_000);
/** Each leads to the next by way of a thousand names, the last to the top. */
const detours = Array.from({ length: 35 }, (_, i) => [
  pax({ linkpath: `${"etc/../".repeat(500)}${i === 34 ? "" : `l${i + 1}`}` }),
  symlink(`l${i}`, "x"),
]).flat();

/** Layers that follow the sample's first one. */
function layers(victim) {
  const depth = "../".repeat(12);
  return {
    "a name with ..": [[file(`${depth}${victim}`)], /name with "\.\."$/],
    "a whiteout with ..": [[file("../.wh.passwd", "")], /name with "\.\."$/],
    "an absolute name": [[file(victim)], "ok"],
    "a symbolic link and a file through it": [[symlink("out", "/"), file(`out${victim}`)], "ok"],
    "a relative one": [[symlink("out", depth), file(`out${victim}`)], "ok"],
    "a link to a directory and a whiteout through it": [
      [symlink("out", depth), file(`out${victim.replace(/([^/]+)$/, ".wh.$1")}`, "")],
      "ok",
    ],
    "links in a ring": [
      [symlink("p", "q"), symlink("q", "p"), file("p/x")],
      /behind too many symbolic links$/,
    ],
    "a link to itself": [[hardlink("bin/hello", "bin/hello")], "ok"],
    "a hard link to outside": [[hardlink("x", `${depth}etc/shadow`)], /name with "\.\."$/],
    "a hard link to an absolute name": [
      [hardlink("x", "/etc/shadow")],
      /a hard link to etc\/shadow, which is not there$/,
    ],
    "a hard link to a directory": [[hardlink("x", "etc")], /which is a directory$/],
    "a hard link to a lower layer": [[hardlink("x", "bin/hello")], "ok"],
    "a hard link to a hidden file": [[file("bin/.wh.hello", ""), hardlink("x", "bin/hello")], "ok"],
    "a hard link, and a file through it": [
      [symlink("out", victim), hardlink("again", "out"), file("again", "y")],
      "ok",
    ],
    "a file below a file": [[file("bin/hello/x")], /lies below what is no directory$/],
    "a file in place of a directory": [[file("bin", "now a file")], "ok"],
    "a directory in place of a file": [[directory("bin/hello/"), file("bin/hello/x")], "ok"],
    devices: [
      [
        member({ name: "sda", type: "4", devmajor: 8, devminor: 0 }),
        member({ name: "kmem", type: "3", devmajor: 1, devminor: 2 }),
      ],
      "ok",
    ],
    "a device of a number too large": [
      [member({ name: "x", type: "3", devmajor: "7777777", devminor: 0 })],
      /device number out of range$/,
    ],
    "set-id bits": [[file("su", "x", { mode: 0o6755 })], "ok"],
    "a mode that is none": [[file("x", "x", { mode: "rwxr-xr-" })], /mode out of range$/],
    "an owner that is none": [[pax({ uid: "4294967295" }), file("x")], /owner out of range$/],
    "a negative owner": [[file("x", "x", { uid: Buffer.alloc(8, 0xff) })], /owner out of range$/],
    "10 GB claimed": [[file("x", "", { size: huge })], /claims 10\.0 GB, but ends too early/],
    "10 GB claimed by PAX": [
      [pax({ size: String(10 * 2 ** 30) }), file("x")],
      /claims 10\.0 GB, but ends too early/,
    ],
    "a size beyond 2^53": [[file("x", "", { size: Buffer.alloc(12, 0x80) })], /a size that is no number/],
    "a negative size": [[file("x", "", { size: negative })], /a size that is no number/],
    "a size in base 256": [[file("x", "12345", { size: base256(0, 5).fill(0x80, 0, 1) })], "ok"],
    "a size with letters": [[file("x", "", { size: "00000000xyz" })], /a size that is no number/],
    "a size by PAX that is none": [[pax({ size: "-5" }), file("x")], /whose size is no number$/],
    "a size by PAX that is right": [
      [
        pax({ size: "3" }),
        file("x", "123", { size: 0 }).subarray(0, 512),
        Buffer.from("123".padEnd(512, "\0")),
      ],
      "ok",
    ],
    "a directory with a size": [[directory("x/", { size: 4096 })], "ok"],
    "a name twice": [[file("x", "1"), file("x", "2")], "ok"],
    "a name twice, of two kinds": [[directory("x/"), file("x/y"), file("x", "2"), directory("x")], "ok"],
    "an empty name": [[file("")], /an empty name$/],
    "the top as a file": [[file(".")], /the top of a layer is no directory$/],
    "PAX with a NUL in a name": [[pax({ path: "a\0b" }), file("x")], /whose path has a NUL$/],
    "PAX of a wrong length": [
      [member({ name: "p", type: "x" }, "99 path=x\n"), file("x")],
      /a PAX header that is damaged$/,
    ],
    "PAX without an end": [[pax({ path: "x" })], /ends too early/],
    "PAX for all files": [[pax({ path: "all" }, "g"), file("x")], /names or measures all files at once$/],
    "PAX for all, harmless": [[pax({ comment: "c0ffee" }, "g"), file("x")], "ok"],
    "PAX with an empty name": [[pax({ path: "" }), file("x")], "ok"],
    "PAX of 100 MB": [
      [member({ name: "p", type: "x", size: 100 * 2 ** 20 })],
      /a name or PAX header of 100 MB|ends too early/,
    ],
    "GNU's long names": [
      [gnuLong("L", "n/".repeat(100)), directory("x"), gnuLong("K", "t".repeat(300)), symlink("k", "t")],
      "ok",
    ],
    "GNU's long name without an end": [[gnuLong("L", "x")], /ends too early/],
    "GNU's long name with ..": [[gnuLong("L", `${depth}x`), file("x")], /name with "\.\."$/],
    "GNU's sparse file": [[member({ name: "x", type: "S" })], /sparse file/],
    "PAX's sparse file 0.0": [
      [pax({ "GNU.sparse.size": "10", "GNU.sparse.numblocks": "0" }), file("x")],
      /sparse file/,
    ],
    "PAX's sparse file 1.0": [
      [pax({ "GNU.sparse.major": "1", "GNU.sparse.name": "y" }), file("x")],
      /sparse file/,
    ],
    "a volume label": [[member({ name: "label", type: "V" })], /a file of unknown type V$/],
    "a whiteout of ..": [[file(".wh...", "")], /a whiteout of nothing$/],
    "a whiteout of .": [[file(".wh..", "")], /a whiteout of nothing$/],
    "a whiteout of nothing": [[file(".wh.", "")], /a whiteout of nothing$/],
    "a whiteout of what is not there": [[file("no/.wh.where", "")], "ok"],
    "a whiteout of all": [
      [file(".wh..wh..opq", ""), file("etc/passwd", "app:x:1:1\n"), file("etc/group", "app:x:1:\n")],
      "ok",
    ],
    "aufs's own files": [
      [directory(".wh..wh.plnk"), file(".wh..wh.plnk/5.6", "linked"), hardlink("x", ".wh..wh.plnk/5.6")],
      "ok",
    ],
    "a directory called as a whiteout": [[file(".wh.dir/x")], /lies below a name that begins with \.wh\.$/],
    "10,000 parts": [[pax({ path: `${deep}x` }), file("x")], /name too long|too long$/],
    "a part of 300 bytes": [[pax({ path: "n".repeat(300) }), file("x")], /name too long$/],
    "many files behind long detours": [
      [...detours, ...Array.from({ length: 1000 }, (_, i) => file(`l0/d${i}/f`, ""))],
      /one of too many names to look up$/,
    ],
    "directories in one another": [
      Array.from({ length: 300 }, (_, i) =>
        Buffer.concat([pax({ path: `${"e/".repeat(i)}f` }), file("x", "")]),
      ),
      "ok",
    ],
    "control characters in a name": [[file("\x1b[2J\x07/../x")], /name with "\.\."$/],
    "an empty link": [[symlink("x", "")], /empty$/],
    "a wrong checksum": [[file("x", "x", { checksum: "0000000\0" })], /is damaged after|not a tar archive/],
    "only zeros": [[], "ok"],
    "the top with other attributes": [[directory("./", { mode: 0o700, uid: 5 })], "ok"],
    "no passwd": [[file("etc/.wh.passwd", "")], /its user app:app: no such user in its \/etc\/passwd$/],
    "a passwd behind a link out": [[symlink("etc/passwd", "/../../../../etc/passwd")], /no such user/],
    "a passwd of rubbish": [[file("etc/passwd", ":::\napp\napp:x\napp:x:99999999999:\n")], /no such user/],
  };
}

function archives(victim) {
  const good = sampleLayers();
  const [first] = good;
  const at = (kind, edit) => ({
    change: (name, document) => (name === kind ? (edit(document) ?? document) : document),
  });
  const ociType = "application/vnd.oci.image.index.v1+json";
  const nested = (levels) => {
    let inner = JSON.stringify({ schemaVersion: 2, manifests: [] });
    const blobs = [];
    for (let i = 0; i < levels; i++) {
      blobs.push(file(`blobs/sha256/${sha256(inner)}`, inner));
      const descriptor = { mediaType: ociType, digest: `sha256:${sha256(inner)}`, size: inner.length };
      inner = JSON.stringify({ schemaVersion: 2, manifests: Array(20).fill(descriptor) });
    }
    return tar(file("index.json", inner), ...blobs);
  };
  const bomb = gzipSync(tar(file("zeros", Buffer.alloc(200 * 2 ** 20))));
  const bombConfig = JSON.stringify(imageConfig([]));
  const missing = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${"0".repeat(64)}`,
    size: 5,
  };
  const rebuilt = (edit) => {
    const bytes = Buffer.from(ociArchive(good));
    edit(bytes);
    return bytes;
  };
  return {
    "an OCI layout": [ociArchive(good), "ok"],
    "one without compression": [ociArchive(good, { compress: false }), "ok"],
    "a docker archive": [dockerArchive(good), "ok"],
    "one with compression": [dockerArchive(good, { compress: true }), "ok"],
    "a packed docker archive": [gzipSync(dockerArchive(good)), "ok"],
    "in two gzip members": [
      Buffer.concat([
        gzipSync(dockerArchive(good).subarray(0, 3000)),
        gzipSync(dockerArchive(good).subarray(3000)),
      ]),
      "ok",
    ],
    nothing: [Buffer.alloc(0), /neither an OCI layout nor a docker archive$/],
    text: [Buffer.from("#!/bin/sh\n".repeat(200)), /not a tar archive$/],
    zeros: [Buffer.alloc(10_240), /neither an OCI layout nor a docker archive$/],
    "half an archive": [ociArchive(good).subarray(0, 2500), /ends too early/],
    "rubbish behind the end": [Buffer.concat([ociArchive(good), Buffer.from("rubbish")]), "ok"],
    "an image of vz": [tar(file("vz.json", "{}")), /is an image of vz already$/],
    "indexes in a ring of one": [
      tar(
        file(
          "index.json",
          JSON.stringify({
            schemaVersion: 2,
            manifests: [{ mediaType: ociType, digest: `sha256:${"1".repeat(64)}`, size: 9 }],
          }),
        ),
      ),
      /missing$/,
    ],
    "indexes 3 deep": [nested(2), /too many indexes|holds no image/],
    "indexes 30 deep": [nested(30), /too many indexes within indexes$/],
    "a missing manifest": [
      tar(file("index.json", JSON.stringify({ schemaVersion: 2, manifests: [missing] }))),
      /is missing$/,
    ],
    "a digest that is a path": [
      tar(
        file(
          "index.json",
          JSON.stringify({
            schemaVersion: 2,
            manifests: [{ ...missing, digest: `sha256:../../..${victim}` }],
          }),
        ),
      ),
      /not a SHA-256 digest$/,
    ],
    "a digest of another kind": [
      tar(
        file(
          "index.json",
          JSON.stringify({
            schemaVersion: 2,
            manifests: [{ ...missing, digest: `sha512:${"0".repeat(128)}` }],
          }),
        ),
      ),
      /not a SHA-256 digest$/,
    ],
    "a manifest of another size": [
      ociArchive(
        good,
        at("index", (index) => {
          index.manifests[0].size++;
        }),
      ),
      /bytes long, not \d+$/,
    ],
    "another manifest's digest": [
      rebuilt((bytes) => {
        const place = bytes.indexOf('"schemaVersion":2,"mediaType"');
        bytes[place + 1] = 0x53;
      }),
      /wrong SHA-256$/,
    ],
    "a layer that is damaged": [
      rebuilt((bytes) => {
        bytes[bytes.lastIndexOf(Buffer.from([0x1f, 0x8b, 8])) + 60] ^= 1;
      }),
      /wrong SHA-256$/,
    ],
    "a media type that lies": [
      ociArchive(good, {
        compress: false,
        ...at("manifest", (manifest) => {
          manifest.layers[0].mediaType += "+gzip";
        }),
      }),
      "ok",
    ],
    "a media type that is none": [
      ociArchive(
        good,
        at("manifest", (manifest) => {
          manifest.layers[0].mediaType = "text/plain";
        }),
      ),
      /is no layer that can be read$/,
    ],
    "sums of other layers": [
      ociArchive(
        good,
        at("config", (config) => {
          config.rootfs.diff_ids.reverse();
        }),
      ),
      /wrong SHA-256$/,
    ],
    "too few sums": [
      ociArchive(
        good,
        at("config", (config) => {
          config.rootfs.diff_ids.pop();
        }),
      ),
      /2 layers, but sums of 1$/,
    ],
    "another platform": [
      ociArchive(
        good,
        at("index", (index) => {
          index.manifests[0].platform.architecture = "s390x";
        }),
      ),
      /no image for linux\/386 or linux\/amd64 or linux\/arm64, but for linux\/s390x$/,
    ],
    "no command": [
      ociArchive(
        good,
        at("config", (config) => {
          delete config.config.Entrypoint;
          delete config.config.Cmd;
        }),
      ),
      /the image has no command$/,
    ],
    "a NUL in the command": [
      ociArchive(
        good,
        at("config", (config) => {
          config.config.Cmd = ["a\0"];
        }),
      ),
      /holds a NUL byte$/,
    ],
    "labels that steer vz": [
      ociArchive(
        good,
        at("config", (config) => {
          config.config.Labels = { "vz.log": victim, "vz.root.shared": "true" };
        }),
      ),
      "ok",
    ],
    "a label that is not vz's": [
      ociArchive(
        good,
        at("config", (config) => {
          config.config.Labels = { "vz.image": "{" };
        }),
      ),
      /label vz\.image: not JSON$/,
    ],
    "a label with another root": [
      ociArchive(
        good,
        at("config", (config) => {
          config.config = {
            Entrypoint: ["/x"],
            Labels: {
              "vz.image": JSON.stringify({
                id: "x",
                head: { name: "../x", created: "y", architecture: "any" },
                config: JSON.stringify({
                  ociVersion: "1.0.2",
                  root: { path: "/" },
                  process: { args: ["/x"], cwd: "/" },
                }),
              }),
            },
          };
        }),
      ),
      /root\.path|name: not|created/,
    ],
    "no layers": [
      ociArchive(
        [],
        at("config", (config) => {
          config.config.User = "";
        }),
      ),
      "ok",
    ],
    "600 layers": [ociArchive(Array(600).fill(END)), /more than 512 layers$/],
    "JSON of 5,000 brackets": [
      ociArchive(
        good,
        at("config", () => "[".repeat(5000)),
      ),
      /not JSON$|not an object$/,
    ],
    "JSON of 100,000 brackets": [
      ociArchive(
        good,
        at("config", () => `${"[".repeat(1e5)}${"]".repeat(1e5)}`),
      ),
      /not JSON$|not an object$/,
    ],
    "an index of 5 MB": [tar(file("index.json", " ".repeat(5 * 2 ** 20))), /5\.0 MB is too long$/],
    "200 MB in 200 KB": [
      tar(
        file("manifest.json", JSON.stringify([{ Config: "c.json", Layers: ["l"] }])),
        file("c.json", bombConfig.replace('"diff_ids":[]', '"diff_ids":["sha256:0"]')),
        file("l", bomb),
      ),
      /unpacks to more than 64\.0 MB$/,
    ],
    "links in the archive": [
      dockerArchive([first], {
        ...at("manifest", ([image]) => {
          image.Layers = ["a/layer.tar"];
        }),
        more: [symlink("a/layer.tar", `../../${sha256(first)}.tar`)],
      }),
      "ok",
    ],
    "links in a ring": [
      dockerArchive([first], {
        ...at("manifest", ([image]) => {
          image.Layers = ["a"];
        }),
        more: [symlink("a", "b"), symlink("b", "a")],
      }),
      /: missing$/,
    ],
    "a layer outside": [
      dockerArchive([first], {
        ...at("manifest", ([image]) => {
          image.Layers = ["a"];
        }),
        more: [symlink("a", `../../..${victim}`)],
      }),
      /: missing$/,
    ],
    "two images": [
      dockerArchive(
        [first],
        at("manifest", (images) => {
          images.push({ ...images[0], RepoTags: ["two:1"] });
        }),
      ),
      "ok",
    ],
    "30,000 files": [
      tar(...Array.from({ length: 30_000 }, (_, i) => file(`f${i}`, ""))),
      /too many files for an image's archive$/,
    ],
  };
}

/** @returns {{ name: string, bytes: Buffer, wanted: "ok" | RegExp }[]} */
export function exchangeNasties(victim) {
  const [first] = sampleLayers();
  const inLayers = Object.entries(layers(victim)).flatMap(([name, [members, wanted]]) => {
    const both = [first, tar(...members)];
    return [
      { name: `layer: ${name}`, bytes: ociArchive(both), wanted },
      { name: `layer: ${name} (docker)`, bytes: dockerArchive(both), wanted },
    ];
  });
  const whole = Object.entries(archives(victim)).map(([name, [bytes, wanted]]) => ({ name, bytes, wanted }));
  return [...inLayers, ...whole];
}

/**
 * Members that no image of vz has, put into `image` (its members) before, in the midst and behind the others: all must be
 * refused.
 */
export function imageNasties(image, victim) {
  const nasties = Object.entries(layers(victim)).map(([name, [members]]) => ({
    name,
    member: Buffer.concat(members),
  }));
  const inserted = nasties
    .filter(({ member: one }) => one.length > 0)
    .flatMap(({ name, member: one }) =>
      [0, 1, 4, image.length].map((at) => ({
        name: `image: ${name} at ${at}`,
        bytes: tar(...image.slice(0, at), one, ...image.slice(at)),
        wanted: /^/,
      })),
    );
  const claimed = image.map((one) => Buffer.from(one));
  setField(claimed[1], "size", huge);
  // A header of something that does not come, behind all, is no file.
  const harmless = /GNU's long names|empty name|harmless|without an end at 9$/;
  return [
    ...inserted.filter(({ name }) => !harmless.test(name)),
    { name: "image: config.json of 10 GB", bytes: tar(...claimed), wanted: /^/ },
  ];
}
