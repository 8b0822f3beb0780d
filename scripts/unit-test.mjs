/**
 * Bundles the unit tests (all of test/ but e2e, long, oci, conformance and support) with esbuild, since Node 20 reads no TypeScript,
 * and runs them with node:test. `node scripts/unit-test.mjs test/common` runs a part.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { deferNothing } from "./build/base-target.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
mkdirSync(join(root, "build"), { recursive: true });
// of its own, so that runs beside one another do not take each other's files away
const outdir = mkdtempSync(join(root, "build/unit-"));
process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
const apart = /^test\/(e2e|long|oci|conformance|support)\//;
const wanted = process.argv.slice(2);

const tests = readdirSync(join(root, "test"), { recursive: true })
  .map((name) => join("test", String(name)))
  .filter((name) => name.endsWith(".test.ts") && !apart.test(name))
  .filter((name) => wanted.length === 0 || wanted.some((prefix) => name.startsWith(relative(".", prefix))))
  .sort();
if (tests.length === 0) {
  console.error(`unit-test: no tests match ${wanted.join(" ")}`);
  process.exit(1);
}

await build({
  absWorkingDir: root,
  entryPoints: tests,
  outbase: "test",
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
  // The stand-in for vz:sys has no system calls: what is tested makes none.
  logOverride: { "import-is-undefined": "silent" },
  packages: "external",
  plugins: [deferNothing],
  alias: { "vz:sys": join(root, "test/support/vz-sys.ts") },
  define: { __VZ_VERSION__: '"0.0.0"', __VZ_COMMIT__: '"test"' },
});
const files = tests.map((name) => join(outdir, relative("test", name).replace(/\.ts$/, ".mjs")));
if (process.getuid?.() !== 0) {
  process.stderr.write(
    'unit-test: without root, the tests marked "needs root" are skipped: they give files away\n',
  );
}
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=dot", ...files], {
  cwd: root,
  stdio: "inherit",
});
process.exit(run.status ?? 1);
