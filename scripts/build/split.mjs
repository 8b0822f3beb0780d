/**
 * What of src/ becomes a file of bytecode of its own: main; each module that is imported with import() or `import defer`, and so is
 * read only when it is needed; and what several of them use (bundles.mjs). A bundle has the name of its file in src/, or the one
 * that bundles.mjs gives it; the base finds it as `vz:NAME`.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { nodeFile, root } from "./base-target.mjs";
import { late, libraries, RUNCH, shared } from "./bundles.mjs";

const { resolve: packageFile } = createRequire(import.meta.url);
const nameOfLibrary = new Map([...libraries].map(([name, file]) => [file, name]));

/**
 * The shared bundle that `file` is taken from when `importer` imports it: {name, files}.
 * @param bundle name of the one that is being made
 */
function sharedBundle(file, importer, bundle) {
  const isOfRunch =
    String(bundles.get(bundle)).startsWith(RUNCH) || shared.some(({ name }) => name === bundle);
  if (!isOfRunch) return undefined;
  // the module that makes one bundle of several files has no place of its own
  const from = importer.endsWith(`${bundle}.js`) ? [bundles.get(bundle)].flat()[0] : importer;
  return shared.find(
    ({ among, files }) => among.some((folder) => from.startsWith(folder)) && files.includes(file),
  );
}

const SPECIFIERS = new Map([
  ["buffer", nodeFile("buffer")],
  ["node:buffer", nodeFile("buffer")],
  ["stream", nodeFile("stream")],
  ["node:stream", nodeFile("stream")],
  ["streamx", packageFile("streamx")],
  ["tar-stream", packageFile("tar-stream")],
]);

/** Bundles to make, name -> file: grows as they are found. `lib/process` is read by name (runtime/node/internal/bootstrap-late.ts). */
export const bundles = new Map([
  ["main", join(root, "src/main.ts")],
  ["lib/process", nodeFile("internal/process")],
]);

/** src/slave/runch/index.ts -> slave/runch, src/lab/commands/up.ts -> lab/commands/up */
function bundleName(file) {
  return relative(join(root, "src"), file).replace(/(\/index)?\.ts$/, "");
}

/** Bundle -> how others ask for it: a deferred one must not be imported as well, or it would be there twice. */
const ways = new Map();

/** A file that is read when it is first needed. */
function later(file, way) {
  const together = late.find(({ files }) => files.includes(file));
  const name = together?.name ?? bundleName(file);
  if ((ways.get(name) ?? way) !== way)
    return {
      errors: [{ text: `${name} is asked for by import() in one place, by import defer in another` }],
    };
  ways.set(name, way);
  return outside(name, together?.files ?? file);
}

/** An import that stays an import of another bundle, which is not read when nothing of it is used. */
function outside(name, file) {
  const known = bundles.get(name) ?? file;
  if (String(known) !== String(file))
    return { errors: [{ text: `two bundles would be called ${name}: ${known} and ${file}` }] };
  bundles.set(name, file);
  return { path: `vz:${name}`, external: true, sideEffects: false };
}

export const split = {
  name: "split",
  setup(context) {
    context.onResolve({ filter: /^vz:lib\// }, ({ path }) => ({ path, external: true, sideEffects: false }));
    // what this very bundle is made of is no import of another
    const { define: { BUNDLE: own } = {} } = context.initialOptions;
    context.onResolve({ filter: /^deferred:/ }, ({ path, resolveDir }) =>
      later(resolve(resolveDir, path.slice("deferred:".length)), "import defer"),
    );
    context.onResolve({ filter: /./ }, ({ path, kind, importer, resolveDir }) => {
      if (kind === "entry-point") return undefined;
      const file = /^[./]/.test(path) ? resolve(resolveDir, path) : SPECIFIERS.get(path);
      const group = kind === "import-statement" ? sharedBundle(file, importer, JSON.parse(own)) : undefined;
      if (group !== undefined && JSON.stringify(group.name) !== own) return outside(group.name, group.files);
      const name = nameOfLibrary.get(file);
      if (name !== undefined && JSON.stringify(name) !== own) {
        // CommonJS cannot require what is outside its bundle; by way of a module that is inside it can.
        if (kind === "require-call")
          return { path: name, pluginData: file, namespace: "outside", sideEffects: false };
        return outside(name, file);
      }
      if (kind !== "dynamic-import") return undefined;
      if (path.startsWith(".")) return later(file, "import()");
      if (path.startsWith("node:")) return outside(`lib/${path.slice(5)}`, nodeFile(path.slice(5)));
      return undefined;
    });
    context.onLoad({ filter: /./, namespace: "outside" }, ({ path, pluginData }) => {
      outside(path, pluginData);
      const from = JSON.stringify(`vz:${path}`);
      return { contents: `export * from ${from}; export { default } from ${from};` };
    });
  },
};

/**
 * A bundle's text with functions of the base in place of import() and `import defer`. The engine refuses import() in bytecode
 * that holds no file name, as that of most bundles (scripts/pack.mjs), and does not have `import defer`.
 */
export function withoutImport(text) {
  const changed = text
    .replaceAll('import("vz:', 'vzBase.importBundle("vz:')
    .replace(/^import defer \* as (\w+) from ("vz:[^"]+");$/gm, "const $1 = vzBase.deferBundle($2);");
  return changed === text ? text : `import vzBase from "vz:sys";\n${changed}`;
}

/** `export *` of two files leaves out, without a word, what both export. */
function refuseSameNames(name, files) {
  const seen = new Map();
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    for (const [, exported] of text.matchAll(/^export (?:async )?(?:const|function\*?|class) (\w+)/gm)) {
      if (seen.has(exported))
        throw new Error(`${name}: ${seen.get(exported)} and ${file} both export ${exported}`);
      seen.set(exported, file);
    }
  }
}

/** What esbuild starts from: the file itself, all of a group's, or for CommonJS a list of its exports, which a module needs by name. */
export function entryOf(name, file) {
  if (Array.isArray(file)) {
    refuseSameNames(name, file);
    const contents = file.map((one) => `export * from ${JSON.stringify(one)};\n`).join("");
    return { stdin: { contents, resolveDir: root, sourcefile: `${name}.js` } };
  }
  if (file.endsWith(".ts")) return { entryPoints: [file] };
  const names = Object.keys(createRequire(import.meta.url)(file));
  const from = JSON.stringify(file);
  const contents = `export { ${names.join(", ")} } from ${from}; export { default } from ${from};`;
  return { stdin: { contents, resolveDir: root, sourcefile: `${name}.js` } };
}
