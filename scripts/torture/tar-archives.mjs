/** Tar archives made by hand, wrong ones too: every field of a header can be set, and what an image is wrapped in can lie. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

export const BLOCK = 512;
export const END = Buffer.alloc(2 * BLOCK);

/** Fields of a ustar header (POSIX.1-2017, pax, "ustar Interchange Format"): where they stand. */
export const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
};

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Sets a field to a text of single bytes, or to raw bytes; the checksum is then right again unless it is set itself. */
export function setField(header, field, value) {
  const [offset, length] = FIELDS[field];
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  header.fill(0, offset, offset + length);
  bytes.copy(header, offset, 0, Math.min(length, bytes.length));
  if (field !== "checksum") fixChecksum(header);
}

export function fixChecksum(header) {
  header.fill(0x20, 148, 156);
  const sum = header.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

const octal = (value, length) => `${value.toString(8).padStart(length - 1, "0")}\0`;

export function padded(body) {
  return Buffer.concat([body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}

/**
 * One member, header and body.
 * @param {Record<string, string | Buffer | number>} fields `size`, `uid` and the like as numbers or as they are to stand there
 */
export function member(fields, body = "") {
  const content = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const header = Buffer.alloc(BLOCK);
  const all = {
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: content.length,
    mtime: 0,
    type: "0",
    magic: "ustar\x0000",
    ...fields,
  };
  for (const [field, value] of Object.entries(all)) {
    if (field === "checksum") continue;
    const length = FIELDS[field][1];
    setField(header, field, typeof value === "number" ? octal(value, length) : value);
  }
  if (all.checksum !== undefined) setField(header, "checksum", all.checksum);
  return Buffer.concat([header, padded(content)]);
}

export const file = (name, body = "x", more = {}) => member({ name, ...more }, body);
export const directory = (name, more = {}) => member({ name, type: "5", mode: 0o755, ...more });
export const symlink = (name, linkname) => member({ name, type: "2", mode: 0o777, linkname });
export const hardlink = (name, linkname) => member({ name, type: "1", linkname });

/** A PAX header whose records are these, their lengths right. */
export function pax(records, type = "x") {
  const text = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(`${key}${value}`, "latin1") + 3;
    let length = rest + String(rest).length;
    if (String(length).length > String(rest).length) length++;
    return `${length} ${key}=${value}\n`;
  });
  return member({ name: "PaxHeaders/x", type }, text.join(""));
}

/** GNU's long name (L) or link (K). */
export const gnuLong = (type, text) =>
  member({ name: "././@LongLink", type, magic: "ustar  \0" }, `${text}\0`);

export const tar = (...members) => Buffer.concat([...members, END]);

/** Header and body of each member, by the sizes in the headers; bodies that are not there are short. */
export function membersOf(archive) {
  const members = [];
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8) || 0;
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    members.push(Buffer.from(archive.subarray(at, end)));
    at = end;
  }
  return members;
}

const json = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const OCI = "application/vnd.oci.image";

/** The archive's files by name, an OCI layout; `change` may change the documents before their sums are taken. */
export function ociArchive(layers, { change = (_, document) => document, compress = true, more = [] } = {}) {
  const blobs = layers.map((layer) => (compress ? gzipSync(layer, { level: 1 }) : layer));
  const config = json(change("config", imageConfig(layers)));
  const describe = (mediaType, bytes) => ({
    mediaType,
    digest: `sha256:${sha256(bytes)}`,
    size: bytes.length,
  });
  const type = `${OCI}.layer.v1.tar${compress ? "+gzip" : ""}`;
  const manifest = json(
    change("manifest", {
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: describe(`${OCI}.config.v1+json`, config),
      layers: blobs.map((blob) => describe(type, blob)),
    }),
  );
  const index = json(
    change("index", {
      schemaVersion: 2,
      manifests: [
        {
          ...describe(`${OCI}.manifest.v1+json`, manifest),
          platform: { os: "linux", architecture: "386" },
          annotations: { "org.opencontainers.image.ref.name": "one" },
        },
      ],
    }),
  );
  const blob = (bytes) => file(`blobs/sha256/${sha256(bytes)}`, bytes);
  return tar(
    file("oci-layout", '{"imageLayoutVersion":"1.0.0"}'),
    file("index.json", index),
    ...[manifest, config, ...blobs].map(blob),
    ...more,
  );
}

/** What `docker save` writes. */
export function dockerArchive(
  layers,
  { change = (_, document) => document, compress = false, more = [] } = {},
) {
  const config = json(change("config", imageConfig(layers)));
  const names = layers.map((layer) => `${sha256(layer)}.tar`);
  const name = `${sha256(config)}.json`;
  const manifest = json(change("manifest", [{ Config: name, RepoTags: ["one:latest"], Layers: names }]));
  return tar(
    ...layers.map((layer, i) => file(names[i], compress ? gzipSync(layer, { level: 1 }) : layer)),
    file(name, config),
    file("manifest.json", manifest),
    ...more,
  );
}

export function imageConfig(layers) {
  return {
    architecture: "386",
    os: "linux",
    created: "2020-01-02T03:04:05Z",
    config: {
      Entrypoint: ["/bin/hello"],
      Cmd: ["word"],
      Env: ["PATH=/bin", "A=b"],
      WorkingDir: "/data",
      User: "app:app",
      Labels: { note: "kept" },
      Volumes: { "/data": {} },
      ExposedPorts: { "80/tcp": {} },
      StopSignal: "SIGTERM",
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    history: [{ created_by: "hand" }],
  };
}

/** Layers that have all of it: links, whiteouts, opaque directories, long names, devices. */
export function sampleLayers() {
  const long = `long/${"d".repeat(120)}/${"f".repeat(90)}`;
  return [
    tar(
      directory("./"),
      directory("etc/"),
      file("etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:7:8::/:/bin/sh\n"),
      file("etc/group", "root:x:0:\napp:x:8:\nmore:x:9:app\n"),
      directory("bin/"),
      file("bin/hello", "\x7fELF\x01\x01\x01".padEnd(300, "\0"), { mode: 0o4755 }),
      hardlink("bin/again", "bin/hello"),
      symlink("sbin", "bin"),
      directory("data/", { uid: 7, gid: 8 }),
      file("data/one", "1".repeat(1000)),
      file("data/two", "2"),
      directory("old/"),
      file("old/a"),
      file("old/b"),
    ),
    tar(
      file("data/.wh.one", ""),
      file("sbin/tool", "#!/bin/hello\n", { mode: 0o755 }),
      pax({ path: long, uid: "4000000000", "SCHILY.xattr.user.note": "x" }),
      file("short"),
      gnuLong("L", `${long}-gnu`),
      file("cut"),
      member({ name: "dev/null", type: "3", devmajor: 1, devminor: 3, mode: 0o666 }),
      member({ name: "run/fifo", type: "6" }),
      directory("old/"),
      file("old/.wh..wh..opq", ""),
      file("old/c"),
      file("data/two", "changed"),
    ),
  ];
}
