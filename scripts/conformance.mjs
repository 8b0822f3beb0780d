/**
 * Runs test/conformance on Node and on the base and compares what they print, line by line: the modules of runtime/node
 * must give what Node's give. `node scripts/conformance.mjs fs` runs the files whose name holds "fs"; --show prints all.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { base, compiler, makeProgram } from "./build/base-program.mjs";
import { root } from "./build/base-target.mjs";

const suite = join(root, "test/conformance");
const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith("-"));
const TIMEOUT = 120_000;

if (!existsSync(base) || !existsSync(compiler)) {
  console.error("conformance: build/base-i686 is not there\nhint: npm run build");
  process.exit(1);
}

/** One program a file: the cases, and the call that runs them. */
function entry(name) {
  const contents = `import "./${name}"; import { runCases } from "./harness.ts"; runCases();`;
  return { stdin: { contents, resolveDir: suite, sourcefile: `${name}.run.ts`, loader: "ts" } };
}

async function bundle(name, outdir) {
  const node = join(outdir, "node.mjs");
  await build({
    ...entry(name),
    outfile: node,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    // packages that are CommonJS call require("fs") and so on
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    external: ["cpu-features", "*.node"],
  });
  const program = join(outdir, "base.qbc");
  await makeProgram(entry(name), name.replace(/\.ts$/, ".js"), program);
  return { node, program };
}

function run(file, args, cwd) {
  const env = { ...process.env, TMPDIR: cwd, CONFORMANCE: "1" };
  const options = { cwd, env, encoding: "utf8", timeout: TIMEOUT, maxBuffer: 64 << 20 };
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, options);
  if (error !== undefined || status !== 0) {
    const why = error?.message ?? signal ?? `status ${status}`;
    return { lines: [...stdout.split("\n"), `ended with ${why}: ${stderr}`], ok: false };
  }
  const lines = stdout.trimEnd().split("\n");
  // a case that waits for ever ends the program without a word
  return lines.at(-1)?.startsWith("done\t")
    ? { lines, ok: true }
    : { lines: [...lines, "ended early"], ok: false };
}

/** The lines by the name of their case: "ok NAME VALUE", parted by tabs. A name that comes twice is kept twice. */
function byName(lines) {
  const named = new Map();
  for (const line of lines) {
    let key = line.split("\t")[1] ?? line;
    while (named.has(key)) key += " (again)";
    named.set(key, line);
  }
  return named;
}

function compare(name, onNode, onBase) {
  const expected = byName(onNode);
  const got = byName(onBase);
  let differences = 0;
  for (const key of new Set([...expected.keys(), ...got.keys()])) {
    const [a, b] = [expected.get(key), got.get(key)];
    if (a === b) continue;
    differences++;
    console.error(`${name}: ${key}\n  node: ${a ?? "(missing)"}\n  base: ${b ?? "(missing)"}`);
  }
  return differences;
}

let failed = 0;
let compared = 0;
const names = readdirSync(suite)
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
for (const name of names) {
  const top = mkdtempSync(join(tmpdir(), "vz-conformance-"));
  try {
    const { node, program } = await bundle(name, top);
    // each in a directory of the same name length: paths show in messages
    const [nodeDir, baseDir] = ["on-node", "on-base"].map((side) => join(top, side));
    for (const dir of [nodeDir, baseDir]) mkdirSync(dir);
    const onNode = run(process.execPath, [node], nodeDir);
    const onBase = run(base, [program], baseDir);
    const strip = (dir) => (line) => line.replaceAll(dir, "DIR");
    const [a, b] = [onNode.lines.map(strip(nodeDir)), onBase.lines.map(strip(baseDir))];
    if (words.includes("--show")) console.log(b.join("\n"));
    failed += compare(name, a, b) + (onNode.ok ? 0 : 1);
    compared += a.length - 1;
    if (!onNode.ok) console.error(`${name}: on Node: ${a.at(-1)}`);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}
console.log(`conformance: ${compared} cases in ${names.length} files, ${failed} differences`);
process.exit(failed > 0 || compared === 0 ? 1 : 0);
