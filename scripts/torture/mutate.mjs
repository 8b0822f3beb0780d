/**
 * Mutations of config.json. Each must end in an error that says what is wrong with it, or in a plan that accounts for
 * every field of it. The reader and the planner are run in this process; some more go through dist/vz itself.
 *
 *     node scripts/torture/mutate.mjs [--count 100000] [--real 3000] [--seed N]
 */
import { root as project } from "../build/base-target.mjs";
import { isTold, leaves } from "./account.mjs";
import { bases, documentOf, FIELDS, LEAST, place, withNeeds } from "./configs.mjs";
import { runMutations } from "./jail.mjs";
import { Mutator } from "./mutations.mjs";
import { makePlanner } from "./planner.mjs";
import { readOptions } from "./support.mjs";

const NAME = "torture/mutate";
const options = readOptions(NAME, { count: 100_000, real: 3000, seed: 20261125 });
const MOST_FAULTS = 40;
/** Characters of a document that are shown. */
const SHOWN = 600;

const plan = await makePlanner(project);
const faults = new Map();
function fault(what, text) {
  const known = faults.get(what);
  if (known !== undefined) known.times++;
  else faults.set(what, { times: 1, text });
}

const outcome = (text, form) => plan(text, form, (what) => fault(what, text));

function other(value) {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  return typeof value === "string" ? `${value}x` : ["x"];
}

/** Fields that may be another value without a difference: they are only of use with another one, or ask for nothing. */
const WITHOUT_INFLUENCE = [/^process\.consoleSize\./, /^annotations\.org\./];

/** What an outcome says about fields that are not applied. */
function told({ error, short }) {
  return error === undefined ? short : error.replace(/^config\.json: /, "").split(" and ");
}

/** Changes every single field of the specification, one at a time: the plan, or what is said, must become another one. */
async function checkInfluence() {
  let count = 0;
  for (const [path, value] of Object.entries(FIELDS)) {
    const before = await outcome(JSON.stringify(documentOf(withNeeds([path]))), "fork");
    const at = path.replace(/#.*/, "");
    for (const leaf of leaves(value)) {
      const where = `${at}${leaf.path.startsWith("[") || leaf.path === "" ? "" : "."}${leaf.path}`;
      const text = JSON.stringify(
        place(documentOf(withNeeds([path])), path, replaced(value, leaf.path, other(leaf.value))),
      );
      const after = await outcome(text, "fork");
      count++;
      if (before.shown !== after.shown || isTold(where, told(after))) continue;
      if (!WITHOUT_INFLUENCE.some((one) => one.test(where)))
        fault(`${where}: another value makes no difference`, text);
    }
  }
  return count;
}

/** Values of all types; a field takes one of them at most. */
const TYPES = ["", "1", 0, 1.5, false, [], {}];

const typeOf = (value) => (Array.isArray(value) ? "list" : typeof value);

/** All below a value, itself included: paths and values. */
function parts(value, path = "") {
  if (typeof value !== "object" || value === null) return [{ path, value }];
  const below = Object.keys(value).flatMap((key) =>
    parts(value[key], Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`),
  );
  return [{ path, value }, ...below];
}

/** Gives every field a value of every other type: each has to be an error, or the field is told as a whole. */
async function checkTypes() {
  let count = 0;
  for (const [path, value] of Object.entries(FIELDS)) {
    const at = path.replace(/#.*/, "");
    for (const part of parts(value)) {
      const where = `${at}${part.path.startsWith("[") || part.path === "" ? "" : "."}${part.path}`;
      for (const wrong of TYPES.filter((one) => typeOf(one) !== typeOf(part.value))) {
        const text = JSON.stringify(
          place(documentOf(withNeeds([path])), path, replaced(value, part.path, wrong)),
        );
        const after = await outcome(text, "fork");
        count++;
        if (after.error === undefined && !isTold(where, told(after)))
          fault(`${where}: takes ${JSON.stringify(wrong)} for a ${typeOf(part.value)}`, text);
      }
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
      ? documentOf(withNeeds(paths.filter(() => mutator.chance(share))))
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
const types = await checkTypes();
process.stdout.write(
  `${fields} fields of the specification, each with another value; ${types} values of a wrong type\n`,
);

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
