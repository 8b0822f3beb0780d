/**
 * Compiles build/bundles to bytecode, lays it out with ansible/ in build/stage/vz, and has pkg put that behind
 * build/base-i686: dist/vz. What no slave reads is packed (runtime/native/packed.h) and has lines in its stack traces. Nothing is done when none of these has changed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./build/base-target.mjs";

const base = join(root, "build/base-i686");
const compiler = join(root, "build/vzqjsc");
const packer = join(root, "build/vzpack");
const bundles = join(root, "build/bundles");
/** pkg names what it packs /snapshot/<last folder>/…, and the base looks for /snapshot/vz/… */
const stage = join(root, "build/stage/vz");
const stamp = join(root, "build/pack.stamp");
const result = join(root, "dist/vz");

/**
 * Bundles that people run on a master, a build host or a lab: a start there may take the time to unpack them, and their stack
 * traces tell lines, not only names.
 */
const ofHost = new Set(fs.readFileSync(join(root, "build/host-bundles"), "utf8").trimEnd().split("\n"));

const SIZE_LIMIT = 2 * 1024 * 1024;
const PKG = join(root, "node_modules/@yao-pkg/pkg/lib-es5/bin.js");

function fail(what) {
  process.stderr.write(`pack: ${what}\n`);
  process.exit(1);
}

function run(program, args, env = process.env) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd: root, env, encoding: "utf8" });
  if (status !== 0)
    fail(`${program} ${args.join(" ")}: ${error?.message ?? `status ${status}`}\n${stdout}${stderr}`);
}

/** Names of all files below `dir`, in an order that no locale changes. */
function filesIn(dir) {
  return fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(dir.length + 1))
    .sort();
}

/** Files as they are packed, name -> path of the source. */
function assets() {
  const ansible = filesIn(join(root, "ansible"));
  return new Map([
    ...ansible.map((name) => [`ansible/${name}`, join(root, "ansible", name)]),
    ["vz-wait", join(root, "build/vz-wait")],
  ]);
}

function inputsHash(packed) {
  const hash = createHash("sha256");
  const add = (name, file) => hash.update(`${name}\0`).update(fs.readFileSync(file));
  for (const name of filesIn(bundles)) add(name, join(bundles, name));
  for (const [name, file] of packed) add(name, file);
  for (const name of ofHost) hash.update(`${name}\0`);
  for (const file of [base, compiler, packer, PKG, fileURLToPath(import.meta.url)]) add("", file);
  return hash.digest("hex");
}

/** pkg writes each file's mode into the executable: it must not depend on the umask. */
function put(name, contents) {
  const file = join(stage, name);
  fs.mkdirSync(join(file, ".."), { recursive: true });
  fs.writeFileSync(file, contents);
  fs.chmodSync(file, 0o644);
}

function layOut(packed) {
  fs.rmSync(join(stage, ".."), { recursive: true, force: true });
  for (const [name, file] of packed) {
    put(name, fs.readFileSync(file));
    if (name.startsWith("ansible/")) run(packer, [join(stage, name)]);
  }
  for (const bundle of filesIn(bundles)) {
    const name = bundle.replace(/\.js$/, "");
    const bytecode = `${name}.qbc`;
    put(bytecode, "");
    const lines = ofHost.has(name) ? ["lines"] : [];
    // The name under which others import it, or the engine reads it again for each of them; stack traces show it, too.
    run(compiler, [join(bundles, bundle), join(stage, bytecode), `vz:${name}`, ...lines]);
    if (ofHost.has(name)) run(packer, [join(stage, bytecode)]);
  }
  // Named one by one: a pattern would give them in whatever order the filesystem has them.
  const pkg = { assets: filesIn(stage) };
  const { name, version } = JSON.parse(fs.readFileSync(join(root, "package.json"), "utf8"));
  // Of its own: with the real one's dependencies pkg would pack node_modules.
  put("package.json", `${JSON.stringify({ name, version, bin: "entry.js", pkg })}\n`);
  put("entry.js", "// The base runs main.qbc; pkg wants an entry.\n");
  // the folder around the stage is packed as /snapshot
  const around = join(stage, "..");
  fs.chmodSync(around, 0o755);
  for (const entry of fs.readdirSync(around, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) fs.chmodSync(join(entry.parentPath ?? entry.path, entry.name), 0o755);
  }
}

/** Puts the executable in place by renaming: the one that is there may be running. */
function pack() {
  const fresh = join(root, "build/vz");
  // pkg takes the base as it is and has no reason to look for another in its cache or on the network.
  const env = { ...process.env, PKG_NODE_PATH: base, PKG_CACHE_PATH: join(root, "build/pkg-cache") };
  const options = ["-t", "node20-linuxstatic-x86", "--no-bytecode", "--public", "--public-packages", "*"];
  run(process.execPath, [PKG, stage, ...options, "-o", fresh], env);
  const { size } = fs.statSync(fresh);
  if (size > SIZE_LIMIT) fail(`dist/vz would have ${size} bytes, more than ${SIZE_LIMIT}`);
  fs.chmodSync(fresh, 0o755);
  fs.mkdirSync(join(root, "dist"), { recursive: true });
  fs.renameSync(fresh, result);
  return size;
}

function sizes() {
  const parts = filesIn(stage)
    .filter((name) => name.endsWith(".qbc"))
    .map(
      (name) =>
        `${name.replace(/^role\/|\.qbc$/g, "")} ${Math.ceil(fs.statSync(join(stage, name)).size / 1024)}`,
    );
  return `base ${Math.ceil(fs.statSync(base).size / 1024)}, bytecode of ${parts.join(", ")}`;
}

const packed = assets();
const hash = inputsHash(packed);
const done = fs.existsSync(stamp) && fs.existsSync(result) ? fs.readFileSync(stamp, "utf8") : "";
if (done !== hash) {
  fs.rmSync(stamp, { force: true });
  layOut(packed);
  const size = pack();
  fs.writeFileSync(stamp, hash);
  process.stderr.write(`build: dist/vz, ${Math.ceil(size / 1024)} KB (${sizes()})\n`);
}
