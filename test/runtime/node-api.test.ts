import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { build } from "esbuild";

const page = readFileSync("docs/node-api.md", "utf8");

/** Words in backticks of the paragraph behind "Exports:", by the module's name in the heading. */
function documented(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const section of page.split(/^### /m).slice(1)) {
    const name = /^node:(\S+)$/m.exec(section)?.[1] ?? "";
    const list = /^Exports: (.*?)\n\n/ms.exec(`${section}\n\n`)?.[1] ?? "";
    found.set(name, Array.from(list.matchAll(/`(\w+)`/g), (match) => match[1] ?? "").sort());
  }
  return found;
}

/** The modules' exports, as the bundler sees them; `vz:sys` need not be there. */
async function offered(): Promise<Map<string, string[]>> {
  const files = readdirSync("runtime/node", { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.startsWith("internal/") && name !== "bootstrap.ts",
  );
  const { metafile } = await build({
    entryPoints: files.map((name) => `runtime/node/${name}`),
    bundle: true,
    format: "esm",
    platform: "neutral",
    write: false,
    metafile: true,
    outdir: "build/unused",
    packages: "external",
    logLevel: "silent",
  });
  const found = new Map<string, string[]>();
  for (const { entryPoint = "", exports } of Object.values(metafile.outputs)) {
    found.set(entryPoint.replace(/^runtime\/node\/|\.ts$/g, ""), [...exports].sort());
  }
  return found;
}

test("the page lists each module of the base with all that it exports, and no more", async () => {
  const modules = await offered();
  assert.deepEqual(modules.get("path/posix"), modules.get("path"), "node:path/posix is node:path");
  modules.delete("path/posix");
  const pages = documented();
  assert.deepEqual([...pages.keys()].sort(), [...modules.keys()].sort());
  for (const [name, exports] of modules) assert.deepEqual(pages.get(name), exports, `node:${name}`);
});
