/** What `vz lab up --vm` says on a machine that lacks something: one line and the way out. Each lack is made in a mount namespace. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Result, run } from "../support/lab.ts";
import { vzBinary } from "../support/machine.ts";

const env = { VZ_LAB: `e2e-lacks-${process.pid}` };
const realCache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");

let cache: string;
before(() => {
  cache = mkdtempSync(join(tmpdir(), "vz-cache-"));
});
after(() => rmSync(cache, { recursive: true }));

/** Runs `vz lab up 1 --vm` after a shell script has changed the mounts that it sees; its cache is a new one. */
function upWhere(script: string, ...words: string[]): Promise<Result> {
  const up = `${script}\nexec "$0" lab up 1 --vm "$@"`;
  const command = ["--mount", "--propagation", "private", "sh", "-ec", up, vzBinary, ...words];
  return run("unshare", command, { env: { ...env, XDG_CACHE_HOME: cache }, timeout: 300_000 });
}

/** Hides programs of /usr/bin: a character device 0:0 is overlayfs's sign for a file that is not there. */
function without(...programs: string[]): string {
  return [
    "mount -t tmpfs none /mnt",
    "mkdir /mnt/upper /mnt/work",
    ...programs.map((program) => `mknod /mnt/upper/${program} c 0 0`),
    "mount -t overlay overlay -o lowerdir=/usr/bin,upperdir=/mnt/upper,workdir=/mnt/work /usr/bin",
  ].join("\n");
}

/** The one line and its hint. */
function assertSays(result: Result, status: number, line: RegExp, hint: RegExp): void {
  const [said = "", hinted = "", ...rest] = result.stderr
    .split("\n")
    .filter((text) => !text.startsWith("vz: lab: "));
  assert.equal(result.status, status, result.stderr);
  assert.match(said, line);
  assert.match(hinted, hint);
  assert.deepEqual(rest, [""]);
}

describe("a machine without", () => {
  test("qemu", async () => {
    const result = await upWhere(without("qemu-system-i386"));
    assertSays(
      result,
      71,
      /^vz: qemu-system-i386: is not installed$/,
      /^hint: apt-get install .*qemu-system-x86$/,
    );
  });

  test("/dev/net/tun", async () => {
    const result = await upWhere("mount -t tmpfs none /dev/net");
    assertSays(
      result,
      71,
      /^vz: \/dev\/net\/tun: no such file or directory/,
      /^hint: modprobe tun; .*mknod \/dev\/net\/tun c 10 200$/,
    );
  });

  test("room for a disk", async () => {
    const result = await upWhere(
      "mkdir -p /var/lib/vz-lab; mount -t tmpfs -o size=100m none /var/lib/vz-lab",
    );
    assertSays(
      result,
      71,
      /^vz: \/var\/lib\/vz-lab: has 100 MB free, a disk of 600 MB may take 600$/,
      /^hint: .*more room/,
    );
  });

  test("memory for it", async () => {
    const result = await upWhere("", "--mem", "32");
    assertSays(result, 64, /^vz: vz lab up: --mem "32": a number from 64 to /, /^hint: vz help lab up$/);
  });
});

test("a machine whose qemu ends is not waited for, and qemu's reason is told", async () => {
  const script =
    'mount -t tmpfs none /usr/share/seabios\n"$0" lab up 1 --vm --mem 64\nstatus=$?\n"$0" lab down >&2\nexit $status';
  const command = ["--mount", "--propagation", "private", "sh", "-c", script, vzBinary];
  const cwd = mkdtempSync(join(tmpdir(), "vz-lacks-"));
  const result = await run("unshare", command, {
    env: { ...env, VZ_LAB_ACCEL: "tcg" },
    cwd,
    timeout: 300_000,
  });
  rmSync(cwd, { recursive: true });
  assert.equal(result.status, 71, result.stderr);
  assert.match(
    result.stderr,
    /^vz: vps1: did not boot: qemu[^\n]*bios[^\n]*\nhint: its console is in \S+, what its runner said in \S+\n/m,
  );
  assert.match(result.stderr, /^lab \S+ is down$/m);
});

describe("a mirror", () => {
  /** Files of a mirror that nothing is signed on, for a machine that trusts it. */
  const files: Record<string, string> = {};
  const server = createServer((request, response) => {
    const body = files[request.url ?? ""];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  let sources: string;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    sources = join(cache, "mirror.list");
    writeFileSync(sources, `deb [trusted=yes] http://127.0.0.1:${address.port}/debian bookworm main\n`);
  });
  after(() => server.close());

  function upFromMirror(): Promise<Result> {
    return upWhere(`mount -t tmpfs none /etc/apt/sources.list.d\ncp ${sources} /etc/apt/sources.list.d/`);
  }

  test("that has the release no more", async () => {
    assertSays(
      await upFromMirror(),
      71,
      /^vz: Debian bookworm at http:\/\/127\.0\.0\.1:.*: /,
      /^hint: a line 'deb URI bookworm main' /,
    );
  });

  test("that has the kernel no more", async () => {
    files["/debian/dists/bookworm/Release"] =
      "Suite: bookworm\nCodename: bookworm\nComponents: main\nArchitectures: i386\n";
    files["/debian/dists/bookworm/main/binary-i386/Packages"] = "";
    assertSays(
      await upFromMirror(),
      71,
      /^vz: linux-image-686: Debian bookworm has it no more$/,
      /^hint: a line 'deb URI bookworm main' /,
    );
  });
});

describe("with a kernel in the cache", () => {
  const kernels = () => list(join(cache, "vz/lab")).filter((name) => name.startsWith("kernel-i386-6.1-"));

  before(() => {
    // Where there is none yet, the first test fetches it.
    const kernel = list(join(realCache, "vz/lab")).find((name) => name.startsWith("kernel-i386-6.1-"));
    if (kernel !== undefined)
      cpSync(join(realCache, "vz/lab", kernel), join(cache, "vz/lab", kernel), { recursive: true });
  });

  test("a machine without mmdebstrap is told so", async () => {
    const result = await upWhere(without("mmdebstrap"));
    assertSays(result, 71, /^vz: mmdebstrap: is not installed$/, /^hint: apt-get install .*mmdebstrap$/);
    assert.equal(kernels().length, 1);
  });

  test("one that is not what was fetched is refused", async () => {
    const linux = join(cache, "vz/lab", kernels()[0] ?? "", "linux");
    const bytes = readFileSync(linux);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(linux, bytes);
    assertSays(
      await upWhere(""),
      65,
      /\/linux: is not what was fetched$/,
      /^hint: rm -r .*kernel-i386-6\.1-/,
    );
  });
});

function list(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
