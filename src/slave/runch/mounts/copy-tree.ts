/** Copies what a directory holds, for tmpcopyup: types, modes, owners, times, links; no extended attributes. */
import * as sys from "vz:sys";
import { deviceNumbers } from "../../../common/device-numbers.ts";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../system/linux.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = sys.constants;

function copyFile(from: string, to: string): void {
  const source = sys.open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const target = sys.open(to, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      sys.copy(source, target, -1);
    } finally {
      sys.close(target);
    }
  } finally {
    sys.close(source);
  }
}

function copyOne(from: string, to: string): void {
  const found = sys.lstat(from);
  const type = found.mode & S_IFMT;
  if (type === S_IFDIR) sys.mkdir(to, 0o700);
  else if (type === S_IFLNK) sys.symlink(sys.readlink(from), to);
  else if (type === S_IFREG) copyFile(from, to);
  else {
    const { major, minor } = deviceNumbers(Number(found.rdev));
    sys.mknod(to, found.mode, major, minor);
  }
  if (type === S_IFDIR) copyTree(from, to);
  sys.lchown(to, found.uid, found.gid);
  // after the owner, whose change takes the set-id bits away
  if (type !== S_IFLNK) sys.chmod(to, found.mode & 0o7777);
  sys.utimes(to, found.atime, found.mtime, false);
}

/** Copies the entries of `from` into the empty directory `to`. */
export function copyTree(from: string, to: string): void {
  for (const { name } of sys.readdir(from)) copyOne(`${from}/${name}`, `${to}/${name}`);
}
