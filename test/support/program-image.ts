/** Traces a real program on this host, makes an image of it, and weighs what that holds. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "./lab.ts";
import { vzBinary } from "./machine.ts";
import { ENVIRONMENT, eventually, type Place, type Program } from "./program.ts";

export interface Weight {
  /** Regular files of the image. */
  readonly files: number;
  /** Their sizes, each rounded up to a KB; links are not followed. */
  readonly kb: number;
  /** The packed image, in KB. */
  readonly packedKb: number;
  /** KB that the packages of the files take up when they are installed. */
  readonly installedKb: number;
}

export interface TracedImage {
  readonly file: string;
  /** What `vz trace --report --json` says. */
  readonly report: string;
}

/** By how much an image may be larger than its reference. */
const TOLERANCE = 1.05;

/** Runs `program` under `vz trace`, uses it, stops it, and gives its image, in `place.dir`. */
export async function traceProgram(program: Program, place: Place): Promise<TracedImage> {
  program.prepare?.(place);
  const stopServer = await program.server?.(place);
  const file = join(place.dir, `${program.name}.tar.gz`);
  const report = join(place.dir, "report.json");
  const made = ["-o", join(place.dir, "spec"), "--report", report, "--json"];
  // A service is checked by its own test: it has to be told to end.
  const check = program.service === undefined ? ["--check"] : [];
  const words = ["trace", ...check, ...made, "--image", file, "--name", program.name];
  const child = spawn(vzBinary, [...words, "--", ...program.command(place)], {
    cwd: "/",
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const { service, prints } = program;
  try {
    if (service !== undefined) {
      await eventually(10_000, async () => {
        assert.equal(child.exitCode, null, `${program.name} ended: ${stderr}`);
        await service.ask("127.0.0.1", place);
      });
      if (service.stop !== null) child.kill(service.stop);
    }
    assert.equal(await ended, 0, `${program.name}: ${stderr}`);
    if (prints !== undefined) assert.equal(stdout, prints(place), stderr);
  } finally {
    stopServer?.();
    if (child.exitCode === null) child.kill("SIGTERM");
  }
  return { file, report };
}

export async function weigh({ file, report }: TracedImage): Promise<Weight> {
  const { status, stdout, stderr } = await run(vzBinary, ["image", "inspect", "--json", file]);
  assert.equal(status, 0, stderr);
  const { files: entries }: { files: { path: string; type: string; size: number }[] } = JSON.parse(stdout);
  const { installedSize }: { installedSize: number } = JSON.parse(readFileSync(report, "utf8"));
  const files = entries.filter(({ path, type }) => type === "file" && path.startsWith("rootfs/"));
  return {
    files: files.length,
    kb: files.reduce((sum, { size }) => sum + Math.ceil(size / 1024), 0),
    packedKb: Math.ceil(statSync(file).size / 1024),
    installedKb: Math.ceil(installedSize / 1024),
  };
}

/** Why sizes on this host are not to be compared with the references; false where they are. */
export function whyNotJudged(): string | false {
  const text = readFileSync("/etc/os-release", "utf8");
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, "m").exec(text)?.[1];
  if (field("ID") === "debian" && field("VERSION_ID") === "12") return false;
  return `the reference sizes are Debian 12's, and this is ${field("PRETTY_NAME") ?? "another system"}`;
}

/** Says by how much `weight` is larger than may be; undefined where it is not, or nothing is there to compare with. */
export function excess({ name, reference }: Program, { kb }: Weight): string | undefined {
  const most = reference?.();
  if (most === undefined || kb <= most * TOLERANCE) return undefined;
  return `${name}: ${kb} KB, a careful tracer takes ${most} KB`;
}
