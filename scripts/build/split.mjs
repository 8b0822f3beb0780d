/**
 * What of src/ becomes a file of bytecode of its own: main; role/NAME for each module that is imported with import(), and so
 * is read only when it is played; lib/NAME for what several of them use, read once and only by those that use it.
 * The base finds them as `vz:role/NAME` and `vz:lib/NAME`.
 */
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { nodeFile, root } from "./base-target.mjs";

const { resolve: packageFile } = createRequire(import.meta.url);

/** File -> name of the shared bundles. */
const LIBS = new Map([
  [nodeFile("buffer"), "buffer"],
  [nodeFile("stream"), "stream"],
  [nodeFile("internal/fs-sync"), "fs"],
  [nodeFile("internal/timers"), "timers"],
  [packageFile("streamx"), "streamx"],
  [packageFile("tar-stream"), "tar-stream"],
  [join(root, "src/common/command.ts"), "command"],
  [join(root, "src/common/errors.ts"), "errors"],
  [join(root, "src/common/help.ts"), "help"],
]);
const SPECIFIERS = new Map([
  ["buffer", nodeFile("buffer")],
  ["node:buffer", nodeFile("buffer")],
  ["stream", nodeFile("stream")],
  ["node:stream", nodeFile("stream")],
  ["streamx", packageFile("streamx")],
  ["tar-stream", packageFile("tar-stream")],
]);

/** Bundles to make, name -> file: grows as they are found. The process is read by name (runtime/node/internal/bootstrap-late.ts). */
export const bundles = new Map([
  ["main", join(root, "src/main.ts")],
  ["lib/process", nodeFile("internal/process")],
]);

/** src/slave/runch/index.ts -> runch, src/build/ldd-trace.ts -> ldd-trace */
function roleName(file) {
  const name = basename(file, ".ts");
  return `role/${name === "index" ? basename(dirname(file)) : name}`;
}

/** An import that stays an import of another bundle, which is not read when nothing of it is used. */
function outside(name, file) {
  const known = bundles.get(name) ?? file;
  if (known !== file)
    return { errors: [{ text: `two bundles would be called ${name}: ${known} and ${file}` }] };
  bundles.set(name, file);
  return { path: `vz:${name}`, external: true, sideEffects: false };
}

export const split = {
  name: "split",
  setup(context) {
    context.onResolve({ filter: /^vz:lib\// }, ({ path }) => ({ path, external: true, sideEffects: false }));
    context.onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
      if (kind === "entry-point") return undefined;
      const file = path.startsWith(".") ? resolve(resolveDir, path) : SPECIFIERS.get(path);
      if (LIBS.has(file)) {
        const name = `lib/${LIBS.get(file)}`;
        // CommonJS cannot require what is outside its bundle; by way of a module that is inside it can.
        if (kind === "require-call")
          return { path: name, pluginData: file, namespace: "outside", sideEffects: false };
        return outside(name, file);
      }
      if (kind !== "dynamic-import") return undefined;
      if (path.startsWith(".")) return outside(roleName(file), file);
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
 * A bundle's text without import(), which the engine refuses in bytecode that holds no file name; most bundles are such
 * (scripts/pack.mjs). What the base offers in its place does the same.
 */
export function withoutImport(text) {
  const changed = text.replaceAll('import("vz:', 'vzBase.importBundle("vz:');
  return changed === text ? text : `import vzBase from "vz:sys";\n${changed}`;
}

/** What esbuild starts from: the file itself, or for CommonJS a list of its exports, which a module needs by name. */
export function entryOf(name, file) {
  if (file.endsWith(".ts")) return { entryPoints: [file] };
  const names = Object.keys(createRequire(import.meta.url)(file));
  const from = JSON.stringify(file);
  const contents = `export { ${names.join(", ")} } from ${from}; export { default } from ${from};`;
  return { stdin: { contents, resolveDir: root, sourcefile: `${name}.js` } };
}
