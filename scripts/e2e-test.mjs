/**
 * Bundles the end-to-end tests with esbuild, since Node 20 reads no TypeScript, and runs them one after the other: they
 * share the machine. `node scripts/e2e-test.mjs test/e2e/lab.test.ts` runs a part; --long runs the campaigns of test/long instead
 * (npm run test:long), or a part of them.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./build/base-target.mjs";
import { testEnvironment } from "./machine.mjs";

mkdirSync(join(root, "build"), { recursive: true });
// of its own, so that runs beside one another do not take each other's files away
const outdir = mkdtempSync(join(root, "build/e2e-"));
process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
const wanted = process.argv.slice(2).filter((word) => word !== "--long");
const folder = process.argv.includes("--long") ? "test/long" : "test/e2e";

const tests = readdirSync(join(root, folder))
  .map((name) => `${folder}/${name}`)
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .sort();
if (tests.length === 0) {
  process.stderr.write(`e2e-test: no tests match ${wanted.join(" ")}\n`);
  process.exit(1);
}

await build({
  absWorkingDir: root,
  entryPoints: tests,
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
  // Parts of src/ that a test uses make no system calls beyond Node's.
  logOverride: { "import-is-undefined": "silent" },
  alias: { "vz:sys": join(root, "test/support/vz-sys.ts") },
  packages: "external",
});
const files = tests.map((name) => join(outdir, name.replace(/^test\/\w+\/(.*)\.ts$/, "$1.mjs")));
const reporters = ["spec", join(root, "scripts/test-times.mjs")].flatMap((one) => [
  `--test-reporter=${one}`,
  "--test-reporter-destination=stdout",
]);
const options = ["--enable-source-maps", "--test", "--test-concurrency=1", ...reporters];
const { status } = spawnSync(process.execPath, [...options, ...files], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, ...testEnvironment },
});
process.exit(status ?? 1);
