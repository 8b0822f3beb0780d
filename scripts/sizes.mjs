/**
 * Traces the programs of test/support/programs.ts on this host, as the end-to-end test does, and prints what their images
 * hold as a table of Markdown, the one in docs/images.md. Status 1 if an image is over 5 % larger than its reference; on
 * another system than the references' nothing is compared. `node scripts/sizes.mjs nginx sshd` measures a part.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./build/base-target.mjs";

if (process.getuid?.() !== 0) {
  console.error("sizes: needs root, for sshd lets its user in as root");
  process.exit(77);
}

/** The recipes, which are TypeScript, as a module of JavaScript. */
async function loadRecipes(directory) {
  const outfile = join(directory, "recipes.mjs");
  const files = ["program", "program-image", "programs"];
  const contents = files.map((name) => `export * from "./${name}.ts";`).join("\n");
  await build({
    stdin: { contents, resolveDir: join(root, "test/support"), sourcefile: "recipes.ts", loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    packages: "external",
  });
  return import(outfile);
}

function tableOf(rows) {
  const head = ["program", "exercise", "files", "KB", "packed KB", "packages' KB", "reference KB", "ratio"];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = line(head.map((_, i) => (i < 2 ? "---" : "--:")));
  return [line(head), rule, ...rows.map(line)].join("\n");
}

const number = (value) => value.toLocaleString("en-US");

// not below /tmp, where a container has a tmpfs; the same name each time, so that images can be compared
const top = "/srv/vz-sizes";
mkdirSync("/srv", { recursive: true });
rmSync(top, { recursive: true, force: true });
mkdirSync(top, { mode: 0o755 });
process.on("exit", () => rmSync(top, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

const { ALL, excess, traceProgram, weigh, whyNot, whyNotJudged } = await loadRecipes(top);
const wanted = ALL.filter(({ name }) => process.argv.length < 3 || process.argv.includes(name));
const rows = [];
const faults = [];
for (const program of wanted) {
  const { name, exercise, reference } = program;
  const missing = whyNot(program);
  if (missing !== false) {
    console.error(`sizes: ${name}: ${missing}`);
    continue;
  }
  const dir = join(top, name);
  mkdirSync(dir);
  const weight = await weigh(await traceProgram(program, { dir, address: "127.0.0.1" }));
  const most = reference?.();
  const compared = most === undefined ? ["", ""] : [number(most), (weight.kb / most).toFixed(3)];
  const own = [weight.files, weight.kb, weight.packedKb, weight.installedKb].map(number);
  rows.push([name, exercise, ...own, ...compared]);
  faults.push(excess(program, weight) ?? []);
}
console.log(tableOf(rows));
const unjudged = whyNotJudged();
if (unjudged !== false) console.error(`sizes: not compared: ${unjudged}`);
else for (const fault of faults.flat()) console.error(`sizes: ${fault}`);
process.exit(unjudged === false && faults.flat().length > 0 ? 1 : 0);
