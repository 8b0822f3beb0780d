import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { withImage } from "../../../src/common/image/open.ts";
import { verifyImage } from "../../../src/common/image/verify.ts";
import { exportCommand } from "../../../src/image/commands/export.ts";
import { importCommand } from "../../../src/image/commands/import.ts";
import { CONFIG, sha256 } from "../../common/image/sample.ts";
import { makeImage, makeScratch, memberText, run } from "../../support/image-commands.ts";
import { directory, file, tar } from "../../support/tar-sample.ts";

const PROVENANCE = { command: ["hello"], host: null, packages: [] };

test("an image comes back from both formats as it was, provenance and all", async (t) => {
  const path = makeScratch(t);
  const image = await makeImage(path, { created: "2020-01-02T03:04:05Z", provenance: PROVENANCE });
  const { id } = await withImage(image, (open) => verifyImage(open));
  for (const words of [
    ["--oci"],
    ["--docker"],
    ["--oci", "--compress", "none"],
    ["--docker", "--compress", "gzip"],
  ]) {
    await run(exportCommand, image, ...words, "-o", path("out"));
    const again = await run(importCommand, path("out"), "-o", path("again.tar"), "--json");
    assert.equal(JSON.parse(again.stdout).id, id, words.join(" "));
    assert.match(again.stderr, /the image sample that vz exported, config\.json and all\n$/);
    const first = readFileSync(path("out"));
    await run(exportCommand, path("again.tar"), ...words, "-o", path("out"));
    assert.ok(first.equals(readFileSync(path("out"))), "the same bytes");
  }
  assert.deepEqual(readdirSync(path(".")).sort(), ["again.tar", "image.tar", "out"]);
});

/** A docker archive of one layer. */
function dockerArchive(execution: object, members: readonly Uint8Array[], more: object = {}): Buffer {
  const layer = tar(...members);
  const rootfs = { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] };
  const config = JSON.stringify({ os: "linux", architecture: "amd64", config: execution, rootfs, ...more });
  const manifest = JSON.stringify([{ Config: "config", RepoTags: null, Layers: ["layer.tar"] }]);
  return tar(
    file("manifest.json", manifest),
    file("config", config),
    file("layer.tar", layer.toString("latin1")),
  );
}

async function configOf(path: (name: string) => string, archive: Uint8Array, ...words: string[]) {
  writeFileSync(path("in"), archive);
  const { stderr } = await run(importCommand, path("in"), "-o", path("made.tar"), ...words);
  return { ...JSON.parse(memberText(path("made.tar"), "config.json")), stderr };
}

const DATABASES = [
  directory("etc/"),
  file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:100:101::/:/bin/sh\n"),
  file("etc/group", "root:x:0:\napp:x:101:\nextra:x:200:root,app\n"),
];

test("config.json is made of the image's configuration by the specification's conversion", async (t) => {
  const path = makeScratch(t);
  const execution = {
    Entrypoint: ["/bin/a"],
    Cmd: ["b", "c"],
    Env: ["X=1"],
    WorkingDir: "/data",
    User: "app",
    Labels: { note: "kept", "vz.log": "/etc/passwd" },
    ExposedPorts: { "80/tcp": {}, "443/tcp": {} },
    Volumes: { "/data": {} },
    StopSignal: "SIGTERM",
  };
  const made = await configOf(
    path,
    dockerArchive(execution, DATABASES, { created: "2020-01-01T00:00:00.5Z" }),
  );
  assert.deepEqual(made.process.args, ["/bin/a", "b", "c"]);
  assert.deepEqual(made.process.env.slice(1), ["X=1"]);
  assert.match(made.process.env[0], /^PATH=/);
  assert.equal(made.process.cwd, "/data");
  assert.deepEqual(made.process.user, { uid: 100, gid: 101, additionalGids: [200] });
  assert.deepEqual(made.annotations, {
    note: "kept",
    "org.opencontainers.image.architecture": "amd64",
    "org.opencontainers.image.created": "2020-01-01T00:00:00.5Z",
    "org.opencontainers.image.exposedPorts": "443/tcp,80/tcp",
    "org.opencontainers.image.os": "linux",
    "org.opencontainers.image.stopSignal": "SIGTERM",
  });
  assert.match(made.stderr, /wants volumes: \/data\n.*labels left out .*: vz\.log\n/);
});

