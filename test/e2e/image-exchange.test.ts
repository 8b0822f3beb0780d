/**
 * `vz image export` and `import` beside the tools that they are for: skopeo, umoci, runc, crun and podman take what is exported,
 * and images that others made come in, run, and go out again with the same content. Needs root.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { vzBinary } from "../support/machine.ts";

const scratch = mkdtempSync(join(tmpdir(), "vz-exchange-e2e-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const at = (name: string) => join(scratch, name);

function ok(file: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: scratch,
    encoding: "utf8",
    timeout: 120_000,
  });
  assert.equal(status, 0, `${file} ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}
const vz = (...args: string[]) => ok(vzBinary, ...args);

/** crun 1.8.1 refuses a machine with both kinds of cgroups. */
const CRUN =
  'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec crun --cgroup-manager=cgroupfs "$@"';

/** Runs the bundle by each runtime; each must write the same. */
function runsTo(bundle: string, output: string): void {
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  config.process.terminal = false;
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  const id = `vz-exchange-${process.pid}`;
  assert.equal(ok("runc", "run", "-b", bundle, id), output);
  assert.equal(
    ok("unshare", "-m", "--propagation", "slave", "sh", "-c", CRUN, "sh", "run", "-b", bundle, id),
    output,
  );
  assert.equal(vz("runch", "run", "-b", bundle, id), output);
}

/** Paths, kinds, modes, owners, devices, link targets and contents below `root`: all but times. */
function contentOf(root: string): string {
  const list = execFileSync("find", [".", "-printf", "%P %y %m %U:%G %l\\n"], {
    cwd: root,
    encoding: "latin1",
  });
  const sums = ok(
    "sh",
    "-c",
    `cd "$0" && find . -type f -exec sha256sum {} + && find . -type c -exec stat -c "%n %t:%T" {} +`,
    root,
  );
  return `${list}${sums}`.split("\n").sort().join("\n");
}

function unpack(layout: string, tag: string, bundle: string): string {
  rmSync(at(bundle), { recursive: true, force: true });
  ok("umoci", "unpack", "--image", `${layout}:${tag}`, bundle);
  return at(bundle);
}

before(() => {
  // Dynamically linked, with arguments, and traced: a real program.
  writeFileSync(at("greeting"), "good morning\n");
  vz("trace", "--image", "cat.tar.gz", "/bin/cat", at("greeting"));
  vz("image", "export", "cat.tar.gz", "--oci", "-o", "cat.oci.tar");
  vz("image", "export", "cat.tar.gz", "--docker", "-o", "cat.docker.tar");
  mkdirSync(at("cat"));
  ok("tar", "-xf", "cat.oci.tar", "-C", "cat");
});

test("skopeo inspects and copies what is exported, and what it copied is the same image", () => {
  const { id } = JSON.parse(vz("image", "inspect", "cat.tar.gz", "--json"));
  for (const [kind, other] of [
    ["oci-archive:cat.oci.tar", "docker-archive:copied.docker.tar:cat:1"],
    ["docker-archive:cat.docker.tar", "oci-archive:copied.oci.tar:cat"],
  ] as const) {
    const { Os, Layers, Architecture } = JSON.parse(ok("skopeo", "inspect", kind));
    assert.deepEqual([Os, Layers.length], ["linux", 1]);
    assert.match(Architecture, /^(amd64|386)$/);
    ok("skopeo", "copy", "--quiet", kind, other);
    const copied = other.split(":")[1] ?? "";
    assert.equal(JSON.parse(vz("image", "import", copied, "-o", "back.tar.gz", "--json")).id, id, other);
    assert.ok(readFileSync(at("back.tar.gz")).equals(readFileSync(at("cat.tar.gz"))));
  }
});

test("umoci unpacks it, and runc, crun and runch run the bundle", () => {
  const bundle = unpack("cat", "cat", "cat-bundle");
  runsTo(bundle, "good morning\n");
});

