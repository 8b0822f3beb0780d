/** The root filesystem that all VPSes share: Debian for i386, made once by mmdebstrap from this machine's own mirror. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { findMirror, type Mirror, parseDeb822, parseOneLine } from "./apt-sources.ts";
import { waitForLock } from "./lock.ts";
import { buildCommand, cacheDir, cacheName, lastComplaint, releasesToTry } from "./recipe.ts";
import { list } from "./state.ts";
import { cannotRun, TOOL_PATH } from "./tool.ts";

/** Path of the root filesystem, which is made now if it is not there. Whole or not at all, however this ends. */
export function ensureRootfs(io: Io): string {
  const cache = cacheDir(io.env);
  const base = `${cache}/${cacheName()}`;
  if (existsSync(base)) return base;
  const lock = waitForLock(cache, `${cache}/lock`, () =>
    io.err("vz: lab: waiting for another vz lab, which makes the root filesystem\n"),
  );
  try {
    if (!existsSync(base)) makeRootfs(io, cache, base, lock);
  } finally {
    closeSync(lock);
  }
  return base;
}

function makeRootfs(io: Io, cache: string, base: string, lock: number): void {
  for (const name of list(cache).filter((entry) => entry.endsWith(".part")))
    rmSync(`${cache}/${name}`, { recursive: true, force: true });
  const releases = releasesToTry(readFileSync("/etc/os-release", "utf8"));
  const mirror = hostMirror(releases);
  const log = `${cache}/build.log`;
  // mmdebstrap's own temporary files: here the next run finds what a killed one left
  const scratch = `${cache}/tmp.part`;
  mkdirSync(scratch);
  io.err(`vz: lab: making the root filesystem from ${mirror.uri}, once, in about half a minute\n`);
  for (const release of releases) {
    const part = `${base}.part`;
    rmSync(part, { recursive: true, force: true });
    const command = buildCommand(release, part, mirror, proxyLines(), hasProgram("eatmydata"));
    if (runBuild(command, log, scratch, lock) === 0) {
      renameSync(part, base);
      rmSync(scratch, { recursive: true, force: true });
      return;
    }
  }
  rmSync(scratch, { recursive: true, force: true });
  throw new VzError(Status.osError, `mmdebstrap: ${lastComplaint(readFileSync(log, "utf8"))}`, {
    hint: `all that it printed is in ${log}`,
  });
}

/** The build holds the lock too: its last processes die after its starter. */
function runBuild(command: readonly string[], log: string, scratch: string, lock: number): number {
  const [program = "", ...args] = command;
  if (!hasProgram("mmdebstrap")) {
    throw new VzError(Status.osError, "mmdebstrap: is not installed", { hint: "apt-get install mmdebstrap" });
  }
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

function hostMirror(releases: readonly string[]): Mirror {
  const parts = "/etc/apt/sources.list.d";
  const oneLine = ["/etc/apt/sources.list", ...list(parts).map((name) => `${parts}/${name}`)]
    .filter((path) => path.endsWith(".list") && existsSync(path))
    .flatMap((path) => parseOneLine(readFileSync(path, "utf8")));
  const deb822 = list(parts)
    .filter((name) => name.endsWith(".sources"))
    .flatMap((name) => parseDeb822(readFileSync(`${parts}/${name}`, "utf8")));
  const mirror = findMirror([...oneLine, ...deb822], releases);
  if (mirror !== undefined) return mirror;
  throw new VzError(Status.osError, `/etc/apt: names no Debian mirror for ${releases.join(" or ")}`, {
    hint: "a line 'deb URI bookworm main' in /etc/apt/sources.list.d/lab.list gives one",
  });
}

/** Proxies of this machine's apt, which mmdebstrap does not ask. */
function proxyLines(): string[] {
  const dump = spawnSync("apt-config", ["dump"], { encoding: "utf8", env: { PATH: TOOL_PATH } });
  const lines = (dump.stdout ?? "").split("\n");
  return lines.filter((line) => /^Acquire::https?::Proxy(::\S+)? "[^"]+";$/.test(line));
}

function hasProgram(name: string): boolean {
  return TOOL_PATH.split(":").some((dir) => existsSync(`${dir}/${name}`));
}