test("a user is a name or a number, with a group or without", async (t) => {
  const path = makeScratch(t);
  const cases: [string, object | RegExp][] = [
    ["", { uid: 0, gid: 0 }],
    ["100", { uid: 100, gid: 101 }],
    ["12345", { uid: 12345, gid: 0 }],
    ["app:extra", { uid: 100, gid: 200 }],
    ["100:5", { uid: 100, gid: 5 }],
    ["root", { uid: 0, gid: 0, additionalGids: [200] }],
    ["nobody", /its user nobody: no such user in its \/etc\/passwd$/],
    ["app:none", /its user app:none: no such group in its \/etc\/group$/],
    ["4294967295", /no such user/],
  ];
  for (const [User, wanted] of cases) {
    const made = configOf(path, dockerArchive({ Cmd: ["x"], User }, DATABASES));
    if (wanted instanceof RegExp) await assert.rejects(made, { message: wanted, status: 65 });
    else assert.deepEqual((await made).process.user, wanted, User);
  }
});

test("the command can be given, and must be there", async (t) => {
  const path = makeScratch(t);
  await assert.rejects(configOf(path, dockerArchive({}, DATABASES)), {
    message: /the image has no command$/,
  });
  const made = await configOf(path, dockerArchive({}, DATABASES), "--", "/bin/x", "-y");
  assert.deepEqual(made.process.args, ["/bin/x", "-y"]);
});

test("what another tool changed of an exported image counts", async (t) => {
  const path = makeScratch(t);
  await run(exportCommand, await makeImage(path, { provenance: PROVENANCE }), "--docker", "-o", path("out"));
  const config = execFileSync("tar", [
    "-xOf",
    path("out"),
    "--wildcards",
    "*.json",
    "--exclude=manifest.json",
  ]);
  const { config: execution } = JSON.parse(config.toString());
  const changed = await configOf(path, dockerArchive({ ...execution, Cmd: ["more"] }, DATABASES));
  assert.deepEqual(changed.process.args, ["/bin/hello", "more"]);
  assert.match(changed.stderr, /was changed since vz exported it: config\.json is made anew/);
  const files = await configOf(path, dockerArchive(execution, DATABASES));
  assert.match(files.stderr, /whose files were changed since vz exported it/);
  assert.ok(!memberText(path("made.tar"), "vz.json").includes("provenance"));
});

test("of many platforms and images one is chosen, or asked for", async (t) => {
  const path = makeScratch(t);
  mkdirSync(path("layout/blobs/sha256"), { recursive: true });
  const put = (bytes: string | Uint8Array) => {
    writeFileSync(path(`layout/blobs/sha256/${sha256(bytes)}`), bytes);
    return { digest: `sha256:${sha256(bytes)}`, size: Buffer.byteLength(bytes) };
  };
  const layer = gzipSync(tar(file("x")));
  const type = "application/vnd.oci.image";
  const describe = (architecture: string, tag: string) => {
    const diff_ids = [`sha256:${sha256(gunzipSync(layer))}`];
    const config = {
      os: "linux",
      architecture,
      config: { Cmd: [`/${architecture}-${tag}`] },
      rootfs: { diff_ids },
    };
    const manifest = {
      schemaVersion: 2,
      config: { mediaType: `${type}.config.v1+json`, ...put(JSON.stringify(config)) },
      layers: [{ mediaType: `${type}.layer.v1.tar+gzip`, ...put(layer) }],
    };
    const annotations = tag === "" ? {} : { "org.opencontainers.image.ref.name": tag };
    const platform = { os: "linux", architecture };
    return { mediaType: `${type}.manifest.v1+json`, ...put(JSON.stringify(manifest)), platform, annotations };
  };
  const layout = async (manifests: readonly object[], ...words: string[]) => {
    const index = put(JSON.stringify({ schemaVersion: 2, manifests }));
    const nested = { mediaType: `${type}.index.v1+json`, ...index };
    writeFileSync(path("layout/index.json"), JSON.stringify({ schemaVersion: 2, manifests: [nested] }));
    await run(importCommand, path("layout"), "-o", path("made.tar"), ...words);
    return JSON.parse(memberText(path("made.tar"), "config.json")).process.args[0];
  };
  const all = ["riscv64", "arm64", "amd64", "386"].map((architecture) => describe(architecture, ""));
  assert.equal(await layout(all), "/386-");
  assert.equal(await layout(all.slice(0, 3)), "/amd64-");
  assert.equal(await layout(all.slice(0, 2)), "/arm64-");
  assert.equal(await layout(all, "--platform", "linux/arm64"), "/arm64-");
  await assert.rejects(
    layout(all.slice(0, 1)),
    /no image for linux\/386 or linux\/amd64 or linux\/arm64, but for linux\/riscv64$/,
  );
  const tagged = [describe("386", "one"), describe("386", "two")];
  assert.equal(await layout(tagged, "--tag", "two"), "/386-two");
  await assert.rejects(layout(tagged), {
    message: /holds more than one image: one, two$/,
    hint: "--tag NAME says which",
  });
  await assert.rejects(layout(tagged, "--tag", "three"), /holds no image called three, but one, two$/);
  // an index lists platforms that were never fetched
  const gone = { ...describe("386", ""), digest: `sha256:${"0".repeat(64)}` };
  assert.equal(await layout([gone, describe("amd64", "")]), "/amd64-");
});

