import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../src/common/oci/oci.ts";
import { bundleConfig, type Seen } from "../../../src/trace/make/bundle.ts";
import { imageName } from "../../../src/trace/make/image-name.ts";

const seen: Seen = {
  command: ["server", "--port", "80", ""],
  cwd: "/srv/app",
  env: {
    PATH: "/usr/bin",
    LANG: "C",
    LC_ALL: "C",
    SECRET_TOKEN: "x",
    HOME: "/root",
    AWS_KEY: "y",
    PYTHONPATH: "/p",
  },
  user: { uid: 0, gid: 0, additionalGids: [] },
  umask: 0o022,
  files: new Set(["/usr/bin/server"]),
  directories: new Set(),
  links: new Set(),
  runDirectories: new Map(),
  written: new Set(),
  deviceTrees: new Set(),
};
const destinations = (one: Seen) => bundleConfig(one).mounts.map(({ destination }) => destination);

test("terminals and shared memory are mounted where they were used, behind /dev", () => {
  const used = { ...seen, deviceTrees: new Set(["/dev/shm", "/dev/pts"] as const) };
  assert.deepEqual(destinations(used).slice(0, 4), ["/proc", "/dev", "/dev/pts", "/dev/shm"]);
  assert.ok(!destinations(seen).some((name) => name.startsWith("/dev/")));
});

test("the command is kept word by word, and of the environment only what finds files and sets the language", () => {
  const { args, env } = bundleConfig(seen).process;
  assert.deepEqual(args, ["server", "--port", "80", ""]);
  assert.deepEqual(env, ["LANG=C", "LC_ALL=C", "PATH=/usr/bin", "PYTHONPATH=/p"]);
});

test("PATH keeps the directories that the root has, also behind links, and none of the operator's", () => {
  const env = { PATH: "/root/.bin:/usr/bin:/opt/l/bin:.:/usr/bin:/usr/b" };
  const one = { ...seen, env, links: new Set(["/opt/l"]) };
  assert.deepEqual(bundleConfig(one).process.env, ["PATH=/usr/bin:/opt/l/bin"]);
});

test("without a PATH there is the usual one", () => {
  assert.match(bundleConfig({ ...seen, env: {} }).process.env[0] ?? "", /^PATH=.*:\/usr\/bin:/);
});

test("the working directory is kept where the root has it, else it is the root", () => {
  assert.equal(bundleConfig(seen).process.cwd, "/");
  assert.equal(bundleConfig({ ...seen, files: new Set(["/srv/app/conf"]) }).process.cwd, "/srv/app");
  assert.equal(bundleConfig({ ...seen, files: new Set(["/srv/apples"]) }).process.cwd, "/");
});

test("the root is read-only while all that was written lies in memory", () => {
  assert.equal(bundleConfig({ ...seen, written: new Set(["/tmp", "/run/x.pid"]) }).root.readonly, true);
  assert.equal(bundleConfig({ ...seen, written: new Set(["/var/lib/data"]) }).root.readonly, false);
});

test("a directory in /run that the program expects gets memory of its own, above /run's, as the host has it", () => {
  const runDirectories = new Map([
    ["/run/redis", { mode: 0o2755, uid: 101, gid: 104 }],
    ["/run/sshd", { mode: 0o755, uid: 0, gid: 0 }],
  ]);
  const { mounts } = bundleConfig({ ...seen, runDirectories });
  const options = (destination: string) => mounts.find((one) => one.destination === destination)?.options;
  assert.deepEqual(
    mounts.map(({ destination }) => destination),
    ["/proc", "/dev", "/run", "/run/redis", "/run/sshd", "/tmp"],
  );
  assert.deepEqual(options("/run/redis"), ["nosuid", "nodev", "mode=2755", "uid=101", "gid=104"]);
  assert.deepEqual(options("/run/sshd"), ["nosuid", "nodev", "mode=755"]);
});

test("no memory is laid over a directory or a link that the root has in /tmp", () => {
  for (const names of [{ directories: new Set(["/tmp/app/db"]) }, { links: new Set(["/tmp/link"]) }]) {
    assert.ok(!destinations({ ...seen, ...names }).includes("/tmp"));
  }
  const kept = new Set(["/var/tmp/db"]);
  const one = { ...seen, directories: kept, written: new Set(["/var/tmp", "/var/tmp/db"]) };
  assert.ok(!destinations(one).includes("/var/tmp"));
  assert.equal(bundleConfig(one).root.readonly, false);
  assert.ok(destinations({ ...seen, written: new Set(["/var/tmp"]) }).includes("/var/tmp"));
});

test("no mount hides a file of the root", () => {
  const files = new Set(["/tmp/app/server", "/run/resolv.conf"]);
  const one = { ...seen, files, written: new Set(["/tmp/app"]) };
  assert.deepEqual(destinations(one), ["/proc", "/dev"]);
  assert.equal(bundleConfig(one).root.readonly, false);
});

test("root keeps what daemons start with, another user nothing", () => {
  const capabilities = bundleConfig(seen).process.capabilities;
  assert.equal(capabilities?.bounding?.includes("CAP_SETUID"), true);
  assert.equal(capabilities?.bounding?.includes("CAP_SYS_ADMIN"), false);
  assert.equal(
    bundleConfig({ ...seen, user: { uid: 1000, gid: 1000, additionalGids: [] } }).process.capabilities,
    undefined,
  );
});

test("an image bears its program's name, made fit", () => {
  assert.equal(imageName(["/usr/bin/redis-server", "--port", "1"]), "redis-server");
  assert.equal(imageName(["./my app.sh"]), "my-app.sh");
  assert.equal(imageName(["/usr/bin/["]), "image");
  assert.equal(imageName(["g++..x"]), "g-.x");
});

test("the runner knows every field", () => {
  const { config, unknown } = readConfig(JSON.stringify(bundleConfig(seen)));
  assert.deepEqual(unknown, []);
  assert.equal(config.root?.path, "rootfs");
});
