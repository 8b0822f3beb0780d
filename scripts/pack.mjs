/**
 * Compiles build/bundles to bytecode, once for all architectures, and has pkg put it behind each architecture's base:
 *     build/slaves/vz-ARCH   a slave's part: the bundles that a slave can come to read, and the waiter
 *     dist/FILE              the operator's: all bundles, ansible/, the waiter, and the slaves' parts of all architectures, packed
 * Bundles that no slave reads have lines in stack traces, and are packed (runtime/native/packed.h), as are those that a slave
 * reads seldom.
 * Nothing is done when no input changed.
 *
 *     node scripts/pack.mjs ARCH...   the architectures whose operator's executable is wanted
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { architectures } from "./build/architectures.mjs";
import { root } from "./build/base-target.mjs";

const compiler = join(root, "build/tools/own/vzqjsc");
const packer = join(root, "build/tools/own/vzpack");
const bundles = join(root, "build/bundles");
const slaves = join(root, "build/slaves");
/** pkg names what it packs /snapshot/<last folder>/…, and the base looks for /snapshot/vz/… */
const stage = join(root, "build/stage/vz");
const stamp = join(root, "build/pack.stamp");
const PKG = join(root, "node_modules/@yao-pkg/pkg/lib-es5/bin.js");

/** Bytes that the executables may have. */
const OPERATOR_LIMIT = 4 * 1024 * 1024;
const SLAVE_LIMIT = 1.3 * 1024 * 1024;

const base = ({ name }) => join(root, `build/base-${name}`);
const slaveBase = (architecture) => `${base(architecture)}-slave`;
const waiter = ({ name }) => join(root, `build/vz-wait-${name}`);
const slavePart = ({ name }) => join(slaves, `vz-${name}`);
const executable = ({ file }) => join(root, "dist", file);

const lists = JSON.parse(fs.readFileSync(join(root, "build/bundles.json"), "utf8"));
const ofSlave = new Set(lists.slave);
const isPacked = new Set(lists.packed);

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

function inputsHash() {
  const hash = createHash("sha256");
  const add = (name, file) => hash.update(`${name}\0`).update(fs.readFileSync(file));
  for (const dir of [bundles, join(root, "ansible")])
    for (const name of filesIn(dir)) add(name, join(dir, name));
  hash.update(JSON.stringify(lists));
  for (const one of architectures)
    for (const file of [base(one), slaveBase(one), waiter(one)]) add(one.name, file);
  for (const file of [compiler, packer, PKG, fileURLToPath(import.meta.url)]) add("", file);
  return hash.digest("hex");
}

/**
 * pkg writes each file's mode into the executable: it must not depend on the umask.
 * @param packed true or "far": how (runtime/native/pack.c)
 */
function put(name, contents, packed) {
  const file = join(stage, name);
  fs.mkdirSync(join(file, ".."), { recursive: true });
  fs.writeFileSync(file, contents);
  fs.chmodSync(file, 0o644);
  if (packed) run(packer, packed === "far" ? [file, packed] : [file]);
}

/** Name -> bytecode of every bundle. */
function compile() {
  const out = join(root, "build/bundle.qbc");
  const bytecode = new Map();
  for (const file of filesIn(bundles)) {
    const name = file.replace(/\.js$/, "");
    const lines = ofSlave.has(name) ? [] : ["lines"];
    // The name under which others import it, or the engine reads it again for each of them; stack traces show it, too.
    run(compiler, [join(bundles, file), out, `vz:${name}`, ...lines]);
    bytecode.set(name, fs.readFileSync(out));
  }
  fs.rmSync(out);
  return bytecode;
}

/** The packed file of a bundle (runtime/native/main.c). */
const bytecodeFile = (name) => `${name.replaceAll("/", ".")}.qbc`;

