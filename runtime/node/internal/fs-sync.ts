/** The synchronous part of `node:fs`, which the bundles of several roles share. */
export { readdirSync, rmdirSync, rmSync } from "./fs-directory.ts";
export {
  appendFileSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "./fs-file.ts";
export { BigIntStats, Dirent, Stats } from "./fs-stat.ts";
export {
  accessSync,
  chmodSync,
  chownSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "./fs-tree.ts";
