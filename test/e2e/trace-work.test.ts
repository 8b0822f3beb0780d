/** What a trace is worked on with: globs, earlier specs, recipes, reports, checks; on real programs of this machine. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { after, beforeEach, test } from "node:test";
import { vzBinary } from "../support/machine.ts";
import { ok, Workshop } from "../support/tracing.ts";

const shop = new Workshop();
/** A directory of its own for each test. */
let dir = shop.dir;
after(() => shop.remove());
beforeEach(() => {
  shop.next();
  dir = shop.dir;
});
const run: typeof shop.run = (...args) => shop.run(...args);

const trace: typeof shop.trace = (...args) => shop.trace(...args);
const spec: typeof shop.spec = (...args) => shop.spec(...args);
const inRoot = (...command: string[]) => run("chroot", [join(dir, "root"), ...command]);

test("--include brings a program with its libraries, a script with its interpreter, a directory with its modes", () => {
  mkdirSync(join(dir, "data/sub"), { recursive: true });
  chmodSync(join(dir, "data/sub"), 0o2750);
  writeFileSync(join(dir, "data/sub/file"), "x", { mode: 0o640 });
  symlinkSync("sub/file", join(dir, "data/link"));
  writeFileSync(join(dir, "script"), "#!/usr/bin/env sh\necho script", { mode: 0o755 });
  const wanted = ["/bin/bash", `${dir}/script`, `${dir}/data/**`, "/usr/bin/env", "/bin/dash", "/bin/sh"];
  ok(trace("--rootfs", "root", ...wanted.flatMap((glob) => ["--include", glob]), "true"));
  assert.equal(ok(inRoot("/bin/bash", "-c", "echo $BASH_VERSION")).stdout.length > 3, true);
  assert.equal(ok(inRoot(`${dir}/script`)).stdout, "script\n");
  const copy = join(dir, "root", dir, "data");
  assert.equal(statSync(join(copy, "sub")).mode & 0o7777, 0o2750);
  assert.equal(statSync(join(copy, "sub/file")).mode & 0o7777, 0o640);
  assert.equal(readlinkSync(join(copy, "link")), "sub/file");
});

test("--exclude wins over the run and over --include", () => {
  for (const name of ["a", "b.log", "c.log"]) writeFileSync(join(dir, name), "x");
  ok(trace("--include", `${dir}/c.log`, "--exclude", "*.log", "cat", "a", "b.log"));
  assert.deepEqual(
    spec().filter((name) => name.startsWith(`${dir}/`)),
    [join(dir, "a")],
  );
});

