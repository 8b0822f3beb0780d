/** `node:os` */
import * as sys from "vz:sys";

export const EOL = "\n";
export const devNull = "/dev/null";
export const constants = { signals: sys.signals };

export function hostname(): string {
  return sys.uname().nodename;
}

export function type(): string {
  return sys.uname().sysname;
}

export function release(): string {
  return sys.uname().release;
}

export function version(): string {
  return sys.uname().version;
}

export function machine(): string {
  return sys.uname().machine;
}

export function platform(): "linux" {
  return "linux";
}

export function arch(): NodeJS.Architecture {
  return sys.arch;
}

export function endianness(): "LE" {
  return "LE";
}

export function tmpdir(): string {
  const { TMPDIR, TMP, TEMP } = globalThis.process.env;
  const dir = TMPDIR || TMP || TEMP || "/tmp";
  return dir.length > 1 && dir.endsWith("/") ? dir.slice(0, -1) : dir;
}

/** $HOME, else what /etc/passwd has for this user. */
export function homedir(): string {
  const { HOME } = globalThis.process.env;
  if (HOME) return HOME;
  const uid = String(sys.getuid());
  const entry = passwd().find((fields) => fields[2] === uid);
  return entry?.[5] || "/";
}

function passwd(): string[][] {
  const fd = sys.open("/etc/passwd", 0);
  try {
    const size = Number(sys.fstat(fd).size);
    const bytes = new Uint8Array(size);
    let used = 0;
    for (let count = -1; count !== 0 && used < size; used += count)
      count = sys.read(fd, bytes, used, size - used);
    return sys
      .fsDecode(bytes, 0, used)
      .split("\n")
      .map((line) => line.split(":"));
  } finally {
    sys.close(fd);
  }
}
