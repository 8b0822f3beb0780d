/**
 * Bundles src/ to build/bundles: main.js; role/NAME.js for each module that is imported with import(), which stays
 * `import("vz:role/NAME")` and so is read only when it is played; lib/NAME.js for what is too big to stand in each of them.
 * The list of roles is found by following src/main.ts; nothing has to be entered here for a new one. --list shows what the
 * bundles consist of, --budget fails when one is too big. With VZ_PARTIAL=1 a role that cannot be bundled is left out, so that the others can be tried.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { baseOptions, basePlugins, bootstrap, bufferShim, nodeFile, root } from "./build/base-target.mjs";

const outdir = join(root, "build/bundles");

/**
 * What runs on a slave for every container must start in a millisecond or two: bytes of bundled source that are read.
 * main is read in every role and is not counted again.
 */
const LIMITS = { main: 40 * 1024, runch: 60 * 1024, vzexec: 60 * 1024 };

/** Bundles that others share, by the specifier that means them: read once, and only by those that use them. */
const LIBS = new Map([
  ["buffer", nodeFile("buffer")],
  ["streamx", createRequire(import.meta.url).resolve("streamx")],
  ["tar-stream", createRequire(import.meta.url).resolve("tar-stream")],
]);

/** Bundles to make and made: name -> file. */
const bundles = new Map([["main", join(root, "src/main.ts")]]);

/** src/slave/runch/index.ts -> runch, src/build/ldd-trace.ts -> ldd-trace */
function roleName(file) {
  const name = basename(file, ".ts");
  return name === "index" ? basename(dirname(file)) : name;
}

const roles = {
  name: "roles",
  setup(context) {
    context.onResolve({ filter: /^\.\.?\// }, ({ path, kind, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      const file = resolve(resolveDir, path);
      const name = roleName(file);
      const known = bundles.get(name) ?? file;
      if (known !== file) {
        return { errors: [{ text: `two bundles would be called ${name}: ${known} and ${file}` }] };
      }
      bundles.set(name, file);
      return { path: `vz:role/${name}`, external: true };
    });
  },
};

const libs = {
  name: "libs",
  setup(context) {
    context.onResolve({ filter: /^(node:)?[a-z-]+$|buffer\.ts$/ }, ({ path, kind, importer, pluginData }) => {
      const name = basename(path, ".ts").replace(/^node:/, "");
      if (!LIBS.has(name) || kind === "entry-point" || pluginData === "lib") return undefined;
      if (path.startsWith(".") && resolve(dirname(importer), path) !== LIBS.get(name)) return undefined;
      bundles.set(`lib/${name}`, LIBS.get(name));
      // CommonJS cannot require what is outside the bundle; by way of a module it can
      return kind === "require-call"
        ? { path: name, namespace: "lib", sideEffects: false }
        : { path: `vz:lib/${name}`, external: true, sideEffects: false };
    });
    context.onResolve({ filter: /^vz:lib\// }, ({ path }) => ({ path, external: true, sideEffects: false }));
    context.onLoad({ filter: /.*/, namespace: "lib" }, ({ path }) => ({
      contents: `export * from "vz:lib/${path}"; export { default } from "vz:lib/${path}";`,
    }));
  },
};

const fileOf = (name) => (name === "main" || name.startsWith("lib/") ? `${name}.js` : `role/${name}.js`);

/** What esbuild starts from: the file itself, or for CommonJS a list of its exports, which a module needs by name. */
function entryOf(name, file) {
  if (!name.startsWith("lib/") || file.endsWith(".ts")) return { entryPoints: [file] };
  const names = Object.keys(createRequire(import.meta.url)(file));
  const from = JSON.stringify(file);
  const contents = `export { ${names.join(", ")} } from ${from}; export { default } from ${from};`;
  return { stdin: { contents, resolveDir: root, sourcefile: `${name}.js` } };
}

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
    outfile: join(outdir, fileOf(name)),
    write: false,
    metafile: true,
    inject: name === "main" ? [bootstrap, bufferShim] : [bufferShim],
    plugins: [roles, libs, ...basePlugins],
    define,
  });
  const output = Object.values(metafile.outputs)[0];
  const parts = Object.entries(output.inputs)
    .map(([input, { bytesInOutput }]) => [input, bytesInOutput])
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1]);
  const needs = output.imports
    .filter(({ path, kind }) => kind === "import-statement" && path.startsWith("vz:lib/"))
    .map(({ path }) => path.slice(3));
  return { name, contents: outputFiles[0].contents, parts, needs: [...new Set(needs)] };
}

/** Names of the bundles that are read when one is, itself included. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const needed of made.get(name).needs) closure(needed, found);
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
  } catch {
    // esbuild has said why
    process.stderr.write(`bundle: ${name} cannot be bundled\n`);
    if (process.env.VZ_PARTIAL !== "1" || name === "main") process.exit(1);
  }
}

rmSync(outdir, { recursive: true, force: true });
for (const folder of ["role", "lib"]) mkdirSync(join(outdir, folder), { recursive: true });
for (const [name, one] of made) {
  writeFileSync(join(outdir, fileOf(name)), one.contents);
  if (process.argv.includes("--list")) process.stdout.write(describe(one));
}

const always = closure("main");
for (const [name, limit] of Object.entries(LIMITS)) {
  const read = made.has(name) ? [...closure(name)].filter((one) => name === "main" || !always.has(one)) : [];
  const bytes = read.reduce((sum, one) => sum + made.get(one).contents.length, 0);
  if (bytes <= limit) continue;
  process.stderr.write(
    `bundle: ${name} reads ${bytes} bytes of source, its budget is ${limit} (node scripts/bundle.mjs --list)\n`,
  );
  // a failure of the tests, not of every build in between
  if (process.argv.includes("--budget")) process.exitCode = 1;
}
