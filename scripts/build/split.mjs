/**
 * What of src/ becomes a file of bytecode of its own: main; role/NAME for each module that is imported with import() or `import
 * defer`, and so is read only when it is played; lib/NAME for what several of them use, read once and only by those that use it.
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
  [join(root, "src/common/yaml-file.ts"), "yaml-file"],
]);
const RUNCH = join(root, "src/slave/runch/");

/**
 * Folder -> name of a shared bundle -> files of that folder that are in it. For modules of that folder they are one file; others
 * that import one of them have it bundled in.
 */
const GROUPS = new Map([
  [
    join(root, "src/slave/runch"),
    {
      // what every command of runch reads
      "runch-state": ["complain", "failure", "files", "isolation", "linux", "state-store"],
      // what every command line needs but that of init
      "runch-line": ["options"],
      // what every start of a process does
      "runch-core": [
        ...["bundle", "capabilities", "container", "credentials", "devices", "enter", "mount-options"],
        ...[
          "mounts",
          "parts",
          "plan",
          "plan-devices",
          "plan-process",
          "program",
          "program-check",
          "program-path",
        ],
        ...["rootfs-path", "shortfalls", "../../common/oci", "../../common/oci-read"],
      ],
    },
  ],
  [
    join(root, "src/slave/runch/cgroup"),
    {
      cgroup: [
        ...["apply-limits", "attach-devices", "cgroup-path", "cgroup-tree", "control-files", "create-cgroup"],
        ...[
          "device-program",
          "device-rules",
          "find-hierarchies",
          "freezer",
          "hierarchies",
          "limits",
          "limits-v1",
        ],
        ...["limits-v2", "plan-cgroup", "remove-cgroup", "resources"],
      ],
    },
  ],
]);

/** What others use of runch is little, and bundled in. */
function isOfRunch(bundle) {
  const [file] = [bundles.get(bundle)].flat();
  return String(file).startsWith(RUNCH);
}

/**
 * The shared bundle that `file` is taken from when `importer` imports it: {name, files}.
 * @param bundle name of the one that is being made
 */
function groupOf(file, importer, bundle) {
  if (!isOfRunch(bundle)) return undefined;
  for (const [folder, groups] of GROUPS) {
    if (!importer.startsWith(`${folder}/`)) continue;
    for (const [name, modules] of Object.entries(groups)) {
      const files = modules.map((module) => join(folder, `${module}.ts`));
      if (files.includes(file)) return { name: `lib/${name}`, files };
    }
  }
  return undefined;
}

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

const HOST = ["src/master/", "src/build/", "src/lab/", "src/manual.ts"].map((name) => join(root, name));

/** Whether only a master, a build host or a lab reads the bundle `name`, and never a slave. */
export function isOfHost(name) {
  const file = String(bundles.get(name));
  return HOST.some((start) => file.startsWith(start));
}

/**
 * What a slave reads seldom, and not when a container starts: it takes the time to unpack them, and has room on its disk.
 * The archive's reader is among them, for whose start the loading of an image does not wait.
 */
const SELDOM = new Set([
  ...["lib/stream", "lib/streamx", "lib/tar-stream", "role/load-role", "role/zstd"],
  ...[
    "role/events",
    "role/features",
    "role/probe-command",
    "role/ps",
    "role/runch-help",
    "role/spec",
    "role/update",
  ],
]);

/** Whether the bundle `name` is packed, to save room. */
export function isPacked(name) {
  return isOfHost(name) || SELDOM.has(name);
}

/** Bundle -> how others ask for it: a deferred one must not be imported as well, or it would be there twice. */
const ways = new Map();

/** A file that is read when it is first needed. */
function later(file, way) {
  const name = roleName(file);
  if ((ways.get(name) ?? way) !== way)
    return {
      errors: [{ text: `${name} is asked for by import() in one place, by import defer in another` }],
    };
  ways.set(name, way);
  return outside(name, file);
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
      const file = path.startsWith(".") ? resolve(resolveDir, path) : SPECIFIERS.get(path);
      const group = kind === "import-statement" ? groupOf(file, importer, JSON.parse(own)) : undefined;
      if (group !== undefined && JSON.stringify(group.name) !== own) return outside(group.name, group.files);
      if (LIBS.has(file)) {
        const name = `lib/${LIBS.get(file)}`;
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
 * A bundle's text without import(), which the engine refuses in bytecode that holds no file name; most bundles are such
 * (scripts/pack.mjs). What the base offers in its place does the same. And without `import defer`, which the engine does not have.
 */
export function withoutImport(text) {
  const changed = text
    .replaceAll('import("vz:', 'vzBase.importBundle("vz:')
    .replace(/^import defer \* as (\w+) from ("vz:[^"]+");$/gm, "const $1 = vzBase.deferBundle($2);");
  return changed === text ? text : `import vzBase from "vz:sys";\n${changed}`;
}

/** What esbuild starts from: the file itself, all of a group's, or for CommonJS a list of its exports, which a module needs by name. */
export function entryOf(name, file) {
  if (Array.isArray(file)) {
    const contents = file.map((one) => `export * from ${JSON.stringify(one)};\n`).join("");
    return { stdin: { contents, resolveDir: root, sourcefile: `${name}.js` } };
  }
  if (file.endsWith(".ts")) return { entryPoints: [file] };
  const names = Object.keys(createRequire(import.meta.url)(file));
  const from = JSON.stringify(file);
  const contents = `export { ${names.join(", ")} } from ${from}; export { default } from ${from};`;
  return { stdin: { contents, resolveDir: root, sourcefile: `${name}.js` } };
}
