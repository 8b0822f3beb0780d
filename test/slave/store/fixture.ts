/** A store in a scratch directory, and images for it whose files the test's own user may own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { TestContext } from "node:test";
import type { Entry, Manifest } from "../../../src/common/image/manifest.ts";
import { Store } from "../../../src/slave/store/store.ts";
import type { StoreSystem } from "../../../src/slave/store/system.ts";
import { CONFIG, directory, file, gzipped, manifestOf, membersOf } from "../../common/image/sample.ts";

/** Owner of all files: only root may give files away. */
export const OWNER = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

export interface Fixture {
  readonly scratch: string;
  readonly store: Store;
  readonly system: StoreSystem & { free: number; locked: "no" | "shared" | "exclusive"; nodes: string[] };
  /** Puts an image into the scratch directory and gives its path. */
  image(name: string, files: Readonly<Record<string, string>>, extra?: Partial<Manifest>): Promise<string>;
}

export function makeFixture(t: TestContext): Fixture {
  const scratch = mkdtempSync(join(tmpdir(), "vz-store-test-"));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const system: Fixture["system"] = {
    free: 2 ** 40,
    locked: "no",
    nodes: [],
    tryLock: (_fd, kind) => system.locked === "no" || (system.locked === "shared" && kind === "shared"),
    sync() {},
    makeNode(path, type, major, minor) {
      system.nodes.push(`${type} ${major}:${minor} ${path.slice(path.indexOf("rootfs"))}`);
      if (type !== "fifo")
        throw Object.assign(new Error("EPERM: operation not permitted, mknod"), {
          code: "EPERM",
          syscall: "mknod",
        });
      execFileSync("mkfifo", [path]);
    },
    freeBytes: () => system.free,
  };
  return {
    scratch,
    system,
    store: new Store(join(scratch, "data"), system),
    async image(name, files, extra = {}) {
      const entries = [
        directory("rootfs", OWNER),
        ...Object.keys(files)
          .sort()
          .map((path) => owned(path, files)),
      ];
      const manifest = manifestOf(entries, CONFIG, { name, ...extra });
      const bodies = Object.fromEntries(
        Object.entries(files).map(([path, body]) => [`rootfs/${path}`, body]),
      );
      return put(scratch, `${name}.tar.gz`, manifest, bodies);
    },
  };
}

function owned(path: string, files: Readonly<Record<string, string>>): Entry {
  return file(`rootfs/${path}`, files[path] ?? "", { ...OWNER, mode: 0o644 });
}

export async function put(
  scratch: string,
  name: string,
  manifest: Manifest,
  bodies: Readonly<Record<string, string>>,
): Promise<string> {
  const path = join(scratch, name);
  writeFileSync(path, await gzipped(membersOf(manifest, { "config.json": CONFIG, ...bodies })));
  return path;
}

/** Every file below `top` that is no directory, sorted. */
export function filesBelow(top: string): string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(top, join(entry.parentPath, entry.name)))
    .sort();
}
