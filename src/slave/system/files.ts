/** Small files through system calls alone: runch has no need of buffers and streams, and no time to load them. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

const { O_RDONLY, O_NONBLOCK } = sys.constants;

/** More than any config.json or /proc file that is read here. */
const MOST = 16 * 1024 * 1024;

/** Reads a descriptor to its end; bytes that are not UTF-8 survive (surrogateescape). */
export function readAll(fd: number): string {
  let bytes = new Uint8Array(4096);
  let used = 0;
  for (;;) {
    const n = sys.read(fd, bytes, used, bytes.length - used);
    if (n === 0) return sys.fsDecode(bytes, 0, used);
    used += n;
    if (used > MOST) throw new Error("file too large");
    if (used === bytes.length) {
      const larger = new Uint8Array(bytes.length * 4);
      larger.set(bytes);
      bytes = larger;
    }
  }
}

/** The text of a file; a FIFO that nobody writes reads as empty and does not block. */
export function readText(path: string): string {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK);
  try {
    return readAll(fd);
  } finally {
    sys.close(fd);
  }
}

/** As readText; null where there is no such file. */
export function readTextIfAny(path: string): string | null {
  try {
    return readText(path);
  } catch (error) {
    // ESRCH: a process that ended between open and read of its file in /proc
    if (hasCode(error, "ENOENT", "ENOTDIR", "ESRCH")) return null;
    throw error;
  }
}

/** Makes a directory and those above it that are missing; one that is there is no error. */
export function makeDirectories(path: string, mode: number): void {
  try {
    sys.mkdir(path, mode);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    const above = path.slice(0, path.lastIndexOf("/"));
    if (!hasCode(error, "ENOENT") || above === "") throw error;
    makeDirectories(above, 0o755);
    sys.mkdir(path, mode);
  }
}

/** `path` as seen from "/", without a slash at its end. */
export function absolutePath(path: string): string {
  const whole = path.startsWith("/") ? path : `${sys.getcwd()}/${path}`;
  const parts = whole.split("/").filter((part) => part !== "" && part !== ".");
  // only the kernel knows what ".." means behind a symbolic link
  return parts.includes("..") ? sys.realpath(path) : `/${parts.join("/")}`;
}

/** A path of a descriptor's file, for calls like mount(2) that take no descriptor. */
export function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