const HAS_PODMAN = spawnSync("podman", ["--version"]).status === 0;
test("podman loads both formats and runs them", { skip: !HAS_PODMAN && "no podman" }, () => {
  const script = `
    export HOME=/run/home XDG_RUNTIME_DIR=/run/xdg; mkdir -p /run/podman /run/home /run/xdg
    podman() {
      timeout -k 5 100 podman --root /run/podman/root --runroot /run/podman/runroot --tmpdir /run/podman/tmp --storage-driver vfs \\
        --runtime crun --cgroup-manager cgroupfs --events-backend file "$@"
    }
    for archive in "$@"; do
      loaded=$(podman load --quiet -i "$archive") || exit
      podman run --rm --network none "\${loaded#*: }" || exit
      podman rmi --force "\${loaded#*: }" >/dev/null
    done`;
  const sandbox = join(process.cwd(), "scripts/compat/sandbox.sh");
  const output = ok(sandbox, "bash", "-c", script, "bash", at("cat.oci.tar"), at("cat.docker.tar"));
  assert.equal(output, "good morning\ngood morning\n");
});

/** An image of three layers by umoci, with all that layers can do to one another. */
function foreignImage(): void {
  ok("umoci", "init", "--layout", "foreign");
  ok("umoci", "new", "--image", "foreign:app");
  ok("umoci", "unpack", "--image", "foreign:app", "work");
  const layer = (commands: string) => {
    ok("sh", "-euc", `cd work/rootfs; ${commands}`);
    ok("umoci", "repack", "--image", "foreign:app", "--refresh-bundle", "work");
  };
  layer(`mkdir -p bin etc usr/lib opt/gone/deep opt/replaced; cp /bin/busybox bin/; ln bin/busybox bin/sh; ln -s usr/lib lib
    echo kept >etc/kept; echo lost >etc/lost; echo x >opt/gone/deep/file; echo y >opt/replaced/file; echo z >opt/plain
    printf 'root:x:0:0::/:/bin/sh\\napp:x:100:101::/:/bin/sh\\n' >etc/passwd; printf 'app:x:101:\\nmore:x:102:app\\n' >etc/group
    mkdir var; chown 100:101 var; chmod 2775 var; touch "$(printf 'bytes-\\351')"`);
  layer(`rm etc/lost; rm -r opt/gone; rm -r opt/replaced; echo now a file >opt/replaced; rm opt/plain; mkdir opt/plain
    echo in >opt/plain/in; mkdir opt/gone; echo new >opt/gone/new; mknod null c 1 3; mkfifo pipe; chmod 4711 bin/busybox`);
  layer("echo more >usr/lib/more; echo changed >etc/kept; ln -s /etc/kept kept");
  const config = ["--config.entrypoint", "/bin/busybox", "--config.cmd", "sh", "--config.cmd", "-c"];
  const command = [
    "--config.cmd",
    "id -u; id -g; pwd; echo $NOTE; cat /kept /lib/more /opt/plain/in; ls /opt",
  ];
  const more = [
    "--config.user",
    "app",
    "--config.env",
    "NOTE=a b",
    "--config.workingdir",
    "/var",
    "--config.label",
    "k=v",
  ];
  ok("umoci", "config", "--image", "foreign:app", ...config, ...command, ...more);
}
const FOREIGN = "100\n101\n/var\na b\nchanged\nmore\nin\ngone\nplain\nreplaced\n";

