/**
 * Bundles src/ to build/bundles, in the files that scripts/build/bundles.mjs and split.mjs tell apart. Finds them by following
 * src/main.ts; nothing has to be entered anywhere for a new role. build/bundles.json names those that a slave can come to
 * read, and those to be packed. --list only shows what each consists of, --budget only fails when one is too big. With
 * VZ_PARTIAL=1 a role that cannot be bundled is left out, so that the others can be tried.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { baseOptions, basePlugins, globalsShim, lateBootstrap, root } from "./build/base-target.mjs";
import { isOfHost, isPacked, LIMITS } from "./build/bundles.mjs";
import { bundles, entryOf, split, withoutImport } from "./build/split.mjs";

const outdir = join(root, "build/bundles");

function git(...args) {
  return execFileSync("git", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

/** The commit in twelve digits (git's own choice of a length depends on the clone), "-dirty" if tracked files differ. */
function commit() {
  try {
    const changes = git("status", "--porcelain", "--untracked-files=no");
    return git("rev-parse", "HEAD").slice(0, 12) + (changes === "" ? "" : "-dirty");
  } catch {
    return "unknown";
  }
}

async function bundle(name, file, define) {
  const { outputFiles, metafile } = await build({
    ...baseOptions,
    ...entryOf(name, file),
    outfile: join(outdir, `${name}.js`),
    write: false,
    metafile: true,
    inject: name === "main" ? [lateBootstrap, globalsShim] : [globalsShim],
    plugins: [split, ...basePlugins],
    define: { ...define, BUNDLE: JSON.stringify(name) },
  });
  const output = Object.values(metafile.outputs)[0];
  const parts = Object.entries(output.inputs)
    .map(([input, { bytesInOutput }]) => [input, bytesInOutput])
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1]);
  const own = output.imports.filter(({ path }) => path.startsWith("vz:") && path !== "vz:sys");
  // the engine would link it without end
  if (own.some(({ path }) => path === `vz:${name}`)) throw new Error("it imports itself");
  const names = (list) => [...new Set(list.map(({ path }) => path.slice(3)))];
  const needs = names(
    own.filter(({ path, kind }) => kind === "import-statement" && path.startsWith("vz:lib/")),
  );
  // esbuild marks where each file begins; in bytecode nothing is left of that
  const text = outputFiles[0].text.replace(/^\/\/ [^ \n]+$\n/gm, "");
  const contents = Buffer.from(withoutImport(text));
  return { name, contents, parts, needs, asks: names(own) };
}

/** Names of the bundles that `next` leads to from `name`, itself included. */
function closure(name, next = ({ needs }) => needs, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const bundle = made.get(name);
  for (const needed of bundle === undefined ? [] : next(bundle)) closure(needed, next, found);
  return found;
}

function describe({ name, contents, parts, needs }) {
  const rows = parts.map(([file, bytes]) => `  ${String(bytes).padStart(7)}  ${file}\n`);
  return `${[name, ...needs].join(" + ")}: ${contents.length} bytes of its own\n${rows.join("")}`;
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const define = { __VZ_VERSION__: JSON.stringify(version), __VZ_COMMIT__: JSON.stringify(commit()) };
const made = new Map();
// the map grows while we go through it
for (const [name, file] of bundles) {
  try {
    made.set(name, await bundle(name, file, define));
  } catch (error) {
    // esbuild has said why
    process.stderr.write(`bundle: ${name} cannot be bundled${error.errors ? "" : `: ${error.message}`}\n`);
    if (process.env.VZ_PARTIAL !== "1" || name === "main") process.exit(1);
  }
}

const asked = process.argv.slice(2);
if (asked.includes("--list")) process.stdout.write([...made.values()].map(describe).join(""));
// with --list or --budget, leave alone the files that a build beside this may be packing
if (asked.length === 0) {
  rmSync(outdir, { recursive: true, force: true });
  for (const [name, { contents }] of made) {
    const file = join(outdir, `${name}.js`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  const ofSlave = closure("main", ({ asks }) => asks.filter((name) => !isOfHost(name)));
  // read by name (runtime/node/internal/bootstrap-late.ts)
  closure("lib/process", ({ asks }) => asks, ofSlave);
  const slave = [...ofSlave].sort();
  const packed = [...made.keys()].filter((name) => !ofSlave.has(name) || isPacked(name)).sort();
  writeFileSync(join(root, "build/bundles.json"), JSON.stringify({ slave, packed }));
}

const always = closure("main");
for (const { what, names, limit } of LIMITS) {
  const all = new Set(names.filter((name) => made.has(name)).flatMap((name) => [...closure(name)]));
  const read = [...all].filter((one) => what === "main" || !always.has(one));
  const bytes = read.reduce((sum, one) => sum + (made.get(one)?.contents.length ?? 0), 0);
  if (asked.includes("--list")) process.stdout.write(`${what} reads ${bytes} bytes, of ${limit}\n`);
  if (bytes <= limit) continue;
  process.stderr.write(
    `bundle: ${what} reads ${bytes} bytes of source, its budget is ${limit} (node scripts/bundle.mjs --list)\n`,
  );
  // that fails the tests (--budget), not every build in between
  if (asked.includes("--budget")) process.exitCode = 1;
}
