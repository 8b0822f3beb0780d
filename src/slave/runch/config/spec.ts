/** Writes the file of `runch spec`. */
import * as sys from "vz:sys";
import { hasCode, reason, Status, VzError } from "../../../common/errors.ts";
import { absolutePath } from "../../system/files.ts";
import type { Isolation } from "../shortfalls.ts";
import { defaultConfig } from "./default-config.ts";

const { O_WRONLY, O_CREAT, O_EXCL } = sys.constants;

/** CGROUP2_SUPER_MAGIC (linux/magic.h). */
const CGROUP2 = 0x63677270;

export interface SpecOptions {
  readonly bundle: string;
  /** Seen from the bundle. */
  readonly file: string;
  readonly rootless: boolean;
  readonly isolation: Isolation | undefined;
}

function isUnified(): boolean {
  try {
    return sys.statfs("/sys/fs/cgroup").type === CGROUP2;
  } catch {
    return false;
  }
}

/** A file that cannot be written whole, on a full disk for instance, does not stay. */
function writeNew(path: string, text: string): void {
  const fd = sys.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o666);
  try {
    sys.writeAll(fd, text);
  } catch (error) {
    sys.unlink(path);
    throw error;
  } finally {
    sys.close(fd);
  }
}

/** @throws VzError 1 where the file is there already, or cannot be written */
export function spec({ bundle, file, rootless, isolation }: SpecOptions): void {
  const path = file.startsWith("/") ? file : `${absolutePath(bundle)}/${file}`;
  const config = defaultConfig({
    rootless: rootless ? { uid: sys.geteuid(), gid: sys.getegid() } : undefined,
    isolation,
    unified: isUnified(),
  });
  try {
    writeNew(path, `${JSON.stringify(config, null, 2)}\n`);
  } catch (error) {
    const there = hasCode(error, "EEXIST");
    throw new VzError(Status.failed, `${path}: ${there ? "it is there already" : reason(error)}`, {
      ...(there ? { hint: "remove it first, or name another with --file" } : {}),
      cause: error,
    });
  }
}
