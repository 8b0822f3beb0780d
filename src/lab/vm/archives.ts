/**
 * Debian's binary packages for another architecture, taken from this machine's own mirror through a private apt state, so that this
 * machine's apt configuration stays as it is. apt checks the mirror's signature, and each package by the signed hashes.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { sha256 } from "../../common/digest.ts";
import { reason, Status, VzError } from "../../common/errors.ts";
import { lastComplaint } from "../disk/recipe.ts";
import { fieldsOf, type Mirror, sourceLine } from "../host/apt-sources.ts";
import type { Arch } from "../host/arch.ts";
import { hasProgram, TOOL_PATH } from "../host/tool.ts";

/** What the signed index says of a package. */
export interface Archive {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly depends: readonly string[];
}

export class Archives {
  readonly #dir: string;
  readonly #release: string;
  readonly #mirror: Mirror;
  readonly #lock: number;

  /**
   * Reads the index of a release.
   * @param dir where apt keeps its state; is made
   * @param lock a descriptor that apt holds as long as it runs
   * @throws VzError 71 where the mirror has no such release, or its signature is not good
   */
  constructor(dir: string, mirror: Mirror, release: string, arch: Arch, lock: number) {
    this.#dir = dir;
    this.#release = release;
    this.#mirror = mirror;
    this.#lock = lock;
    if (!hasProgram("apt-get")) {
      throw new VzError(Status.osError, "apt-get: is not here, and Debian's packages are fetched with it", {
        hint: "machines are made on Debian",
      });
    }
    for (const name of ["state/lists/partial", "cache/archives/partial", "get"])
      mkdirSync(`${dir}/${name}`, { recursive: true });
    writeFileSync(`${dir}/sources.list`, `${sourceLine(mirror, release)}\n`);
    writeFileSync(`${dir}/apt.conf`, aptConf(dir, arch));
    this.#run("apt-get", ["-q", "update", "--error-on=any"]);
  }

  /** The newest version of a package, or undefined where the release has none of this name. */
  find(name: string): Archive | undefined {
    const run = this.#spawn("apt-cache", ["show", "--no-all-versions", name]);
    if (run.status !== 0) return undefined;
    const fields = fieldsOf(run.stdout.trimEnd().split("\n\n")[0] ?? "");
    const value = (key: string) => fields.get(key) ?? "";
    return { name, version: value("version"), sha256: value("sha256"), depends: dependsOn(value("depends")) };
  }

  /**
   * Fetches a package.
   * @returns path of its file
   * @throws VzError 71 where apt cannot fetch it, 65 where its SHA-256 is another
   */
  fetch(archive: Archive): string {
    const dir = `${this.#dir}/get/${archive.name}`;
    mkdirSync(dir);
    this.#run("apt-get", ["-q", "download", `${archive.name}=${archive.version}`], dir);
    const path = `${dir}/${readdirSync(dir)[0]}`;
    const sha256 = sha256Of(readFileSync(path));
    if (sha256 === archive.sha256) return path;
    throw new VzError(
      Status.badData,
      `${path}: SHA-256 is ${sha256}, the signed index says ${archive.sha256}`,
    );
  }

  #run(program: string, args: readonly string[], cwd = "/"): void {
    const run = this.#spawn(program, args, cwd);
    if (run.status === 0) return;
    const why = lastComplaint(run.stderr);
    throw new VzError(Status.osError, `Debian ${this.#release} at ${this.#mirror.uri}: ${why}`, {
      hint: otherMirrorHint(this.#release),
    });
  }

  #spawn(program: string, args: readonly string[], cwd = "/") {
    const run = spawnSync(program, ["-c", `${this.#dir}/apt.conf`, ...args], {
      stdio: ["ignore", "pipe", "pipe", this.#lock],
      cwd,
      encoding: "utf8",
      env: { ...process.env, PATH: TOOL_PATH, LC_ALL: "C.UTF-8" },
    });
    if (run.error !== undefined) throw new VzError(Status.osError, `${program}: ${reason(run.error)}`);
    return run;
  }
}

export function otherMirrorHint(release: string): string {
  return `a line 'deb URI ${release} main' in /etc/apt/sources.list.d/lab.list names a mirror that has it; Debian's archive keeps old releases`;
}

export function sha256Of(bytes: Uint8Array): string {
  return sha256(bytes);
}

/** Names in a Depends field, the first of alternatives. */
export function dependsOn(field: string): string[] {
  return field.split(",").flatMap((word) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(word)?.[1] ?? []);
}

/** Clears what this machine's apt does before and after its own updates; its proxies stay. */
function aptConf(dir: string, arch: Arch): string {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Architecture "${arch}";
APT::Architectures { "${arch}"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "${dir}/state";
Dir::State::status "/dev/null";
Dir::Cache "${dir}/cache";
Dir::Etc::sourcelist "${dir}/sources.list";
Dir::Etc::sourceparts "-";
`;
}
