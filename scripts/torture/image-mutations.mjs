/** Random damage to archives, all from one seed. */
import { gunzipSync, gzipSync } from "node:zlib";
import { randomFrom } from "./mutations.mjs";
import {
  BLOCK,
  directory,
  dockerArchive,
  FIELDS,
  file,
  fixChecksum,
  gnuLong,
  hardlink,
  member,
  membersOf,
  ociArchive,
  pax,
  setField,
  symlink,
  tar,
} from "./tar-archives.mjs";

const TEXTS = [
  "",
  ".",
  "..",
  "/",
  "//",
  "./",
  "../x",
  "/etc/passwd",
  "a/../../b",
  "etc",
  "bin/hello",
  "bin/hello/x",
  "sbin/x",
];
const MORE = [
  ".wh.etc",
  ".wh..wh..opq",
  "data/.wh.two",
  "\x00",
  "\xff\xfe",
  "\n",
  "x".repeat(155),
  "d/".repeat(50),
];
const NUMBERS = [
  "0",
  "7777777",
  "77777777777",
  "99",
  "-1",
  " 12 ",
  "\x80\0\0\0\0\0\0\x01",
  "\xff".repeat(12),
  "\x80".repeat(12),
];
const TYPES = [..."01234567xgLKSDMVNAZ", "\0", "\xff"];
const RECORDS = [
  "path",
  "linkpath",
  "size",
  "uid",
  "gid",
  "mtime",
  "hdrcharset",
  "GNU.sparse.major",
  "SCHILY.xattr.a",
];

export class Damage {
  #random;

  constructor(seed) {
    this.#random = randomFrom(seed);
  }

  below(limit) {
    return Math.floor(this.#random() * limit);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  chance(part) {
    return this.#random() < part;
  }

  #text() {
    return this.pick([...TEXTS, ...MORE]);
  }

  /** A member from nowhere. */
  #member() {
    const name = this.#text();
    return this.pick([
      () => file(name, "x".repeat(this.below(1500)), { mode: this.pick([0, 0o4755, 0o7777]) }),
      () => directory(name),
      () => symlink(name, this.#text()),
      () => hardlink(name, this.#text()),
      () => member({ name, type: this.pick(TYPES), devmajor: this.below(9), devminor: this.below(9) }),
      () =>
        Buffer.concat([
          pax({ [this.pick(RECORDS)]: this.pick([this.#text(), this.pick(NUMBERS)]) }),
          file("y"),
        ]),
      () => Buffer.concat([gnuLong(this.pick(["L", "K"]), this.#text()), symlink("z", "etc")]),
      () => pax({ [this.pick(RECORDS)]: this.#text() }, "g"),
    ])();
  }

  /** Changes some members, their checksums right. */
  members(all) {
    const members = all.map((one) => Buffer.from(one));
    for (let times = 1 + this.below(3); times > 0; times--) {
      const at = this.below(members.length);
      const one = members[at] ?? file("x");
      const field = this.pick(Object.keys(FIELDS));
      const kind = this.below(8);
      if (kind === 0) members.splice(at, 1);
      else if (kind === 1) members.splice(this.below(members.length), 0, Buffer.from(one));
      else if (kind === 2) members.splice(at, 0, this.#member());
      else if (kind === 3) members.push(...members.splice(at, 1));
      else if (field === "type") setField(one, field, this.pick(TYPES));
      else if (["name", "linkname", "prefix"].includes(field)) setField(one, field, this.#text());
      else setField(one, field, this.pick(NUMBERS));
    }
    return members;
  }

  /** Changes bytes, wherever. */
  bytes(whole) {
    const bytes = Buffer.from(whole);
    const kind = this.below(6);
    const at = this.below(bytes.length);
    if (kind === 0) return bytes.subarray(0, at);
    if (kind === 1) return Buffer.concat([bytes, bytes.subarray(at, at + this.below(5000))]);
    if (kind === 2) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + this.below(600))]);
    if (kind === 3)
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(this.below(3) * BLOCK), bytes.subarray(at)]);
    for (let times = 1 + this.below(8); times > 0; times--) bytes[this.below(bytes.length)] = this.below(256);
    if (kind === 4) {
      const block = this.below(bytes.length / BLOCK) * BLOCK;
      if (block + BLOCK <= bytes.length) fixChecksum(bytes.subarray(block, block + BLOCK));
    }
    return bytes;
  }

  /** A damaged tarball of an image, plain or packed. */
  image(bytes) {
    const isPacked = bytes[0] === 0x1f;
    if (this.chance(isPacked ? 0.3 : 0.4)) return this.bytes(bytes);
    const damaged = tar(...this.members(membersOf(isPacked ? gunzipSync(bytes) : bytes)));
    return isPacked ? gzipSync(damaged, { level: 1 }) : damaged;
  }

  /** A damaged archive of another tool's image: the whole of it, one of its layers, or one of its documents. */
  exchange(layers, mutator) {
    const wrap = this.pick([ociArchive, dockerArchive]);
    const compress = this.chance(0.3);
    const kind = this.below(5);
    if (kind < 2) {
      const at = this.below(layers.length);
      const changed = (layer) =>
        this.chance(0.7) ? tar(...this.members(membersOf(layer))) : this.bytes(layer);
      return wrap(
        layers.map((layer, i) => (i === at ? changed(layer) : layer)),
        { compress },
      );
    }
    if (kind === 2) {
      const wanted = this.pick(["config", "manifest", "index"]);
      const change = (name, document) => {
        if (name !== wanted) return document;
        const copy = mutator.change(structuredClone(document));
        return this.chance(0.2) ? mutator.damage(JSON.stringify(copy)) : copy;
      };
      return wrap(layers, { compress, change });
    }
    const whole = wrap(layers, { compress });
    return kind === 3 ? tar(...this.members(membersOf(whole))) : this.bytes(whole);
  }

  /** A damaged list of names. */
  spec(text) {
    const lines = text.split("\n");
    for (let times = 1 + this.below(4); times > 0; times--) {
      const at = this.below(lines.length);
      const line = lines[at] ?? "";
      const bit = this.below(line.length + 1);
      lines[at] = this.pick([
        this.#text(),
        line.slice(0, bit),
        `${line.slice(0, bit)}${this.#text()}${line.slice(bit)}`,
        `${line}\0`,
        `${line}\\n${line}`,
        `${line}/..`,
        `/..${line}`,
        `/${"p/".repeat(3000)}`,
        `/${"n".repeat(300)}`,
        `/proc/self/fd/${this.below(5)}`,
        "/dev/null",
        line.replaceAll("/", "//"),
      ]);
      if (this.chance(0.2)) lines.splice(this.below(lines.length), 0, line);
    }
    const bytes = Buffer.from(lines.join("\n"), "latin1");
    return this.chance(0.1) ? this.bytes(bytes) : bytes;
  }
}
