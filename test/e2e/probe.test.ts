/**
 * `vz probe`, `runch features` and `runch spec` on this machine's kernel: what they tell is compared with what util-linux and
 * runc find here. Needs root.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run } from "../support/lab.ts";
import { vzBinary } from "../support/machine.ts";

let dir = "";
let runch = "";

before(() => {
  dir = mkdtempSync(join(tmpdir(), "vz-probe-"));
  runch = join(dir, "runch");
  symlinkSync(vzBinary, runch);
});
after(() => rmSync(dir, { recursive: true, force: true }));

interface Found {
  grants: Record<string, { granted: boolean; why: string | null; without: string }>;
  [field: string]: unknown;
}

/** What `vz probe --json` says behind `prefix` ("setpriv …"). */
async function probe(prefix: readonly string[] = []): Promise<Found> {
  const [file = "", ...words] = [...prefix, vzBinary, "probe", "--json"];
  const { status, stdout, stderr } = await run(file, words);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** Types of namespaces as the specification and as unshare(1) call them. */
const TYPES = ["mount", "uts", "ipc", "pid", "user", "cgroup", "time"];
const granted = (found: Found, name: string) => found.grants[name]?.granted;
const inject = (calls: string) => ["strace", "-f", "-o", "/dev/null", "-e", `inject=${calls}`];

test("probe grants the namespaces that unshare can make", async () => {
  const found = await probe();
  for (const type of TYPES) {
    const { status } = await run("unshare", [`--${type}`, "--fork", "true"]);
    assert.equal(granted(found, `namespace ${type}`), status === 0, type);
  }
  assert.equal(granted(found, "namespace network"), (await run("unshare", ["--net", "true"])).status === 0);
});

test("probe tells the kernel, memory and disk as other programs do, and leaves nothing behind", async () => {
  const seen = () =>
    ["/var/lib", "/var/lib/vz", "/tmp"].flatMap((path) => (existsSync(path) ? readdirSync(path) : []));
  const found = await probe();
  assert.equal(found["kernel"], (await run("uname", ["-r"])).stdout.trim());
  const total = /^MemTotal: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  assert.equal((found["memory"] as { total: number }).total, Number(total) * 1024);
  const { path, total: size } = found["disk"] as { path: string; total: number };
  const df = await run("df", ["-B1", "--output=size", path]);
  assert.equal(size, Number(df.stdout.split("\n")[1]));
  assert.deepEqual(
    seen().filter((name) => name.startsWith(".vz-probe")),
    [],
  );
  assert.doesNotMatch(readFileSync("/proc/mounts", "utf8"), /vz-probe/);
});

test("without CAP_SYS_ADMIN what takes it is refused and told with its reason", async () => {
  const found = await probe(["setpriv", "--bounding-set=-sys_admin"]);
  assert.ok((found["missingCapabilities"] as string[]).includes("SYS_ADMIN"));
  for (const name of ["namespace mount", "namespace pid", "mount bind", "mount tmpfs", "pivot_root"]) {
    assert.equal(granted(found, name), false, name);
    assert.equal(found.grants[name]?.why, "operation not permitted", name);
  }
  for (const name of ["chroot", "mknod", "no_new_privs"]) assert.equal(granted(found, name), true, name);
});

test("where namespaces are refused, mounts are tried in the machine's table and undone", async () => {
  const found = await probe(inject("unshare:error=EPERM"));
  for (const type of ["mount", "uts", "ipc", "user", "network"])
    assert.equal(granted(found, `namespace ${type}`), false, type);
  for (const kind of ["bind", "tmpfs", "proc"]) assert.equal(granted(found, `mount ${kind}`), true, kind);
  assert.doesNotMatch(readFileSync("/proc/mounts", "utf8"), /vz-probe/);
});

test("calls that a kernel does not have, and those that it refuses, are told apart", async () => {
  const lacking = await probe(inject("openat2,mount_setattr:error=ENOSYS"));
  // strerror(3) of ENOSYS and EPERM
  assert.match(lacking.grants["openat2"]?.why ?? "", /not implemented/);
  assert.match(lacking.grants["mount_setattr"]?.why ?? "", /not implemented/);
  const refusing = await probe(inject("openat2,chroot:error=EPERM"));
  assert.match(refusing.grants["openat2"]?.why ?? "", /not permitted/);
  assert.equal(granted(refusing, "chroot"), false);
  assert.equal(granted(refusing, "mount_setattr"), true);
});

test("a user who is not root gets an answer", async () => {
  const found = await probe(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
  assert.equal(found["uid"], 65534);
  assert.equal(granted(found, "chroot"), false);
});

test("the table has a row for each thing, and help, man page and completion know probe", async () => {
  const found = await probe();
  const { stdout } = await run(vzBinary, ["probe"]);
  for (const name of Object.keys(found.grants)) assert.match(stdout, new RegExp(`^${name} +(yes|no: )`, "m"));
  assert.match((await run(vzBinary, ["help", "probe"])).stdout, /usage: vz probe/);
  assert.match((await run(vzBinary, ["help", "--man"])).stdout, /^\.SS vz probe$/m);
  assert.equal((await run(vzBinary, ["completion", "--words", "prob"])).stdout, "probe\n");
  assert.equal((await run(vzBinary, ["probe", "--json", "more"])).status, 64);
});

test("features lists what runc lists of hooks and capabilities, and the kernel's part by trying", async () => {
  const ours = JSON.parse((await run(runch, ["features"])).stdout);
  const theirs = JSON.parse((await run("runc", ["features"])).stdout);
  assert.deepEqual(ours.hooks, theirs.hooks);
  assert.deepEqual(ours.linux.capabilities, theirs.linux.capabilities);
  for (const type of theirs.linux.namespaces) assert.ok(ours.linux.namespaces.includes(type), type);
  assert.equal(typeof ours.ociVersionMin, "string");
  const kernel = (text: string) => JSON.parse(text).annotations["vz.kernel.namespaces"].split(",");
  assert.ok(kernel((await run(runch, ["features"])).stdout).includes("mount"));
  const poor = await run("setpriv", ["--bounding-set=-sys_admin", runch, "features"]);
  assert.ok(!kernel(poor.stdout).includes("mount"));
});

test("spec writes what runc's writes, but for the version, the hostname and ambient capabilities", async () => {
  for (const flags of [[], ["--rootless"]]) {
    const documents = [];
    for (const runner of ["runc", runch]) {
      rmSync(join(dir, "config.json"), { force: true });
      const { status, stderr } = await run(runner, ["spec", ...flags, "-b", dir]);
      assert.equal(status, 0, stderr);
      documents.push(JSON.parse(readFileSync(join(dir, "config.json"), "utf8")));
    }
    const [theirs, ours] = documents;
    assert.equal(ours.ociVersion, "1.0.2");
    // runc left them out later on: what is not inheritable cannot be ambient (capabilities(7))
    delete theirs.process.capabilities.ambient;
    assert.deepEqual({ ...ours, ociVersion: "", hostname: "" }, { ...theirs, ociVersion: "", hostname: "" });
  }
});

test("spec overwrites nothing and writes under another name where one is given", async () => {
  writeFileSync(join(dir, "config.json"), "mine");
  const refused = await run(runch, ["spec", "-b", dir]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /config\.json: it is there already/);
  assert.equal(readFileSync(join(dir, "config.json"), "utf8"), "mine");
  assert.equal((await run(runch, ["spec", "-f", "other.json"], { cwd: dir })).status, 0);
  assert.ok(existsSync(join(dir, "other.json")));
  assert.equal((await run(runch, ["spec", "-b", join(dir, "absent")])).status, 1);
  assert.equal((await run(runch, ["spec", "--rootless", "--isolation=chroot", "-b", dir])).status, 64);
});
