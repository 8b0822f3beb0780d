/** The root filesystem that VPSes of an architecture share: Debian, made once by mmdebstrap from this machine's own mirror. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { ensureCached, type Making } from "../host/cache.ts";
import { hostMirror, proxyLines } from "../host/mirror.ts";
import { cannotRun, findProgram, hasProgram, TOOL_PATH } from "../host/tool.ts";
import { buildCommand, lastComplaint, type Recipe, releasesToTry } from "./recipe.ts";

/** Path of the root filesystem; makes it first if the cache lacks it. */
export function ensureRootfs(io: Io, recipe: Recipe): string {
  return ensureCached(io, recipe.name, (making) => makeRootfs(io, recipe, making));
}

function makeRootfs(io: Io, recipe: Recipe, { cache, part, scratch, lock }: Making): void {
  findProgram("mmdebstrap");
  const releases = releasesToTry(readFileSync("/etc/os-release", "utf8"));
  const mirror = hostMirror(releases);
  const log = `${cache}/build.log`;
  // for mmdebstrap's temporary files: here the next run finds and removes what a killed one left
  mkdirSync(scratch);
  io.err(`vz: lab: making the root filesystem from ${mirror.uri}, once, in about half a minute\n`);
  for (const release of releases) {
    rmSync(part, { recursive: true, force: true });
    const command = buildCommand(recipe, release, part, mirror, proxyLines(), hasProgram("eatmydata"));
    if (runBuild(command, log, scratch, lock) === 0) return;
  }
  throw new VzError(Status.osError, `mmdebstrap: ${lastComplaint(readFileSync(log, "utf8"))}`, {
    hint: `all that it printed is in ${log}`,
  });
}

/** The build holds the lock too: its last processes die after its starter. */
function runBuild(command: readonly string[], log: string, scratch: string, lock: number): number {
  const [program = "", ...args] = command;
  const fd = openSync(log, "w");
  try {
    const run = spawnSync(program, args, {
      stdio: ["ignore", fd, fd, lock],
      cwd: "/",
      env: { PATH: TOOL_PATH, LC_ALL: "C.UTF-8", HOME: "/root", TMPDIR: scratch },
    });
    if (run.error !== undefined) throw cannotRun(program, run.error);
    return run.status ?? 1;
  } finally {
    closeSync(fd);
  }
}
