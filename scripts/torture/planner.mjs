/** runch's reader and planner of config.json in this process, and its start played through without system calls. */
import { build } from "esbuild";
import { deferNothing } from "../build/base-target.mjs";
import { heldBy, lostInPlanning, lostInReading, recorder } from "./account.mjs";
import { fakeSys, takeLog } from "./fake-sys.mjs";

/** Statuses of an error in config.json: bad data, and what this runch or machine does not have. */
const REFUSALS = [78, 125];
const HOOKS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];
/** Where a terminal's master would go. */
const CONSOLE = 9;

async function load(project) {
  const entry = [
    'export { readConfig } from "./src/common/oci/oci.ts";',
    'export { isVzError } from "./src/common/errors.ts";',
    'export { readAnnotations } from "./src/slave/runch/life/bundle.ts";',
    'export { makePlan } from "./src/slave/runch/config/plan.ts";',
    'export { planParts } from "./src/slave/runch/life/parts.ts";',
    'export { Shortfalls } from "./src/slave/runch/shortfalls.ts";',
  ].join("\n");
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: project, loader: "ts" },
    absWorkingDir: project,
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    plugins: [deferNothing, fakeSys(project)],
    packages: "external",
    define: { __VZ_VERSION__: '"0.0.0"', __VZ_COMMIT__: '"test"' },
  });
  const [{ text }] = outputFiles;
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

/** What is said of fields that are not applied, one text a field. */
function saidOf(short, unknown) {
  return [...short.list.flatMap((text) => text.split(" and ")), ...unknown];
}

/** Calls what the parts of a plan have ready, so that what they would do shows in the calls. */
function play(plan, parts, short) {
  const { namespaces, cgroup, sysctl, attributes, hooks, seccomp } = parts;
  namespaces?.enter(plan.credentials, () => {}, short);
  namespaces?.hop(short, () => {});
  cgroup?.create(short);
  sysctl?.([...plan.namespaces, ...plan.joins.map(({ type }) => type)], short);
  for (const act of attributes) act(short);
  for (const kind of HOOKS) hooks?.run(kind, "{}");
  seccomp?.load(short, () => ({}));
}

function shown(outcome) {
  return JSON.stringify(outcome, (_, value) => {
    if (typeof value === "bigint") return `${value}n`;
    return value instanceof Uint8Array ? [...value].join(" ") : value;
  });
}

/**
 * @returns {Promise<(text: string, form: "exec" | "fork", fault: (what: string) => void) => Promise<object>>} what comes of a
 *   document: `error` (a message), or `short` and `shown`, the plan and the calls as text; `fault` is told of crashes and of
 *   fields that were dropped
 */
export async function makePlanner(project) {
  const vz = await load(project);
  return async (text, form, fault) => {
    takeLog();
    try {
      const { config, unknown } = vz.readConfig(text);
      const { proxy, read, pathOf } = recorder(config);
      const short = new vz.Shortfalls("auto", "");
      const annotations = vz.readAnnotations(proxy);
      const plan = vz.makePlan(proxy, { bundle: "/bundle", form }, short);
      const options = {
        id: "one",
        bundle: "/bundle",
        form,
        unknown,
        cgroups: true,
        console: () => (form === "fork" ? CONSOLE : -1),
      };
      const parts = await vz.planParts({ config: proxy, plan, options, short });
      const held = heldBy({ plan, parts }, pathOf);
      for (const path of lostInReading(JSON.parse(text), config, unknown)) fault(`${path}: lost in reading`);
      for (const path of lostInPlanning(config, { read, held, short: saidOf(short, unknown) }))
        fault(`${path.replace(/\[\d+\]/g, "[]")}: lost in planning`);
      play(plan, parts, short);
      return {
        short: saidOf(short, unknown),
        shown: shown({ plan, parts, annotations, unknown, short: short.list, calls: takeLog() }),
      };
    } catch (error) {
      if (!vz.isVzError(error) || !REFUSALS.includes(error.status)) {
        fault(
          `crash: ${String(error?.stack ?? error)
            .split("\n")
            .slice(0, 3)
            .join(" ")
            .replace(/data:\S+/g, "")}`,
        );
      }
      return { error: error.message, shown: `error ${error.message}` };
    }
  };
}
