/**
 * How esbuild bundles for the base: `node:` modules are those of runtime/node, `vz:sys` is left to the base, packages give
 * their plain JavaScript. Used for src/ and for the conformance tests.
 */
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const modules = join(root, "runtime/node");
const builtins = new Set(builtinModules.map((name) => name.replace(/^node:/, "")));

/** The file that stands for a module of Node's, whether it exists or not. */
export const nodeFile = (name) => join(modules, `${name}.ts`);
/** Installs the globals; goes into the program's first bundle and no other. The late one is for programs of many bundles. */
export const bootstrap = join(modules, "bootstrap.ts");
export const lateBootstrap = join(modules, "internal/bootstrap-late.ts");
/** Gives `Buffer`, `setTimeout` and their like to those bundles that use them. */
export const globalsShim = join(root, "scripts/build/inject-globals.js");

/**
 * Node's modules. To import one has no side effects, so a module that is not used is left out; only bootstrap.ts does something
 * by being imported.
 */
const nodeModules = {
  name: "node-modules",
  setup(context) {
    context.onResolve({ filter: /^(node:)?[a-z_]/ }, ({ path, importer, kind }) => {
      const name = path.replace(/^node:/, "");
      if (!builtins.has(name)) return undefined;
      // NAME.cjs stands beside NAME.ts where require() gives something else than import, as with "events"
      const wanted = [join(modules, `${name}.cjs`), nodeFile(name)].slice(kind === "require-call" ? 0 : 1);
      const file = wanted.find((one) => existsSync(one));
      if (file !== undefined) return { path: file, sideEffects: false };
      return {
        errors: [{ text: `runtime/node offers no ${name}, which ${relative(root, importer)} imports` }],
      };
    });
    context.onResolve({ filter: /^\.\.?\// }, ({ path, importer, resolveDir }) =>
      importer.startsWith(`${modules}/`) || importer === globalsShim
        ? { path: resolve(resolveDir, path), sideEffects: false }
        : undefined,
    );
  },
};

/**
 * `import defer * as NAME from "./file.ts"` (TC39's proposal, which TypeScript checks) is for what is seldom needed, and then in
 * the midst of synchronous code: the file is read when something of NAME is first used. esbuild does not do that itself: for a
 * program of one bundle it becomes a plain import, and for one of many (`apart`) split.mjs makes a bundle of the file.
 */
export function withDeferred(text, apart) {
  const from = apart ? 'import defer * as $1 from "deferred:$2";' : 'import * as $1 from "$2";';
  return text.replace(/^import defer \* as (\w+) from "(\.[^"]*)";$/gm, from);
}

/** Makes plain imports of deferred ones, for programs that run under Node. */
export const deferNothing = {
  name: "defer-nothing",
  setup(context) {
    context.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const contents = withDeferred(text, false);
      return contents === text ? undefined : { contents, loader: "ts" };
    });
  },
};

/**
 * `vz:sys` has one export, an object whose members are made when they are first asked for (runtime/native/lazy.c): as a
 * namespace it would have all of them made and bound at every start. In the sources it is imported as it is declared.
 */
const sysObject = {
  name: "sys-object",
  setup(context) {
    const { define: { BUNDLE } = {} } = context.initialOptions;
    context.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const contents = withDeferred(text, BUNDLE !== undefined)
        .replace(/^import \* as (\w+) from "vz:sys";$/m, 'import $1 from "vz:sys";')
        .replace(/^import (\{[\w, ]+\}) from "vz:sys";$/m, 'import sys from "vz:sys"; const $1 = sys;');
      return contents === text ? undefined : { contents, loader: "ts" };
    });
    // one import a bundle, however many of its files ask for it
    context.onResolve({ filter: /^vz:sys$/ }, ({ path, namespace }) =>
      namespace === "sys-object"
        ? { path, external: true }
        : { path, namespace: "sys-object", sideEffects: false },
    );
    context.onLoad({ filter: /./, namespace: "sys-object" }, () => ({
      contents: 'import sys from "vz:sys"; export default sys;',
    }));
  },
};

/**
 * Of ssh2 only the SFTP codec is used. What stands beside it would bring Node's crypto and compiled add-ons along; the
 * codec itself takes one table and one ASN.1 class from there, and uses them for nothing that we call.
 */
const sftpAlone = {
  name: "sftp-alone",
  setup(context) {
    const stubs = {
      "./constants.js": "exports.DISCONNECT_REASON = {};",
      asn1: "exports.Ber = {};",
    };
    context.onResolve({ filter: /^(\.\/constants\.js|asn1)$/ }, ({ path, importer }) =>
      /\/ssh2\/lib\/protocol\/[^/]+$/.test(importer) ? { path, namespace: "sftp-alone" } : undefined,
    );
    context.onLoad({ filter: /.*/, namespace: "sftp-alone" }, ({ path }) => ({ contents: stubs[path] }));
  },
};

/** NAME.base.ts beside NAME.ts is what the base gets in its place. */
const variants = {
  name: "variants",
  setup(context) {
    context.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir }) => {
      const file = resolve(resolveDir, path.replace(/\.ts$/, ".base.ts"));
      return existsSync(file) ? { path: file } : undefined;
    });
  },
};

export const basePlugins = [sysObject, variants, sftpAlone, nodeModules];

/** Options for esbuild's build(); `plugins` and `inject` are for the caller to add to. */
export const baseOptions = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["browser", "module", "main"],
  conditions: ["browser"],
  // its build for Node: there is a Buffer here, and what its build for browsers does instead is twice as big and slow
  alias: { b4a: join(root, "node_modules/b4a/index.js") },
  target: "es2023",
  supported: { "import-defer": true },
  treeShaking: true,
  // saves 3 % of bytecode and would spoil the stack traces
  minify: false,
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
};
