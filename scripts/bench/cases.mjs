/** What the benchmark runs: one bundle for each set of namespaces, and the command lines of every runner for it. */
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Profiles by name: their namespaces, and what bwrap calls them (it always makes a mount namespace). */
const PROFILES = {
  "mount-only": { namespaces: ["mount"], bwrap: [] },
  "pid+ipc+uts+mount": {
    namespaces: ["pid", "ipc", "uts", "mount"],
    bwrap: ["--unshare-pid", "--unshare-ipc", "--unshare-uts"],
  },
};

/** The measuring program's words for "then" and "then, when all processes have ended". */
const THEN = ";";
const THEN_SETTLED = ";;";

const PROC = { destination: "/proc", type: "proc", source: "proc" };

/**
 * Root filesystem of nothing but a static busybox, and its bundle.
 * @returns {{ bundle: string, rootfs: string }}
 */
export function makeBundle(work, name, namespaces, args, mounts = [PROC]) {
  const bundle = join(work, name);
  const rootfs = join(bundle, "rootfs");
  for (const directory of ["bin", "proc", "dev"]) mkdirSync(join(rootfs, directory), { recursive: true });
  copyFileSync("/bin/busybox", join(rootfs, "bin/busybox"));
  chmodSync(join(rootfs, "bin/busybox"), 0o755);
  for (const applet of ["true", "sleep"]) symlinkSync("busybox", join(rootfs, "bin", applet));
  const config = {
    ociVersion: "1.0.2",
    process: { args, cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 } },
    root: { path: "rootfs" },
    mounts,
    linux: { namespaces: namespaces.map((type) => ({ type })) },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  return { bundle, rootfs };
}

/**
 * Runners that take runc's command line, without the command. runc makes cgroups whatever it is told; crun is told not to,
 * and runch makes none for a bundle that asks for none.
 */
export function ociRunners(runch) {
  return {
    runch: [runch, "--root", "/run/runch-bench"],
    crun: ["crun", "--root", "/run/crun-bench", "--cgroup-manager=disabled"],
    runc: ["runc", "--root", "/run/runc-bench"],
  };
}

function bwrapCase(rootfs, flags, args) {
  return ["bwrap", ...flags, "--bind", rootfs, "/", "--proc", "/proc", ...args];
}

/**
 * @returns {{ profile: string, name: string, words: string[] }[]} `words` as the measuring program wants them
 */
export function startCases(work, runch) {
  const runners = ociRunners(runch);
  const cases = [];
  const full = makeBundle(work, "full", PROFILES["pid+ipc+uts+mount"].namespaces, ["/bin/true"]);
  for (const [profile, { namespaces, bwrap }] of Object.entries(PROFILES)) {
    const mountOnly = profile === "mount-only";
    const { bundle, rootfs } = mountOnly ? makeBundle(work, "mount", namespaces, ["/bin/true"]) : { ...full };
    const run = (name) => [...runners[name], "run", "-b", bundle, `bench-${name}`];
    const add = (name, words) => cases.push({ profile, name, words });
    if (mountOnly) add("runch", [...runners.runch, "start", bundle]);
    else add("runch", run("runch"));
    add("crun", run("crun"));
    add("runc", run("runc"));
    add("bwrap", bwrapCase(rootfs, bwrap, ["/bin/true"]));
    add("chroot", ["chroot", rootfs, "/bin/true"]);
  }
  for (const [name, words] of Object.entries(runners)) {
    const id = `steps-${name}`;
    cases.push({
      profile: "create+start+delete",
      name,
      words: [
        ...[...words, "create", "-b", full.bundle, id, THEN],
        ...[...words, "start", id, THEN_SETTLED],
        ...[...words, "delete", id],
      ],
    });
  }
  return cases;
}

/** Command lines that wait for a container of `sleep` in a pid namespace of its own. */
export function waitingCases(work, runch) {
  const { namespaces, bwrap } = PROFILES["pid+ipc+uts+mount"];
  const args = ["/bin/sleep", "60"];
  const { bundle, rootfs } = makeBundle(work, "wait", namespaces, args);
  const cases = Object.entries(ociRunners(runch)).map(([name, words]) => ({
    name,
    words: [...words, "run", "-b", bundle, `wait-${name}`],
  }));
  return [...cases, { name: "bwrap", words: bwrapCase(rootfs, bwrap, args) }];
}
