/**
 * The runtimes that the suite of test/oci drives, and the kernels it lets them see. Which runtime and which profile one run
 * of the suite is about stands in its environment, set by scripts/oci-test.mjs.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Runtime = "runch" | "runc" | "crun";
export type Profile = "namespaces" | "mount" | "chroot";

/** What of a kernel a test may need; a profile grants some of them. */
export type Need = "mounts" | "pid" | "uts" | "ipc" | "network" | "user" | "cgroup" | "time";

/**
 * What a runtime cannot do under an emulator of programs (scripts/oci-emulation.mjs), and why: by the emulator's nature, or by that
 * of the user namespace which it is registered in.
 */
const BARRIERS = {
  seccomp: "an emulator loads no filters of system calls",
  memory: "an emulator is larger than what it runs",
  memoryLimits: "an emulator keeps limits of memory from itself",
  devices: "a user namespace makes no device nodes",
  startTime: "an emulator tells a program another time of its start than others see",
  realTime: "a user namespace gives no right to real-time scheduling",
} as const;
export type Barrier = keyof typeof BARRIERS;

const isEmulated = process.env["OCI_EMULATED"] === "1";

/** How many times as long as a native runtime one may take. */
export const patience = isEmulated ? 4 : 1;

/** Why a test that such a barrier is in the way of cannot run here; "" where it can. */
export function barred(barrier: Barrier | undefined): string {
  return isEmulated && barrier !== undefined ? BARRIERS[barrier] : "";
}

/** Device nodes for the root filesystems of an emulated runtime. */
export const deviceNodes: string | undefined = process.env["OCI_DEVICES"];
/** Debian's name for the architecture of the runtime's own program. */
export const runtimeArchitecture = process.env["OCI_ARCH"] ?? "";

function fromEnvironment<T extends string>(name: string, allowed: readonly T[]): T {
  const word = process.env[name];
  const found = allowed.find((one) => one === word);
  if (found === undefined) throw new Error(`${name} is not set: run the suite by scripts/oci-test.mjs`);
  return found;
}

export const runtime: Runtime = fromEnvironment("OCI_RUNTIME", ["runch", "runc", "crun"]);
export const profile: Profile = fromEnvironment("OCI_PROFILE", ["namespaces", "mount", "chroot"]);
/** Folder of the compiled refuse, probe and probe32, and of the link `runch`. */
export const tools = process.env["OCI_TOOLS"] ?? "";

const GRANTS: Readonly<Record<Profile, readonly Need[]>> = {
  namespaces: ["mounts", "pid", "uts", "ipc", "network", "user", "cgroup", "time"],
  mount: ["mounts"],
  chroot: [],
};

export function granted(need: Need): boolean {
  return GRANTS[profile].includes(need);
}

/** What runs a program on the profile's kernel. */
export const onKernel: readonly string[] = {
  namespaces: [],
  mount: [join(tools, "refuse"), "namespaces"],
  chroot: [join(tools, "refuse"), "mounts"],
}[profile];

/**
 * crun 1.8.1 refuses a host that has both kinds of cgroups, so it gets a mount namespace without the second kind.
 * Its cgroups are made all the same, in the hierarchies of the first kind.
 */
const CRUN = [
  "unshare",
  "-m",
  "--propagation",
  "slave",
  "sh",
  "-c",
  'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec "$@"',
  "sh",
  "crun",
  "--cgroup-manager=cgroupfs",
];

const COMMANDS: Readonly<Record<Runtime, readonly string[]>> = {
  runch: [join(tools, "runch")],
  runc: ["runc"],
  crun: CRUN,
};

/** The words that start the runtime on the profile's kernel, for arguments to be put behind. */
export const runtimeCommand: readonly string[] = [...onKernel, ...COMMANDS[runtime]];

export interface Result {
  /** Exit status; 128 + n after signal n, 124 when it took too long. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program, with its first arguments, that executes what it is given. */
  readonly before?: readonly string[];
  /** Milliseconds until SIGKILL. */
  readonly timeout?: number;
  /** More descriptors to hand down, from 3 on. */
  readonly fds?: readonly number[];
  /** Called with the pid of what was started. */
  readonly started?: (pid: number) => void;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/**
 * Runs a program to its end. Its input and output are files and not pipes, which a container that is left running would
 * keep open.
 * @param out where to put the files of its output
 */
export function execute(argv: readonly string[], out: string, options: ExecOptions = {}): Promise<Result> {
  const [file = "", ...words] = [...(options.before ?? []), ...argv];
  const stdout = openSync(`${out}.out`, "a", 0o666);
  const stderr = openSync(`${out}.err`, "a", 0o666);
  if (options.input !== undefined) writeFileSync(`${out}.in`, options.input);
  const stdin = openSync(options.input === undefined ? "/dev/null" : `${out}.in`, "r");
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, {
      cwd: options.cwd,
      env: { PATH: process.env["PATH"] ?? "", ...options.env },
      stdio: [stdin, stdout, stderr, ...(options.fds ?? [])],
    });
    closeSync(stdin);
    closeSync(stdout);
    closeSync(stderr);
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        child.kill("SIGKILL");
      },
      options.timeout ?? 15_000 * patience,
    );
    child.on("error", reject);
    // at once: by the event the program may have run already
    if (child.pid !== undefined) options.started?.(child.pid);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      resolve({
        status: late ? 124 : (code ?? 128 + (SIGNALS[signal ?? ""] ?? 0)),
        stdout: readFileSync(`${out}.out`, "utf8"),
        stderr: readFileSync(`${out}.err`, "utf8"),
      });
    });
  });
}