test("an image of another tool comes in from every form, runs, and goes out with the same content", () => {
  foreignImage();
  const original = contentOf(join(unpack("foreign", "app", "original"), "rootfs"));
  ok("skopeo", "copy", "--quiet", "oci:foreign:app", "docker-archive:foreign.docker.tar:foreign:1");
  ok("skopeo", "copy", "--quiet", "oci:foreign:app", "oci-archive:foreign.oci.tar:app");
  ok("gzip", "-k", "foreign.docker.tar");
  const forms = ["foreign", "foreign.oci.tar", "foreign.docker.tar", "foreign.docker.tar.gz"];
  const ids = forms.map(
    (form) => JSON.parse(vz("image", "import", form, "-o", "in.tar.gz", "--name", "foreign", "--json")).id,
  );
  assert.equal(new Set(ids).size, 1, "one image, whatever it came in");
  vz("image", "verify", "in.tar.gz");

  mkdirSync(at("in"));
  ok("tar", "-xpf", "in.tar.gz", "-C", "in");
  runsTo(at("in"), FOREIGN);

  for (const format of ["--oci", "--docker"])
    vz("image", "export", "in.tar.gz", format, "-o", `again${format}.tar`);
  ok("skopeo", "copy", "--quiet", "docker-archive:again--docker.tar", "oci:again-docker:foreign");
  mkdirSync(at("again-oci"));
  ok("tar", "-xf", "again--oci.tar", "-C", "again-oci");
  for (const layout of ["again-oci", "again-docker"]) {
    const bundle = unpack(layout, "foreign", "again-bundle");
    assert.equal(contentOf(join(bundle, "rootfs")), original, layout);
    runsTo(bundle, FOREIGN);
  }
});

test("memory stays flat over large layers, and nothing but the result is left", () => {
  mkdirSync(at("large/rootfs"), { recursive: true });
  writeFileSync(
    at("large/config.json"),
    JSON.stringify({ ociVersion: "1.0.2", root: { path: "rootfs" }, process: { args: ["/x"], cwd: "/" } }),
  );
  ok("sh", "-c", "for i in 1 2 3 4; do head -c 8M /dev/urandom >large/rootfs/$i; done");
  vz("image", "build", "large", "-o", "large.tar");
  mkdirSync(at("out"));
  // kilobytes of address space, of which the executable and its stack are some
  const limited = (...args: string[]) =>
    ok("sh", "-c", `ulimit -v 49152; exec "$0" "$@"`, vzBinary, "image", ...args);
  limited("export", "large.tar", "--oci", "-o", "out/large.oci.tar");
  limited("export", "large.tar", "--docker", "-o", "out/large.docker.tar");
  limited("import", "out/large.oci.tar", "-o", "out/again.tar");
  assert.ok(readFileSync(at("large.tar")).equals(readFileSync(at("out/again.tar"))));
  assert.deepEqual(readdirSync(at("out")).sort(), ["again.tar", "large.docker.tar", "large.oci.tar"]);
});

/** What lies beside the result of `vz image WORDS…` after it got `signal` in the midst of writing it. */
async function leftBy(signal: NodeJS.Signals, words: readonly string[]): Promise<string[]> {
  rmSync(at("killed"), { recursive: true, force: true });
  mkdirSync(at("killed"));
  const child = spawn(vzBinary, ["image", ...words], { cwd: scratch, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", (_status, by) => resolve(by)));
  const begun = Date.now();
  // a file without a name may have one for a moment
  const size = (name: string) => statSync(at(`killed/${name}`), { throwIfNoEntry: false })?.size ?? 0;
  while (readdirSync(at("killed")).every((name) => size(name) === 0)) {
    assert.ok(Date.now() - begun < 60_000, "nothing is written");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.kill(signal);
  assert.equal(await ended, signal, words.join(" "));
  return readdirSync(at("killed"));
}

test("a signal in the midst of writing leaves nothing; SIGKILL a file whose name says that it is to be thrown away", async () => {
  const words = ["import", "out/large.oci.tar", "-o", "killed/x.tar.gz"];
  for (const signal of ["SIGTERM", "SIGHUP"] as const) assert.deepEqual(await leftBy(signal, words), []);
  const left = await leftBy("SIGKILL", words);
  assert.ok(left.length === 1 && /^\.x\.tar\.gz\.[0-9a-f]{12}\.tmp$/.test(left[0] ?? ""), left.join());
});
