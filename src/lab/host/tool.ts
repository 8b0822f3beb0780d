/** Runs the programs that the lab stands on: ip, ssh-keygen, mmdebstrap, qemu. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";

/** Root's PATH, whatever su or cron has made of the caller's. */
export const TOOL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const packages: Readonly<Record<string, string>> = {
  ip: "iproute2",
  "ssh-keygen": "openssh-client",
  mmdebstrap: "mmdebstrap",
  setpriv: "util-linux",
  unshare: "util-linux",
  mke2fs: "e2fsprogs",
  "dpkg-deb": "dpkg",
  "qemu-system-i386": "qemu-system-x86",
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-system-aarch64": "qemu-system-arm",
};

let lock: number | undefined;

/**
 * Makes every tool hold a lock too, by inheriting its descriptor: a tool whose starter was killed goes on for a moment, and nobody
 * else may begin before it has ended.
 */
export function holdInTools(fd: number | undefined): void {
  lock = fd;
}

/**
 * Runs a tool and gives its standard output.
 * @param what its name for people, where the command line is too long for a message
 * @throws VzError 71 with the first line of what it complained about
 */
export function tool(
  name: string,
  args: readonly string[],
  input = "",
  what = [name, ...args].join(" "),
): string {
  const run = spawnSync(name, [...args], {
    input,
    stdio: ["pipe", "pipe", "pipe", ...(lock === undefined ? [] : [lock])],
    encoding: "utf8",
    env: { ...process.env, PATH: TOOL_PATH, LC_ALL: "C" },
  });
  if (run.error !== undefined) throw cannotRun(name, run.error);
  if (run.status === 0) return run.stdout;
  const complaint = run.stderr.trim().split("\n")[0] ?? "";
  const why = complaint === "" ? `ended with ${run.status ?? run.signal}` : complaint;
  throw new VzError(Status.osError, `${what}: ${why}`);
}

/** Path of a program. @throws VzError 71 where it is not installed, with the package that has it */
export function findProgram(name: string): string {
  const path = TOOL_PATH.split(":").find((dir) => existsSync(`${dir}/${name}`));
  if (path !== undefined) return `${path}/${name}`;
  throw new VzError(Status.osError, `${name}: is not installed`, {
    hint: `apt-get install --no-install-recommends ${packages[name] ?? name}`,
  });
}

export function hasProgram(name: string): boolean {
  return TOOL_PATH.split(":").some((dir) => existsSync(`${dir}/${name}`));
}

export function cannotRun(name: string, error: Error): VzError {
  const from = hasCode(error, "ENOENT") ? packages[name] : undefined;
  return new VzError(Status.osError, `${name}: ${from === undefined ? reason(error) : "is not installed"}`, {
    ...(from === undefined ? {} : { hint: `apt-get install ${from}` }),
    cause: error,
  });
}

/** Runs lines of `ip` in one process; they stop at the first that fails. */
export function ipBatch(lines: readonly string[]): void {
  tool("ip", ["-batch", "-"], `${lines.join("\n")}\n`);
}
