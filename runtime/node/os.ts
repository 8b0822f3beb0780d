/** `node:os`. */
import * as sys from "vz:sys";

export const EOL = "\n";
export const constants = { signals: sys.signals };
export const hostname = () => sys.uname().nodename;
export const platform = () => "linux";
export const arch = () => "ia32";
export const type = () => sys.uname().sysname;
export const release = () => sys.uname().release;
export const machine = () => sys.uname().machine;
export const tmpdir = () => (process.env["TMPDIR"] || "/tmp").replace(/(.)\/$/, "$1");

/** $HOME, else what /etc/passwd says of this user. */
export function homedir(): string {
  return process.env["HOME"] || userEntry()?.[5] || "/";
}

export function userInfo() {
  const entry = userEntry();
  return {
    uid: sys.getuid(),
    gid: sys.getgid(),
    username: entry?.[0] ?? String(sys.getuid()),
    homedir: entry?.[5] ?? "/",
    shell: entry?.[6] ?? null,
  };
}

function userEntry(): string[] | undefined {
  const uid = String(sys.getuid());
  return text("/etc/passwd")
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[2] === uid);
}

function text(path: string): string {
  try {
    const fd = sys.open(path, 0);
    const parts: string[] = [];
    const chunk = new Uint8Array(65_536);
    for (let n = sys.read(fd, chunk, 0, chunk.length); n > 0; n = sys.read(fd, chunk, 0, chunk.length)) {
      parts.push(sys.fsDecode(chunk, 0, n));
    }
    sys.close(fd);
    return parts.join("");
  } catch {
    return "";
  }
}

export default {
  EOL,
  constants,
  hostname,
  platform,
  arch,
  type,
  release,
  machine,
  tmpdir,
  homedir,
  userInfo,
};
