/** Runs the commands of `vz image`, and makes bundles and images for them in folders of a test's own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Command } from "../../src/common/command/command.ts";
import { parseArgs } from "../../src/common/command/parse-args.ts";
import { memoryIo } from "../../src/common/io.ts";
import { build } from "../../src/image/commands/build.ts";
import { BODIES, CONFIG, ENTRIES, manifestOf, membersOf, tarball } from "../common/image/sample.ts";

export const run = (command: Command, ...argv: string[]) => runWith({}, command, ...argv);

export async function runWith(env: Record<string, string>, command: Command, ...argv: string[]) {
  const io = memoryIo(env);
  const status = await command.run(parseArgs(command, argv), io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

/** A folder of the test's own: gives the path of a name in it. */
export function makeScratch(t: TestContext): (name: string) => string {
  const scratch = mkdtempSync(join(tmpdir(), "vz-image-command-"));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  return (name) => join(scratch, name);
}

/** A folder with a bundle called "bundle". */
export function makeBundle(t: TestContext): string {
  const path = makeScratch(t);
  mkdirSync(path("bundle/rootfs"), { recursive: true });
  writeFileSync(path("bundle/config.json"), CONFIG);
  writeFileSync(path("bundle/rootfs/motd"), "welcome\n");
  return path(".");
}

/** A directory with the images web.tar, web.tar.gz and db.tar, and what is none. */
export async function makeImages(t: TestContext): Promise<{ images: string; ids: Record<string, string> }> {
  const scratch = makeBundle(t);
  const images = join(scratch, "images");
  mkdirSync(images);
  const ids: Record<string, string> = {};
  for (const name of ["web.tar", "db.tar", "web.tar.gz"]) {
    if (name === "web.tar.gz") writeFileSync(join(scratch, "bundle", "rootfs", "motd"), "bye\n");
    const built = await run(build, join(scratch, "bundle"), "-o", join(images, name), "--json");
    ids[name] = JSON.parse(built.stdout).id;
  }
  writeFileSync(join(images, "notes.txt"), "x");
  writeFileSync(join(images, "other.tar"), "x".repeat(1024));
  mkdirSync(join(images, "dir.tar"));
  return { images, ids };
}

/** The sample as image.tar, with `extra` in its manifest. */
export async function makeImage(
  path: (name: string) => string,
  extra = {},
  config = CONFIG,
): Promise<string> {
  const bodies = { ...BODIES, "config.json": config };
  writeFileSync(path("image.tar"), await tarball(membersOf(manifestOf(ENTRIES, config, extra), bodies)));
  return path("image.tar");
}

/** The text of one member of an archive. */
export function memberText(archive: string, name: string): string {
  return execFileSync("tar", ["-xOf", archive, name], { encoding: "utf8" });
}