test("what a label's config.json asks of a machine is told, since anybody can write it", async (t) => {
  const path = makeScratch(t);
  const config = JSON.stringify({
    ...JSON.parse(CONFIG),
    process: {
      ...JSON.parse(CONFIG).process,
      capabilities: { bounding: ["CAP_KILL", "CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"] },
    },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/host", type: "none", source: "/etc\u001b", options: ["rbind"] },
    ],
    hooks: { prestart: [{ path: "/bin/sh" }], poststop: [] },
    linux: {
      namespaces: [{ type: "mount" }, { type: "network", path: "/proc/1/ns/net" }],
      devices: [{ path: "/dev/sda", type: "b", major: 8, minor: 0 }],
    },
  });
  await run(exportCommand, await makeImage(path, {}, config), "--oci", "-o", path("oci.tar"));
  const { stderr } = await run(importCommand, path("oci.tar"), "-o", path("back.tar"));
  const lines = stderr.replaceAll(`vz: ${path("oci.tar")}: config.json `, "").split("\n");
  assert.deepEqual(lines.slice(0, 5), [
    'asks for files of the machine: "/etc\\u001b"',
    "asks for capabilities: CAP_SYS_ADMIN",
    "asks for devices: /dev/sda",
    "asks for namespaces of others: /proc/1/ns/net",
    "has hooks, which slaves refuse: prestart, poststop",
  ]);
  const anew = await run(importCommand, path("oci.tar"), "-o", path("anew.tar"), "--anew");
  assert.equal(anew.stderr, "");
});

test("what would unpack to more than is allowed is refused, and nothing is left", async (t) => {
  const path = makeScratch(t);
  const layer = gzipSync(tar(file("zeros", "\0".repeat(2 ** 21))));
  const config = { os: "linux", architecture: "386", rootfs: { diff_ids: ["sha256:x"] } };
  const manifest = JSON.stringify([{ Config: "config", Layers: ["layer"] }]);
  const parts = [file("manifest.json", manifest), file("config", JSON.stringify(config))];
  const header = file("layer", "y".repeat(layer.length)).subarray(0, 512);
  writeFileSync(
    path("in"),
    Buffer.concat([...parts, header, layer, Buffer.alloc(512 - (layer.length % 512)), tar()]),
  );
  const bomb = run(importCommand, path("in"), "-o", path("made.tar"), "--max-size", "1M");
  await assert.rejects(bomb, {
    message: /unpacks to more than 1\.0 MB$/,
    hint: "--max-size SIZE allows more",
  });
  assert.deepEqual(readdirSync(path(".")), ["in"]);
});
