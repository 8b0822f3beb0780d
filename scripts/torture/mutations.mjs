/** Random changes of a JSON document, all from one seed: the same seed gives the same changes. */

/** Numbers in [0, 1) (mulberry32, public domain). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const STRINGS = [
  "",
  " ",
  "/",
  "//",
  "..",
  "../..",
  "/../..",
  ".",
  "a",
  "-",
  "\0",
  "a\0b",
  "\n",
  "\ud800",
  "ü€😀",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "true",
  "0",
  "-1",
  "1e9",
  "=",
  "=a",
  "A=",
  "%s%n",
  "$(true)",
  "x".repeat(300),
  "/x".repeat(2100),
  "y".repeat(70000),
  "/proc/self/fd/3",
  "/proc/1/root",
  "/dev/null",
  "pid",
  "user",
  "time",
  "bind",
  "ro",
  "rbind",
  "tmpcopyup",
  "cgroup",
  "proc",
  "CAP_SYS_ADMIN",
  "CAP_ALL",
  "RLIMIT_AS",
  "SCMP_ACT_KILL",
  "1.0.0",
  "2.0.0",
  "rootfs",
];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  255,
  256,
  511,
  512,
  1000,
  1001,
  -1000,
  -1001,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  -(2 ** 63),
  1e21,
  1e308,
  5e-324,
];
const FIELD_NAMES = [
  "x",
  "",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "then",
  "toJSON",
  "length",
  "path",
  "type",
  "0",
  "Args",
];

/** Every container of the document with the keys in it: where something can be changed. */
function places(value, out = []) {
  if (typeof value !== "object" || value === null) return out;
  for (const key of Object.keys(value)) {
    out.push({ holder: value, key });
    places(value[key], out);
  }
  return out;
}

/** Sets a field, also one of the name __proto__. */
function set(holder, key, value) {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

export class Mutator {
  #random;

  constructor(seed) {
    this.#random = randomFrom(seed);
  }

  chance(part) {
    return this.#random() < part;
  }

  pick(list) {
    return list[Math.floor(this.#random() * list.length)];
  }

  /** A value out of nowhere, at most `depth` deep. */
  value(depth = 3) {
    const kind = this.#random();
    if (kind < 0.3) return this.pick(STRINGS);
    if (kind < 0.6) return this.pick(NUMBERS);
    if (kind < 0.7) return this.pick([true, false, null]);
    if (depth === 0) return null;
    const length = Math.floor(this.#random() * 4);
    if (kind < 0.85) return Array.from({ length }, () => this.value(depth - 1));
    const object = {};
    for (let i = 0; i < length; i++) set(object, this.pick(FIELD_NAMES), this.value(depth - 1));
    return object;
  }

  /** A value in the document, whole. */
  #any(document) {
    const { holder, key } = this.pick(places(document));
    return structuredClone(holder[key]);
  }

  /** Changes the document in one place, or leaves it where it has none. */
  change(document) {
    const all = places(document);
    if (all.length === 0) return document;
    const { holder, key } = this.pick(all);
    const value = holder[key];
    const kind = Math.floor(this.#random() * 10);
    if (kind === 0) this.#remove(holder, key);
    else if (kind === 1) set(holder, key, null);
    else if (kind === 2) set(holder, key, this.value());
    else if (kind === 3) set(holder, key, this.#any(document));
    else if (kind === 4) set(holder, key, this.#near(value));
    else if (kind === 5) set(holder, key, this.pick([[], {}, "", 0, false]));
    else if (kind === 6) this.#add(holder, key, value);
    else if (kind === 7 && typeof value === "object" && value !== null && !Array.isArray(value))
      set(value, this.pick(FIELD_NAMES), this.value());
    else if (kind === 8) set(holder, key, this.pick([[value], { value }, String(value), Number(value)]));
    else this.#swap(all, holder, key);
    return document;
  }

  #remove(holder, key) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  }

  /** One more of what is there: in a list behind it, in an object under another name. */
  #add(holder, key, value) {
    if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(value));
    else set(holder, this.pick([...FIELD_NAMES, `${key}x`, key.toUpperCase()]), structuredClone(value));
  }

  #swap(all, holder, key) {
    const other = this.pick(all);
    const [a, b] = [structuredClone(holder[key]), structuredClone(other.holder[other.key])];
    set(holder, key, b);
    set(other.holder, other.key, a);
  }

  /** Of the same type and a little different. */
  #near(value) {
    if (typeof value === "number")
      return this.pick([value + 1, value - 1, -value, value * 1024, value / 2, this.pick(NUMBERS)]);
    if (typeof value === "boolean") return !value;
    if (typeof value !== "string") return this.value();
    const at = Math.floor(this.#random() * (value.length + 1));
    return this.pick([
      value.slice(0, at),
      `${value}x`,
      value.slice(0, at) + this.pick(STRINGS) + value.slice(at),
      value.toUpperCase(),
      value.replace("/", ""),
      `${value}${value}`,
      this.pick(STRINGS),
    ]);
  }

  /** Damages the text of a document. */
  damage(text) {
    const at = Math.floor(this.#random() * (text.length + 1));
    const kind = Math.floor(this.#random() * 6);
    if (kind === 0) return text.slice(0, at);
    if (kind === 1)
      return text.slice(0, at) + String.fromCharCode(Math.floor(this.#random() * 256)) + text.slice(at + 1);
    if (kind === 2) return text.slice(0, at) + text.slice(at + 1 + Math.floor(this.#random() * 20));
    if (kind === 3)
      return (
        text.slice(0, at) +
        this.pick(["{", "[", '"', ",", ":", "\\u", "1e999", "nul", "[".repeat(5000)]) +
        text.slice(at)
      );
    if (kind === 4) return text + text.slice(at);
    const other = Math.floor(this.#random() * (text.length + 1));
    return text.slice(0, at) + text.slice(other, other + 30) + text.slice(at);
  }
}