/** Empties the stage and lays out what a slave needs. */
function layOutSlave(bytecode) {
  fs.rmSync(join(stage, ".."), { recursive: true, force: true });
  for (const name of ofSlave) put(bytecodeFile(name), bytecode.get(name), isPacked.has(name));
}

/** Adds what only the operator's executable has. */
function layOutOperator(bytecode) {
  for (const [name, bytes] of bytecode) if (!ofSlave.has(name)) put(bytecodeFile(name), bytes, true);
  for (const name of filesIn(join(root, "ansible")))
    put(`ansible/${name}`, fs.readFileSync(join(root, "ansible", name)), true);
  // In one file: the bytecode is the same in all of them.
  const parts = architectures.map((one) => ({
    name: `vz-${one.name}`,
    bytes: fs.readFileSync(slavePart(one)),
  }));
  put("slaves", Buffer.concat(parts.map(({ bytes }) => bytes)), "far");
  const index = parts.map(({ name, bytes }) => ({ name, size: bytes.length }));
  put("slaves.json", `${JSON.stringify(index)}\n`);
}

/** Gives pkg what it wants to know of the stage, and every directory one mode. */
function describeStage() {
  for (const name of ["package.json", "entry.js"]) fs.rmSync(join(stage, name), { force: true });
  // Named one by one: a pattern would give them in whatever order the filesystem has them.
  const pkg = { assets: filesIn(stage) };
  const { name, version } = JSON.parse(fs.readFileSync(join(root, "package.json"), "utf8"));
  // Not the real package.json: with its dependencies pkg would pack node_modules.
  put("package.json", `${JSON.stringify({ name, version, bin: "entry.js", pkg })}\n`);
  put("entry.js", "// The base runs main.qbc; pkg wants an entry.\n");
  // the folder around the stage is packed as /snapshot
  const around = join(stage, "..");
  fs.chmodSync(around, 0o755);
  for (const entry of fs.readdirSync(around, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) fs.chmodSync(join(entry.parentPath ?? entry.path, entry.name), 0o755);
  }
}

/** Packs the stage behind the base `program` into `result`, by renaming: the one that is there may be running. */
function pack(architecture, program, result, limit) {
  put("vz-wait", fs.readFileSync(waiter(architecture)));
  describeStage();
  const fresh = join(root, "build/vz");
  // pkg takes the base as it is and has no reason to look for another in its cache or on the network.
  const env = {
    ...process.env,
    PKG_NODE_PATH: program,
    PKG_CACHE_PATH: join(root, "build/pkg-cache"),
  };
  const options = ["-t", architecture.pkg, "--no-bytecode", "--public", "--public-packages", "*"];
  run(process.execPath, [PKG, stage, ...options, "-o", fresh], env);
  const { size } = fs.statSync(fresh);
  const shown = result.slice(root.length + 1);
  if (size > limit) fail(`${shown} would have ${size} bytes, more than ${limit}`);
  fs.chmodSync(fresh, 0o755);
  fs.mkdirSync(join(result, ".."), { recursive: true });
  fs.renameSync(fresh, result);
  process.stderr.write(`build: ${shown}, ${Math.ceil(size / 1024)} KB\n`);
}

const names = process.argv.slice(2);
const wanted = architectures.filter(({ name }) => names.includes(name));
const hash = inputsHash();
const fresh = fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === hash;
const missing = wanted.filter((one) => !fresh || !fs.existsSync(executable(one)));
if (!fresh || missing.length > 0) {
  fs.rmSync(stamp, { force: true });
  const bytecode = compile();
  layOutSlave(bytecode);
  for (const one of architectures) pack(one, slaveBase(one), slavePart(one), SLAVE_LIMIT);
  layOutOperator(bytecode);
  for (const one of missing) pack(one, base(one), executable(one), OPERATOR_LIMIT);
  // an executable of another build would not fit the rest
  if (!fresh)
    for (const one of architectures) if (!wanted.includes(one)) fs.rmSync(executable(one), { force: true });
  fs.writeFileSync(stamp, hash);
}
