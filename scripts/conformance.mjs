/**
 * Runs test/conformance on Node and on the base of every architecture and compares what they print, line by line: the modules of
 * runtime/node must give what Node's give. Bases that do not run here run under qemu-user. `node scripts/conformance.mjs fs` runs
 * the files whose name holds "fs"; --show prints all.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { architectures } from "./build/architectures.mjs";
import { compiler, makeProgram } from "./build/base-program.mjs";
import { root } from "./build/base-target.mjs";
import { runsHere } from "./machine.mjs";

const suite = join(root, "test/conformance");
const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith("-"));
const TIMEOUT = 120_000;

function fail(why, hint) {
  console.error(`conformance: ${why}\nhint: ${hint}`);
  process.exit(1);
}

/** What runs the bases, by architecture: the kernel, or an emulator of user programs. */
const bases = architectures.map((one) => {
  const file = join(root, `build/base-${one.name}`);
  if (!existsSync(file) || !existsSync(compiler))
    fail(`build/base-${one.name} is not there`, "npm run build");
  if (runsHere(one)) return { name: one.name, argv: [file] };
  const emulator = `/usr/bin/${one.emulator}-static`;
  if (!existsSync(emulator))
    fail(`${emulator} is not there`, "sudo bash scripts/setup.sh installs qemu-user-static");
  return { name: one.name, argv: [emulator, file], emulator };
});

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

function run(file, args, cwd, env) {
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

/** Runs a program in a directory of its own, and replaces that directory's name in what it prints. */
function runIn(dir, [file, ...args], emulator) {
  mkdirSync(dir);
  const env = { ...process.env, TMPDIR: dir, CONFORMANCE: "1" };
  if (emulator !== undefined) env.CONFORMANCE_EMULATOR = emulator;
  const { lines, ok } = run(file, args, dir, env);
  return { lines: lines.map((line) => line.replaceAll(dir, "DIR")), ok };
}

/** The lines by the name of their case: "ok NAME VALUE", separated by tabs. A name that comes twice is kept twice. */
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
    const onNode = runIn(join(top, "node"), [process.execPath, node]);
    if (!onNode.ok) console.error(`${name}: on Node: ${onNode.lines.at(-1)}`);
    failed += onNode.ok ? 0 : 1;
    compared += onNode.lines.length - 1;
    for (const base of bases) {
      const { lines } = runIn(join(top, base.name), [...base.argv, program], base.emulator);
      if (words.includes("--show")) console.log(lines.join("\n"));
      failed += compare(`${name} on ${base.name}`, onNode.lines, lines);
    }
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}
const where = bases.map(({ name, emulator }) => (emulator ? `${name} (emulated)` : name)).join(", ");
console.log(
  `conformance: ${compared} cases in ${names.length} files on Node, ${where}: ${failed} differences`,
);
process.exit(failed > 0 || compared === 0 ? 1 : 0);