test("an --include that matches nothing is told before the command runs", () => {
  for (const [glob, why] of [
    [`${dir}/none*`, /no such file/],
    ["/proc/version", /the kernel's/],
    ["relative", /must start with a slash/],
    ["/a[", /\[ without its \]/],
  ] as const) {
    const { status, stderr } = trace("--include", glob, "touch", "ran");
    assert.equal(status, 64, stderr);
    assert.match(stderr, why);
  }
  assert.deepEqual(readdirSync(dir), []);
});

test("a directory that an --include may not look into is named", () => {
  mkdirSync(join(dir, "tree/closed"), { recursive: true });
  writeFileSync(join(dir, "tree/closed/file"), "");
  chmodSync(join(dir, "tree/closed"), 0o700);
  chmodSync(shop.top, 0o755);
  chmodSync(dir, 0o777);
  const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", vzBinary, "trace"];
  const { status, stderr } = run("setpriv", [...nobody, "--include", `${dir}/tree/**`, "--no-run"]);
  assert.equal(status, 0);
  assert.deepEqual(spec(), [`${dir}/tree`, `${dir}/tree/closed`]);
  assert.equal(
    stderr,
    `vz trace: --include ${dir}/tree/**: not looked into, permission denied: ${dir}/tree/closed\n`,
  );
});

test("--from makes one root of several runs; what is gone since is told and dropped", () => {
  writeFileSync(join(dir, "gone"), "x");
  ok(trace("-o", "one", "cat", "gone", "/etc/hostname"));
  ok(trace("-o", "two", "date", "-u"));
  rmSync(join(dir, "gone"));
  const merged = ok(trace("--from", "one", "--from", "two", "--rootfs", "root"));
  assert.match(merged.stderr, /^vz trace: one: no longer there: \/.*\/gone\n$/);
  const expected = new Set([...spec("one"), ...spec("two")]);
  expected.delete(join(dir, "gone"));
  assert.deepEqual(spec(), [...expected].sort());
  ok(inRoot("date", "-u"));
  ok(inRoot("cat", "/etc/hostname"));
});

test("--no-run makes a bundle of a command that is not run", () => {
  ok(trace("-o", "one", "cat", "/etc/hostname"));
  ok(trace("--from", "one", "--no-run", "--bundle", "b", "--", "cat", "/etc/hostname", "none"));
  const config = JSON.parse(readFileSync(join(dir, "b/config.json"), "utf8"));
  assert.deepEqual(config.process.args, ["cat", "/etc/hostname", "none"]);
  const { command, host, packages } = JSON.parse(readFileSync(join(dir, "b/provenance.json"), "utf8"));
  assert.deepEqual(command, config.process.args);
  if (existsSync("/etc/os-release")) assert.ok(host.id.length > 0);
  if (existsSync("/var/lib/dpkg/status"))
    assert.ok(packages.some(({ name }: { name: string }) => name === "coreutils"));
});

test("a spec that no run wrote is refused with its line", () => {
  writeFileSync(join(dir, "bad"), "/etc/hostname\n../x\n");
  const { status, stderr } = trace("--from", "bad");
  assert.equal(status, 65);
  assert.match(stderr, /^vz: bad:2: \.\.\/x: not an absolute name\n/);
  assert.equal(trace("--no-run", "true").status, 64);
  assert.equal(trace("--from", "none").status, 64);
  assert.deepEqual(readdirSync(dir), ["bad"]);
});

const recipe = (name: string) => resolve("docs/recipes", name);
const config = (bundle: string) => JSON.parse(readFileSync(join(dir, bundle, "config.json"), "utf8"));

test("a recipe traces several runs, and says what the bundle is to be", () => {
  ok(trace("--recipe", recipe("date.yaml"), "--bundle", "b"));
  const { process, hostname } = config("b");
  assert.equal(hostname, "dates");
  assert.ok(process.env.includes("TZ=UTC"));
  assert.match(ok(run(vzBinary, ["runch", "start", join(dir, "b")])).stdout, / GMT$/);
  const exclude = ["--exclude", "*.pm", "--name", "other", "--image", "i.tar"];
  ok(trace("--recipe", recipe("date.yaml"), ...exclude));
  assert.ok(!spec().some((name) => name.endsWith(".pm")), "options add to the recipe's lists");
  const inspected = ok(run(vzBinary, ["image", "inspect", "--json", "i.tar"])).stdout;
  assert.equal(JSON.parse(inspected).name, "other", "and win over its values");
});

test("a recipe exercises a daemon once it is up, and stops it", () => {
  assert.equal(run("redis-server", ["--version"]).status, 0, "needs the package redis-server");
  ok(trace("--recipe", recipe("redis.yaml"), "--bundle", "b"));
  const { process } = config("b");
  assert.deepEqual([process.user, process.cwd], [{ uid: 1000, gid: 1000 }, "/"]);
  assert.equal(process.args[0], "redis-server");
  assert.ok(existsSync(join(dir, "b/rootfs/usr/bin/redis-cli")));
  assert.ok(
    existsSync(join(dir, "b/rootfs/usr/bin/redis-check-rdb")) || spec().includes("/usr/bin/redis-server"),
  );
});

test("what fails in an exercise fails the trace, and says what it was", () => {
  writeFileSync(
    join(dir, "r.yaml"),
    "command: [sleep, 30]\nrun: [{until: 'true', exercise: [[test, a, '=', b c]], for: 20}]\n",
  );
  const { status, stderr } = trace("--recipe", "r.yaml", "--rootfs", "root");
  assert.equal(status, 1);
  assert.match(stderr, /exercise test a = 'b c': failed/);
  assert.ok(!existsSync(join(dir, "root")));
});

test("a recipe that is wrong is told with line and column, before anything runs", () => {
  writeFileSync(join(dir, "r.yaml"), "command: [touch, ran]\nincludes: [/etc]\n");
  const { status, stderr } = trace("--recipe", "r.yaml");
  assert.equal(status, 78);
  assert.match(stderr, /^vz: r\.yaml:2:1: includes: unknown key\nhint: did you mean include\?\n$/);
  assert.equal(trace("--recipe", "none.yaml").status, 78);
  assert.equal(trace("--recipe", recipe("date.yaml"), "true").status, 64);
  assert.deepEqual(readdirSync(dir), ["r.yaml"]);
});

test("a bundle's config.json is what was seen, unless an option says otherwise", () => {
  writeFileSync(join(dir, "data"), "inside\n");
  const options = [
    ...["--env", "A=1", "--env", "HOME", "--user", "nobody", "--cwd", "/srv/app"],
    ...["--mount", "./data:/srv/data:ro", "--mount", "tmpfs:/var/cache/x:size=1m"],
  ];
  const script = 'echo "$A $HOME"; id -u; id -g; pwd; cat /srv/data; touch /var/cache/x/y && echo yes';
  const exercise = `true; id -u; cat /dev/null; pwd; touch ${dir}/y`;
  ok(run(vzBinary, ["trace", "-o", "one", "sh", "-c", exercise], { HOME: "/h" }));
  ok(
    run(
      vzBinary,
      ["trace", "--from", "one", "--no-run", "--bundle", "b", ...options, "--", "sh", "-c", script],
      {
        HOME: "/h",
      },
    ),
  );
  const nobody = [
    "nobody",
    "x",
    ...["-u", "-g"].map((flag) => ok(run("id", [flag, "nobody"])).stdout.trim()),
  ];
  const seen = ok(run(vzBinary, ["runch", "start", join(dir, "b")])).stdout;
  assert.equal(seen, `1 /h\n${nobody[2]}\n${nobody[3]}\n/srv/app\ninside\nyes\n`);
  assert.equal(config("b").root.readonly, true);
});

test("an option that a bundle cannot obey is told before anything runs", () => {
  for (const [options, message] of [
    [["--user", "no-such-user"], /\/etc\/passwd does not have it/],
    [["--user", "4000000"], /does not tell the group/],
    [["--env", "NOT_SET_AT_ALL"], /is not set/],
    [["--env", "=x"], /not NAME=VALUE/],
    [["--mount", "a:/b"], /SOURCE is neither/],
    [["--mount", "/a:b"], /DESTINATION/],
    [["--mount", "/a:/../b"], /DESTINATION/],
    [["--cwd", "here"], /not an absolute name/],
  ] as const) {
    const { status, stderr } = trace("--bundle", "b", ...options, "touch", "ran");
    assert.equal(status, 64, stderr);
    assert.match(stderr, message);
  }
  assert.match(trace("--env", "A=1", "touch", "ran").stderr, /--env: needs --bundle or --image/);
  assert.deepEqual(readdirSync(dir), []);
});

test("--report tells what came along, from where, and what is not here", () => {
  writeFileSync(join(dir, "mine"), "x");
  ok(trace("cat", "/etc/hostname"));
  const options = ["--report", "r.json", "--json", "--exclude", "/etc/hostname"];
  ok(trace(...options, "sh", "-c", "cat mine /etc/hostname; echo > new; ls /etc/default"));
  const report = JSON.parse(readFileSync(join(dir, "r.json"), "utf8"));
  assert.equal(report.files, spec().filter((name) => statSync(name).isFile() && !isLink(name)).length);
  assert.ok(report.biggest.length <= 10 && report.biggest[0].bytes >= report.biggest[1].bytes);
  assert.ok(report.made.includes(join(dir, "new")));
  assert.deepEqual(report.excluded, ["/etc/hostname"]);
  assert.ok(report.older.added.includes(join(dir, "mine")));
  assert.deepEqual(report.older.gone, ["/etc/hostname"]);
  assert.ok(report.leftOut.some(({ include }: { include?: string }) => include === "/etc/default/**"));
  assert.ok(report.unowned.some(({ path }: { path: string }) => path === join(dir, "mine")));
  if (existsSync("/var/lib/dpkg/status")) {
    const coreutils = report.packages.find(({ name }: { name: string }) => name === "coreutils");
    assert.ok(coreutils.bytes > 0 && coreutils.installedSize > coreutils.bytes);
    const libc = spec().find((name) => name.endsWith("/libc.so.6")) ?? "";
    const owner = ok(run("dpkg", ["-S", `*/${basename(dirname(libc))}/libc.so.6`])).stdout.split(":")[0];
    assert.ok(report.packages.some(({ name }: { name: string }) => name === owner));
  }
  const text = ok(trace("--report", "-", "cat", "mine")).stdout;
  assert.match(text, /^x?cat mine\n\d+ files /);
  assert.equal(trace("--json", "true").status, 64);
  assert.equal(trace("--report", "none/x", "true").status, 64);
});

function isLink(name: string): boolean {
  return lstatSync(name).isSymbolicLink();
}

/** crun 1.8.1 refuses a host that has both kinds of cgroups, so it sees one kind only. */
const CRUN =
  'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec crun --cgroup-manager=cgroupfs "$@"';
const RUNTIMES: readonly (readonly [name: string, ...command: string[]])[] = [
  ["runch", vzBinary, "runch"],
  ["runc", "runc"],
  ["crun", "unshare", "-m", "--propagation", "slave", "sh", "-c", CRUN, "sh"],
];

for (const [name, program = "", ...words] of RUNTIMES) {
  test(`${name} runs a traced bundle, and does all that its config.json says`, (context) => {
    if (name !== "runch" && run(name, ["--version"]).status !== 0) return context.skip(`no ${name}`);
    writeFileSync(join(dir, "data"), "inside\n");
    writeFileSync(
      join(dir, "r.yaml"),
      `command: 'id -u; id -G; umask; cat /proc/sys/kernel/hostname; ulimit -n; pwd; echo $A; cat /data; echo x > /var/x/y && cat /var/x/y'
run: [{command: 'id -u; id -G; umask; cat /proc/sys/kernel/hostname; ulimit -n; pwd'}]
config:
  env: {A: b c}
  user: {uid: 65534, gid: 65534, additionalGids: [7, 8], umask: 63}
  hostname: traced
  cwd: /srv
  mounts: ["./data:/data:ro", "tmpfs:/var/x:mode=1777"]
  rlimits: [{type: RLIMIT_NOFILE, soft: 99, hard: 99}]
`,
    );
    ok(trace("--recipe", "r.yaml", "--bundle", "b"));
    assert.equal(config("b").root.readonly, true);
    const id = `vz-work-${process.pid}-${name}`;
    const { stdout } = ok(run(program, [...words, "run", "--bundle", join(dir, "b"), id]));
    assert.equal(stdout, "65534\n65534 7 8\n0077\ntraced\n99\n/srv\nb c\ninside\nx\n");
  });
}
