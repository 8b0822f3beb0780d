import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** What each part of the tree may import, beside itself; the design's one-way rule. */
const allowed: Record<string, readonly string[]> = {
  "src/cli": ["src/common"],
  "src/common": [],
  "src/slave": ["src/common"],
  "src/master": ["src/common"],
  "src/image": ["src/common"],
  "src/trace": ["src/common", "src/image"],
  "src/ldd": ["src/common", "src/trace"],
  "src/lab": ["src/common"],
  "runtime/node": [],
};

interface Import {
  readonly file: string;
  readonly target: string;
  /** Of types alone: nothing is left of it in the executable. */
  readonly ofTypes: boolean;
  /** import() */
  readonly later: boolean;
}

const STATIC = /^(?:import|export)\s(type\s)?([^;"]*?)\sfrom\s"(\.[^"]+)";/gm;
const LATER = /\bimport\("(\.[^"]+)"\)/g;

function* imports(folder: string): Generator<Import> {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    const targetOf = (path = "") => normalize(join(dirname(file), path));
    for (const [, type, clause = "", path] of text.matchAll(STATIC)) {
      const names = /^\{(.*)\}$/s
        .exec(clause.trim())?.[1]
        ?.split(",")
        .filter((one) => one.trim() !== "");
      const ofTypes = type !== undefined || names?.every((one) => /^\s*type\s/.test(one)) === true;
      yield { file, target: targetOf(path), ofTypes, later: false };
    }
    for (const [, path] of text.matchAll(LATER)) {
      yield { file, target: targetOf(path), ofTypes: false, later: true };
    }
  }
}

/** Sets of names that lead to one another. */
function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const reach = (from: string) => {
    const found = new Set<string>();
    const open = [...(graph.get(from) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(...(graph.get(next) ?? []));
    }
    return found;
  };
  const reached = new Map([...graph.keys()].map((name) => [name, reach(name)]));
  const inCircles = [...graph.keys()].filter((name) => reached.get(name)?.has(name));
  const groups = inCircles.map((name) =>
    inCircles.filter((other) => reached.get(name)?.has(other) && reached.get(other)?.has(name)).sort(),
  );
  return [...new Map(groups.map((group) => [group.join(" "), group])).values()];
}

function graphOf(edges: Iterable<readonly [string, string]>): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of edges) {
    if (from === to) continue;
    graph.set(from, (graph.get(from) ?? new Set()).add(to));
  }
  return graph;
}

/** A folder; its index.ts stands above all of it. */
const roomOf = (file: string) => (basename(file) === "index.ts" ? file : dirname(file));

test("imports go one way between the parts: common, then slave, master, image, trace, ldd, lab and cli, then main", () => {
  let seen = 0;
  for (const [part, others] of Object.entries(allowed)) {
    for (const { file, target } of imports(part)) {
      seen++;
      const inside = [part, ...others].some((folder) => target.startsWith(`${folder}/`));
      assert.ok(inside, `${file} imports ${target}`);
    }
  }
  assert.ok(seen > 1000, "the test finds the imports at all");
});

test("no files import one another in a circle", () => {
  const values = [...imports("src")].filter(({ ofTypes, later }) => !ofTypes && !later);
  assert.ok(values.length > 1000);
  assert.deepEqual(circles(graphOf(values.map(({ file, target }) => [file, target]))), []);
});

test("no rooms import one another in a circle: within a part, too, imports go down a stair", () => {
  const values = [...imports("src")].filter(({ ofTypes, later }) => !ofTypes && !later);
  const rooms = values.map(({ file, target }) => [roomOf(file), roomOf(target)] as const);
  assert.deepEqual(circles(graphOf(rooms)), []);
});

test("a circle is found", () => {
  const edges = ["ab", "bc", "ca", "cd", "de"].map((two) => [two.slice(0, 1), two.slice(1)] as const);
  assert.deepEqual(circles(graphOf(edges)), [["a", "b", "c"]]);
});

test("src/common imports no system calls: it runs under Node as well", () => {
  for (const name of readdirSync("src/common", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    assert.doesNotMatch(readFileSync(join("src/common", name), "utf8"), /from "vz:sys"/, name);
  }
});

test("every folder of src has its line in docs/architecture.md, and no file is longer than 250 lines", () => {
  const page = readFileSync("docs/architecture.md", "utf8");
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  for (const file of files) {
    const folder = dirname(join("src", file));
    assert.ok(
      folder === "src" || page.includes(`\`${folder}/\``),
      `${folder}: no line in docs/architecture.md`,
    );
    const lines = readFileSync(join("src", file), "utf8").split("\n").length - 1;
    assert.ok(lines <= 250, `${file}: ${lines} lines`);
  }
});
