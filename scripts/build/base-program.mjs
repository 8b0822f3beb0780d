/**
 * Makes one program for the unpacked base out of one file: `node scripts/build/base-program.mjs FILE.ts OUT.qbc`, then
 * `build/base-ARCH OUT.qbc ARGS…`, the same for every architecture. For tests, and to try something on the base without building
 * the executable.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { baseOptions, basePlugins, bootstrap, globalsShim, root } from "./base-target.mjs";

export const compiler = join(root, "build/tools/own/vzqjsc");

/** @param entry esbuild's `entryPoints` or `stdin`. @param name the program's name in stack traces */
export async function makeProgram(entry, name, outfile) {
  const top = mkdtempSync(join(tmpdir(), "vz-program-"));
  try {
    // As in the executable, the globals are there before anything else is read.
    const [boot, main, whole] = ["boot.js", "main.js", "whole.js"].map((file) => join(top, file));
    await build({ ...baseOptions, entryPoints: [bootstrap], outfile: boot, plugins: basePlugins });
    await build({ ...baseOptions, ...entry, outfile: main, plugins: basePlugins, inject: [globalsShim] });
    const stdin = { contents: 'import "./boot.js"; import "./main.js";', resolveDir: top };
    await build({ ...baseOptions, stdin, outfile: whole, external: ["vz:sys"] });
    execFileSync(compiler, [whole, outfile, name, "lines"], { stdio: "inherit" });
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, outfile] = process.argv.slice(2);
  if (file === undefined || outfile === undefined) {
    process.stderr.write("usage: node scripts/build/base-program.mjs FILE.ts OUT.qbc\n");
    process.exit(64);
  }
  await makeProgram(
    { entryPoints: [resolve(file)] },
    basename(file).replace(/\.\w+$/, ".js"),
    resolve(outfile),
  );
}
