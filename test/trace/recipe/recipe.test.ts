import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseYaml } from "../../../src/common/yaml-file.ts";
import { parseRecipe, readRecipe } from "../../../src/trace/recipe/recipe.ts";
import { checkAndExercise } from "../../../src/trace/watch/exercise.ts";

const top = mkdtempSync(join(tmpdir(), "vz-recipe-"));
after(() => rmSync(top, { recursive: true, force: true }));

const parse = (text: string) => parseRecipe(parseYaml(text, "/r/x.yaml"), "/r/x.yaml");

test("what a recipe says, with names relative to its directory", () => {
  const recipe = parse(`
command: [server, --port, 80, ""]
run:
  - command: [server, --test]
  - until: ping
    for: 2.5
    exercise: [[client, a b], "echo $HOME"]
include: [/usr/share/zone/**]
exclude: ["*.pyc"]
from: [old.spec, /abs.spec]
output: out/spec
root: ../other
name: mine
setuid: true
`);
  assert.deepEqual(recipe.command, ["server", "--port", "80", ""]);
  assert.deepEqual(recipe.runs, [
    { command: ["server", "--test"], until: undefined, seconds: undefined, exercise: [] },
    {
      command: recipe.command,
      until: "ping",
      seconds: 2.5,
      exercise: [
        ["client", "a b"],
        ["/bin/sh", "-c", "echo $HOME"],
      ],
    },
  ]);
  assert.ok(recipe.includes[0]?.covers("/usr/share/zone/a"));
  assert.ok(recipe.excludes[0]?.covers("/x/y.pyc"));
  assert.deepEqual(recipe.from, ["/r/old.spec", "/abs.spec"]);
  assert.deepEqual([recipe.output, recipe.root, recipe.name], ["/r/out/spec", "/other", "mine"]);
  assert.equal(recipe.setuid, true);
});

test("what would hold nothing, or far more than it says, is refused", () => {
  assert.throws(() => parse("command: [a]\nrun: []"), {
    status: 78,
    message: /^\/r\/x\.yaml:2:1: run: no run, /,
  });
  assert.deepEqual(parse("command: [a]\nrun: []\ninclude: [/a]").runs, []);
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 5; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  assert.throws(() => parse(lines.join("\n")), {
    status: 78,
    message: /^\/r\/x\.yaml: Excessive alias count/,
  });
});

test("a command alone is run as it is; runs alone give the command", () => {
  assert.deepEqual(
    parse("command: [a]").runs.map(({ command }) => command),
    [["a"]],
  );
  assert.deepEqual(parse("run: [{command: [b]}, {command: [c]}]").command, ["b"]);
  assert.deepEqual(parse("from: [a.spec]").runs, []);
});

test("config takes the specification's keys of process, and shorter ways for some", () => {
  const { config } = parse(`
command: [a]
config:
  args: [b, 1]
  env: {A: 1, B: text, C: null}
  user: {uid: 5, gid: 6, additionalGids: [7]}
  cwd: /srv
  hostname: h
  readonly: true
  mounts: ["./data:/data", "tmpfs:/cache:size=1m", {destination: /p, type: proc, source: proc}]
  rlimits: [{type: RLIMIT_NOFILE, soft: 10, hard: 20}]
  noNewPrivileges: true
  annotations: {x.y: z}
`);
  assert.deepEqual(config.args, ["b", "1"]);
  assert.deepEqual(
    [...(config.env ?? [])],
    [
      ["A", "1"],
      ["B", "text"],
      ["C", null],
    ],
  );
  assert.deepEqual(config.user, { uid: 5, gid: 6, additionalGids: [7] });
  assert.deepEqual(config.mounts, [
    { destination: "/data", type: "bind", source: "/r/data", options: ["rbind"] },
    { destination: "/cache", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "size=1m"] },
    { destination: "/p", type: "proc", source: "proc" },
  ]);
  assert.deepEqual(config.process, {
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
    noNewPrivileges: true,
  });
  assert.deepEqual([config.cwd, config.hostname, config.readonlyRoot], ["/srv", "h", true]);
  assert.deepEqual(config.annotations, { "x.y": "z" });
});

test("what is wrong is told with its line and column", () => {
  for (const [text, message] of [
    ["comand: [a]", /x\.yaml:1:1: comand: unknown key/],
    ["command: a\nrun:\n  - comand: [a]", /x\.yaml:3:5: run\.0\.comand: unknown key/],
    ["command: []", /x\.yaml:1:1: command: no command/],
    ["command: [{a: b}]", /x\.yaml:1:11: command\.0: not a text/],
    ["{}", /neither command, run nor from/],
    ["command: [a]\ninclude: [b]", /x\.yaml:2:11: include\.0: .*must start with a slash/],
    ["command: [a]\nrun: [{exercise: [[b]]}]", /x\.yaml:2:8: run\.0\.exercise: without until/],
    ["command: [a]\nrun: [{for: 0}]", /run\.0\.for: not a number of seconds/],
    ["command: [a]\nname: a/b", /x\.yaml:2:1: name: .*not a name/],
    ["command: [a]\nconfig: {cwd: b}", /x\.yaml:2:10: config\.cwd: not an absolute name/],
    ["command: [a]\nconfig: {mounts: [x]}", /config\.mounts\.0: /],
    ["command: [a]\nconfig: {mounts: ['x/:/a/../b']}", /config\.mounts\.0: DESTINATION/],
    ["command: [a]\nconfig: {env: {A: [1]}}", /config\.env\.A: not a text/],
    [
      "command: [a]\nconfig: {rlimits: [{type: a, soft: -1, hard: 1}]}",
      /config\.rlimits: .*soft: not a whole/,
    ],
    [
      "command: [a]\nconfig: {rlimits: [{type: a, soft: 1, hard: 1, x: 1}]}",
      /config\.rlimits: .*x: unknown key/,
    ],
    ["command: [a]\nconfig: {user: {uid: x}}", /config\.user: .*uid: not a whole/],
    ["command: [a]\nconfig: {argz: [a]}", /config\.argz: unknown key/],
    ["command: [a]\ncommand: [b]", /x\.yaml:2:1: /],
    ["command: [a\n", /x\.yaml:2:1: /],
    ["__proto__: [a]", /cannot be a name here/],
  ] as const) {
    assert.throws(
      () => parse(text),
      (error: Error & { status?: number }) => {
        assert.equal(error.status, 78, `${text}: ${error.message}`);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test("the recipes of the documentation can be read", async () => {
  const names = readdirSync("docs/recipes");
  assert.ok(names.length > 1);
  for (const name of names) {
    const recipe = await readRecipe(join("docs/recipes", name));
    assert.ok((recipe.command?.length ?? 0) > 0, name);
  }
});

test("the exercise is run once, when the check succeeds, up to the first command that fails", () => {
  const failed = join(top, "failed here");
  const log = join(top, "log");
  const note = (word: string) => ["sh", "-c", `echo ${word} >> '${log}'`];
  const script = (until: string) =>
    checkAndExercise(until, [note("a"), ["sh", "-c", "exit 3"], note("b")], failed);
  const run = (text: string) => spawnSync("/bin/sh", ["-c", text]).status;
  assert.equal(run(script("false")), 1);
  assert.equal(run(script("exit 4")), 1);
  assert.equal(run(script("true # done")), 0);
  assert.equal(readFileSync(log, "utf8"), "a\n");
  assert.equal(readFileSync(failed, "utf8"), "1\n");
});
