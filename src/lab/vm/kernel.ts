/**
 * Debian's own kernel for machines, and the initramfs that it starts with. The kernel changes with every point release: the one
 * that the release's signed index names is taken. A record of the files' SHA-256 is kept, and checked at each use.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Status, VzError } from "../../common/errors.ts";
import { replaceFile, syncPath } from "../../common/files.ts";
import type { Io } from "../../common/io.ts";
import type { Arch } from "../host/arch.ts";
import { ensureCached, type Making } from "../host/cache.ts";
import { hostMirror } from "../host/mirror.ts";
import { tool } from "../host/tool.ts";
import { type Archive, Archives, otherMirrorHint, sha256Of } from "./archives.ts";
import { commonArchive, initramfsVersion } from "./initramfs.ts";
import { type MachineKernel, machines, releaseOf } from "./machine.ts";
import { dependencies, loadOrder, moduleName, WANTED } from "./modules.ts";

/** Files of a kernel's directory in the cache. */
export const LINUX = "linux";
export const INITRAMFS = "initramfs";
const RECORD = "kernel.json";

interface KernelRecord {
  readonly packages: readonly Pick<Archive, "name" | "version" | "sha256">[];
  /** SHA-256 by name. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Directory of the kernel; fetches it first if the cache lacks it.
 * @throws VzError 65 when a file there is not what was fetched
 */
export function ensureKernel(io: Io, arch: Arch, kernel: MachineKernel): string {
  const name = `kernel-${arch}-${kernel}-${initramfsVersion}`;
  const dir = ensureCached(io, name, (making) => makeKernel(io, arch, kernel, making));
  const record = JSON.parse(readFileSync(`${dir}/${RECORD}`, "utf8")) as KernelRecord;
  for (const [file, sha256] of Object.entries(record.files)) {
    if (sha256Of(readFileSync(`${dir}/${file}`)) === sha256) continue;
    throw new VzError(Status.badData, `${dir}/${file}: is not what was fetched`, {
      hint: `rm -r ${dir}, and the next vz lab up fetches it again`,
    });
  }
  return dir;
}

function makeKernel(io: Io, arch: Arch, kernel: MachineKernel, { part, scratch, lock }: Making): void {
  const release = releaseOf[kernel];
  const mirror = hostMirror([release]);
  io.err(`vz: lab: fetching Debian ${release}'s kernel for ${arch} from ${mirror.uri}, once\n`);
  const archives = new Archives(scratch, mirror, release, arch, lock);
  const { kernelPackage } = machines[arch];
  const meta = need(archives, kernelPackage, release);
  // The meta package depends on the newest kernel's package, whose name holds the version.
  const image = meta.depends.find((name) => name.startsWith("linux-image-")) ?? kernelPackage;
  const packages = [image, "busybox-static"].map((name) => need(archives, name, release));
  const root = `${scratch}/root`;
  for (const archive of packages) tool("dpkg-deb", ["-x", archives.fetch(archive), root]);
  mkdirSync(part);
  const boot = readdirSync(`${root}/boot`).find((name) => name.startsWith("vmlinuz-"));
  if (boot === undefined) throw new VzError(Status.badData, `${image}: holds no /boot/vmlinuz-…`);
  const files = {
    [LINUX]: readFileSync(`${root}/boot/${boot}`),
    [INITRAMFS]: commonArchive(readFileSync(`${root}/bin/busybox`), modulesBelow(`${root}/lib/modules`)),
  };
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(`${part}/${name}`, bytes);
    syncPath(`${part}/${name}`);
  }
  const record: KernelRecord = {
    packages: packages.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256Of(bytes)])),
  };
  replaceFile(`${part}/${RECORD}`, `${JSON.stringify(record, null, 2)}\n`, 0o644);
}

function need(archives: Archives, name: string, release: string): Archive {
  const found = archives.find(name);
  if (found !== undefined) return found;
  throw new VzError(Status.osError, `${name}: Debian ${release} has it no more`, {
    hint: otherMirrorHint(release),
  });
}

/** The modules that a machine needs, in the order in which they are loaded. */
function modulesBelow(dir: string): { name: string; bytes: Uint8Array }[] {
  const paths = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ko"),
  );
  const byName = new Map(paths.map((path) => [moduleName(path), `${dir}/${path}`]));
  const read = (name: string) => {
    const path = byName.get(name);
    return path === undefined ? undefined : readFileSync(path);
  };
  const order = loadOrder(WANTED, (name) => {
    const bytes = read(name);
    return bytes === undefined ? undefined : dependencies(bytes);
  });
  return order.flatMap((name) => {
    const bytes = read(name);
    return bytes === undefined ? [] : [{ name: `${name}.ko`, bytes }];
  });
}
