/**
 * Whether every field of a config.json was accounted for: the reader kept it or named it as unknown, and what plans the
 * container read it, took it over whole, or named it among what falls short.
 */

/** Fields that have no say here, with the reason. */
const PASSED_OVER = [
  // checked by the reader
  "ociVersion",
  // kept whole in the state
  "annotations",
  // goes over whole with a terminal, and "MUST be ignored" without one
  "process.consoleSize",
  // "MUST be ignored" or of other systems (config.md)
  ...["process.commandLine", "solaris", "windows", "vm", "zos", "freebsd"],
];

function below(path, ancestor) {
  return path === ancestor || path.startsWith(`${ancestor}.`) || path.startsWith(`${ancestor}[`);
}

/** The document's own path is undefined: "" is that of a field with an empty name. */
function step(path, holder, key) {
  if (Array.isArray(holder)) return `${path ?? ""}[${key}]`;
  return path === undefined ? String(key) : `${path}.${String(key)}`;
}

/** Paths and values of all that is not null and has nothing below it. */
export function leaves(value, path = undefined, out = []) {
  if (value === null || value === undefined) return out;
  const keys = typeof value === "object" ? Object.keys(value) : [];
  if (keys.length === 0) out.push({ path: path ?? "", value });
  for (const key of keys) leaves(value[key], step(path, value, key), out);
  return out;
}

/** A stand-in for `root` that remembers the paths of what was read of it. */
export function recorder(root) {
  const read = new Set();
  const paths = new WeakMap();
  const proxies = new WeakMap();
  const wrap = (value, path) => {
    if (typeof value !== "object" || value === null) return value;
    const known = proxies.get(value);
    if (known !== undefined) return known;
    const proxy = new Proxy(value, {
      get(target, key, receiver) {
        const one = Reflect.get(target, key, receiver);
        if (typeof key === "symbol" || !Object.hasOwn(target, key)) return one;
        const at = step(path, target, key);
        read.add(at);
        return wrap(one, at);
      },
    });
    proxies.set(value, proxy);
    paths.set(proxy, path);
    return proxy;
  };
  return { proxy: wrap(root, undefined), read, pathOf: (object) => paths.get(object) };
}

/** Paths of the parts of the document that a plan holds as they are. */
export function heldBy(plan, pathOf) {
  const held = [];
  const seen = new Set();
  const walk = (value) => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    const path = pathOf(value);
    // the whole document in a plan would account for nothing
    if (path !== undefined) held.push(path);
    else for (const one of Object.values(value)) walk(one);
  };
  walk(plan);
  return held;
}

/** Fields of `document` that `config`, what the reader made of it, lacks and `unknown` does not name. */
export function lostInReading(document, config, unknown) {
  const kept = new Map(leaves(config).map(({ path, value }) => [path, value]));
  return leaves(document)
    .filter(({ path, value }) => {
      const same = typeof value === "object" ? kept.has(path) : Object.is(kept.get(path), value);
      return !same && !unknown.some((one) => below(path, one));
    })
    .map(({ path }) => path);
}

/** Whether one of `texts`, which begin with the path of a field, tells of this path or of what it stands in. */
export function isTold(path, texts) {
  const ends = [...path.matchAll(/[.[]|$/g)].map(({ index }) => index);
  const ancestors = ends.map((end) => path.slice(0, end)).filter((one) => one !== "");
  return texts.some((text) =>
    ancestors.some((one) => text.startsWith(one) && /^([ :(]|$)/.test(text.slice(one.length))),
  );
}

/**
 * @param read what was read of `config`, `held` what the plan took over
 */
export function lostInPlanning(config, { read, held, short }) {
  const passed = [...PASSED_OVER, ...held];
  return leaves(config)
    .map(({ path }) => path)
    .filter((path) => !read.has(path) && !passed.some((one) => below(path, one)))
    .filter((path) => !isTold(path, short));
}
