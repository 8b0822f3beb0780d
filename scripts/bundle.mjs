/**
 * Bundles src/ to build/bundles: main.js, and role/NAME.js for each module that is imported with import(), which stays
 * `import("vz:role/NAME")` and so is read only when it is played. The list of bundles is found by following src/main.ts;
 * nothing has to be entered here for a new role. --list shows what the bundles consist of.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { baseOptions, basePlugins, bootstrap, bufferShim, root } from "./build/base-target.mjs";

const outdir = join(root, "build/bundles");

/** What runs on a slave for every container must start in a millisecond or two: bytes of bundled source. */
const LIMITS = { runch: 60 * 1024, vzexec: 60 * 1024 };

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

const fileOf = (name) => (name === "main" ? "main.js" : `role/${name}.js`);

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
    entryPoints: [file],
    outfile: join(outdir, fileOf(name)),
    write: false,
    metafile: true,
    inject: name === "main" ? [bootstrap, bufferShim] : [bufferShim],
    plugins: [roles, ...basePlugins],
    define,
  });
  const parts = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .map(([input, { bytesInOutput }]) => [input, bytesInOutput])
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1]);
  return { name, contents: outputFiles[0].contents, parts };
}

function describe({ name, contents, parts }) {
  const rows = parts.map(([file, bytes]) => `  ${String(bytes).padStart(7)}  ${file}\n`);
  return `${name}: ${contents.length} bytes of source\n${rows.join("")}`;
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const define = { __VZ_VERSION__: JSON.stringify(version), __VZ_COMMIT__: JSON.stringify(commit()) };
const made = [];
// the map grows while we go through it
for (const [name, file] of bundles) made.push(await bundle(name, file, define));

rmSync(outdir, { recursive: true, force: true });
mkdirSync(join(outdir, "role"), { recursive: true });
for (const one of made) {
  writeFileSync(join(outdir, fileOf(one.name)), one.contents);
  if (process.argv.includes("--list")) process.stdout.write(describe(one));
  const limit = LIMITS[one.name];
  if (limit === undefined || one.contents.length <= limit) continue;
  process.stderr.write(`bundle: more than the ${limit} bytes with which it starts at once: ${describe(one)}`);
  process.exitCode = 1;
}
