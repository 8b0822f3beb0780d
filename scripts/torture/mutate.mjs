/**
 * Mutations of config.json. Each must end in an error that says what is wrong with it, or in a plan that accounts for
 * every field of it. The reader and the planner are run in this process; some more go through dist/vz itself.
 *
 *     node scripts/torture/mutate.mjs [--count 100000] [--real 3000] [--seed N]
 */
import { build } from "esbuild";
import { root as project } from "../build/base-target.mjs";
import { heldBy, isTold, leaves, lostInPlanning, lostInReading, recorder } from "./account.mjs";
import { bases, documentOf, FIELDS, LEAST, place } from "./configs.mjs";
import { runMutations } from "./jail.mjs";
import { Mutator } from "./mutations.mjs";
import { readOptions } from "./support.mjs";

const NAME = "torture/mutate";
const options = readOptions(NAME, { count: 100_000, real: 3000, seed: 20261125 });
/** Statuses of an error in config.json: bad data, and what this runch or machine does not have. */
const REFUSALS = [78, 125];
const MOST_FAULTS = 40;
/** Characters of a document that are shown. */
const SHOWN = 600;

/** The reader and the planner, under Node as the unit tests have them. */
async function loadPlanner() {
  const entry = [
    'export { readConfig } from "./src/common/oci.ts";',
    'export { isVzError } from "./src/common/errors.ts";',
    'export { readAnnotations } from "./src/slave/runch/bundle.ts";',
    'export { makePlan } from "./src/slave/runch/plan.ts";',
    'export { Shortfalls } from "./src/slave/runch/shortfalls.ts";',
  ].join("\n");
  const result = await build({
    stdin: { contents: entry, resolveDir: project, loader: "ts" },
    absWorkingDir: project,
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    logOverride: { "import-is-undefined": "silent" },
    packages: "external",
    alias: { "vz:sys": `${project}/test/support/vz-sys.ts` },
    define: { __VZ_VERSION__: '"0.0.0"', __VZ_COMMIT__: '"test"' },
  });
  const [{ text }] = result.outputFiles;
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

const vz = await loadPlanner();
const faults = new Map();
function fault(what, text) {
  const known = faults.get(what);
  if (known !== undefined) known.times++;
  else faults.set(what, { times: 1, text });
}

/**
 * Reads and plans one document.
 * @returns {Promise<{ plan?: object, unknown?: string[], short?: readonly string[], error?: Error }>}
 */
async function outcome(text, form) {
  let config;
  let unknown;
  let short;
  try {
    ({ config, unknown } = vz.readConfig(text));
    for (const path of lostInReading(JSON.parse(text), config, unknown))
      fault(`${path}: lost in reading`, text);
    const { proxy, read, pathOf } = recorder(config);
    short = new vz.Shortfalls("auto", "");
    const annotations = vz.readAnnotations(proxy);
    const plan = await vz.makePlan(proxy, { bundle: "/bundle", form }, short);
    const held = heldBy(plan, pathOf);
    for (const path of lostInPlanning(config, { read, held, short: short.list })) {
      fault(`${path.replace(/\[\d+\]/g, "[]")}: lost in planning`, text);
    }
    return { plan, annotations, unknown, short: short.list };
  } catch (error) {
    if (!vz.isVzError(error) || !REFUSALS.includes(error.status)) {
      fault(
        `crash: ${String(error?.stack ?? error)
          .split("\n")
          .slice(0, 2)
          .join(" ")}`,
        text,
      );
    }
    return { error };
  }
}

/** What of an outcome can be seen, as text. */
function shown({ plan, annotations, unknown, short, error }) {
  if (error !== undefined) return `error ${error.message}`;
  return JSON.stringify({ plan, annotations, unknown, short }, (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}

function other(value) {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  return typeof value === "string" ? `${value}x` : ["x"];
}

/** Fields that may be another value without a difference: they are only of use with another one, or ask for nothing. */
const WITHOUT_INFLUENCE = [/^process\.consoleSize\./, /^annotations\.org\./];

/** What an outcome says about fields that are not applied. */
function told({ error, short }) {
  return error === undefined ? short : [error.message.replace(/^config\.json: /, "")];
}

/** Changes every single field of the specification, one at a time: the plan, or what is said, must become another one. */
async function checkInfluence() {
  let count = 0;
  for (const [path, value] of Object.entries(FIELDS)) {
    const before = await outcome(JSON.stringify(documentOf([path])), "fork");
    const at = path.replace(/#.*/, "");
    for (const leaf of leaves(value)) {
      const where = `${at}${leaf.path.startsWith("[") || leaf.path === "" ? "" : "."}${leaf.path}`;
      const text = JSON.stringify(
        place(documentOf([path]), path, replaced(value, leaf.path, other(leaf.value))),
      );
      const after = await outcome(text, "fork");
      count++;
      if (shown(before) !== shown(after) || isTold(where, told(after))) continue;
      if (!WITHOUT_INFLUENCE.some((one) => one.test(where)))
        fault(`${where}: another value makes no difference`, text);
    }
  }
  return count;
}

/** A copy of `value` with another value at one path below it. */
function replaced(value, path, by) {
  if (path === "") return by;
  const copy = structuredClone(value);
  const walk = (holder, at) => {
    for (const key of Object.keys(holder)) {
      const here = Array.isArray(holder) ? `${at}[${key}]` : at === "" ? key : `${at}.${key}`;
      if (here === path) holder[key] = by;
      else if (typeof holder[key] === "object" && holder[key] !== null) walk(holder[key], here);
    }
  };
  walk(copy, "");
  return copy;
}

/** Random documents, the next by each call. */
function source(seed) {
  const mutator = new Mutator(seed);
  const whole = Object.values(bases());
  const paths = Object.keys(FIELDS);
  return () => {
    // some fields of all, else most documents would be refused for the one field that this runch does not have
    const share = mutator.pick([0.05, 0.15, 0.4]);
    const document = mutator.chance(0.5)
      ? documentOf(paths.filter(() => mutator.chance(share)))
      : structuredClone(mutator.chance(0.9) ? mutator.pick(whole) : LEAST);
    const times = mutator.pick([0, 1, 1, 1, 2, 3]);
    for (let i = 0; i < times; i++) mutator.change(document);
    const text = JSON.stringify(document);
    return mutator.chance(0.15) ? mutator.damage(text) : text;
  };
}

process.stdout.write(`seed ${options.seed}\n`);
const begin = Date.now();
const fields = await checkInfluence();
process.stdout.write(`${fields} fields of the specification, each with another value\n`);

const next = source(options.seed);
const ends = { plan: 0, refused: 0 };
for (let i = 0; i < options.count && faults.size < MOST_FAULTS; i++) {
  const { error } = await outcome(next(), i % 2 === 0 ? "fork" : "exec");
  ends[error === undefined ? "plan" : "refused"]++;
}
process.stdout.write(
  `${options.count} mutations in this process: ${ends.plan} planned, ${ends.refused} refused, ` +
    `${((Date.now() - begin) / 1000).toFixed(1)} s\n`,
);

if (options.real > 0) {
  const real = source(options.seed + 1);
  const texts = Array.from({ length: options.real }, real);
  const started = Date.now();
  const counts = await runMutations(texts, fault);
  process.stdout.write(
    `${texts.length} mutations through dist/vz: ${Object.entries(counts)
      .map(([status, times]) => `${times} with status ${status}`)
      .join(", ")}; ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
  );
}
process.stdout.write(`mutate: ${faults.size} faults\n`);
for (const [what, { times, text }] of faults) {
  process.stdout.write(
    `  ${what} (${times} times)\n    ${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}\n`,
  );
}
process.exit(faults.size > 0 ? 1 : 0);
