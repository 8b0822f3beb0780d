import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { exportCommand } from "../../../src/image/commands/export.ts";
import { importCommand } from "../../../src/image/commands/import.ts";
import { sbom } from "../../../src/image/commands/sbom.ts";
import { sha256 } from "../../common/image/sample.ts";
import { makeImage, makeScratch, memberText, run } from "../../support/image-commands.ts";

test("an OCI archive says what the image specification wants", async (t) => {
  const path = makeScratch(t);
  const config = JSON.stringify({
    ociVersion: "1.0.2",
    root: { path: "rootfs" },
    process: { args: ["/bin/hello", "a b"], cwd: "/etc", env: ["A=b"], user: { uid: 7, gid: 8 } },
    annotations: { note: "kept", "org.opencontainers.image.stopSignal": "SIGQUIT", "vz.log": "/x" },
  });
  const image = await makeImage(path, { command: ["/bin/hello", "a b"] }, config);
  await run(exportCommand, image, "--oci", "--tag", "hello:1", "-o", path("out"));
  assert.deepEqual(JSON.parse(memberText(path("out"), "oci-layout")), { imageLayoutVersion: "1.0.0" });
  const [found] = JSON.parse(memberText(path("out"), "index.json")).manifests;
  assert.deepEqual(found.platform, { architecture: "386", os: "linux" });
  assert.equal(found.annotations["org.opencontainers.image.ref.name"], "hello:1");
  const blob = (digest: string) => memberText(path("out"), `blobs/sha256/${digest.slice(7)}`);
  const manifest = JSON.parse(blob(found.digest));
  assert.equal(manifest.layers[0].mediaType, "application/vnd.oci.image.layer.v1.tar+gzip");
  const document = JSON.parse(blob(manifest.config.digest));
  const { Labels, ...execution } = document.config;
  assert.deepEqual(execution, {
    User: "7:8",
    Env: ["A=b"],
    Entrypoint: ["/bin/hello"],
    Cmd: ["a b"],
    WorkingDir: "/etc",
    StopSignal: "SIGQUIT",
  });
  assert.equal(Labels.note, "kept");
  assert.ok(!("vz.log" in Labels));
  const name = `blobs/sha256/${manifest.layers[0].digest.slice(7)}`;
  const layer = gunzipSync(execFileSync("tar", ["-xOf", path("out"), name]));
  assert.deepEqual(document.rootfs.diff_ids, [`sha256:${sha256(layer)}`]);
});

test("bad words are one line with status 64", async (t) => {
  const path = makeScratch(t);
  const image = await makeImage(path);
  const usage = (message: RegExp) => ({ message, status: 64 });
  await assert.rejects(run(exportCommand, image, "-o", "x"), usage(/one of --oci and --docker/));
  await assert.rejects(run(exportCommand, image, "--oci", "--docker", "-o", "x"), usage(/one of/));
  await assert.rejects(run(exportCommand, image, "--oci"), usage(/-o FILE is missing/));
  await assert.rejects(
    run(exportCommand, image, "--oci", "--compress", "xz", "-o", "x"),
    usage(/gzip or none/),
  );
  await assert.rejects(
    run(exportCommand, image, "--oci", "--tag", "a b", "-o", "x"),
    usage(/not a name for an image/),
  );
  await assert.rejects(run(importCommand, image, "-o", "x.zip"), usage(/not the name of an image/));
  await assert.rejects(run(importCommand, image, "-o", "x.tar", "--max-size", "4X"), usage(/not a size/));
  await assert.rejects(run(importCommand, image, "-o", path("x.tar")), {
    message: /is an image of vz already$/,
    status: 65,
  });
  await assert.rejects(
    run(importCommand, image, "other", "-o", path("x.tar")),
    usage(/one archive at a time; a command comes behind --$/),
  );
  await assert.rejects(
    run(importCommand, image, "-o", path("x.tar"), "--name", "a b"),
    usage(/^image "a b": not a name$/),
  );
});

test("what is read from is never written over, nor what is no file", async (t) => {
  const path = makeScratch(t);
  const image = await makeImage(path);
  await run(exportCommand, image, "--oci", "-o", path("oci.tar"));
  const before = [image, path("oci.tar")].map((file) => readFileSync(file));
  const own = { status: 64, message: /: is what is read from$/ };
  await assert.rejects(run(exportCommand, image, "--oci", "-o", image), own);
  await assert.rejects(run(importCommand, path("oci.tar"), "-o", path("oci.tar")), own);
  symlinkSync("oci.tar", path("link.tar"));
  await assert.rejects(run(importCommand, path("oci.tar"), "-o", path("link.tar")), own);
  await assert.rejects(run(sbom, image, "-o", image), own);
  execFileSync("mkfifo", [path("fifo.tar")]);
  for (const command of [
    run(exportCommand, image, "--oci", "-o", path("fifo.tar")),
    run(sbom, image, "-o", path("fifo.tar")),
  ])
    await assert.rejects(command, { status: 64, message: /fifo\.tar: not a regular file$/ });
  await assert.rejects(run(importCommand, path("oci.tar"), "-o", path("fifo.tar")), { status: 64 });
  await assert.rejects(run(exportCommand, image, "--oci", "-o", path(".")), {
    status: 64,
    message: /is a directory$/,
  });
  await assert.rejects(run(exportCommand, image, "--oci", "-o", "-"), { status: 64, message: /^-: / });
  assert.ok(lstatSync(path("fifo.tar")).isFIFO());
  assert.deepEqual(
    [image, path("oci.tar")].map((file) => readFileSync(file)),
    before,
  );
  assert.deepEqual(readdirSync(path(".")).sort(), ["fifo.tar", "image.tar", "link.tar", "oci.tar"]);
});

test("a name as long as names may be is written, a longer one is one line with that name", async (t) => {
  const path = makeScratch(t);
  const image = await makeImage(path);
  const longest = path("é".repeat(127));
  await run(exportCommand, image, "--oci", "-o", longest);
  await run(importCommand, longest, "-o", path(`${"é".repeat(125)}.tar`), "--name", "x");
  const longer = path("x".repeat(256));
  await assert.rejects(run(exportCommand, image, "--oci", "-o", longer), (error: Error) => {
    assert.equal(error.message, `${longer}: name too long`);
    return true;
  });
  assert.equal(readdirSync(path(".")).length, 3);
});
