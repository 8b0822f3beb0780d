/**
 * Stands in for `vz:sys` in unit tests, which run under Node: a machine without any feature, whose files can be looked at
 * and no more. A unit test that needs more of a system is an end-to-end test.
 */
import { lstatSync, readlinkSync } from "node:fs";

export const constants: Record<string, number> = {};
export const signals: Record<string, number> = {};
export const environ: readonly string[] = [];

function none(code: string, syscall: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: not in a unit test, ${syscall}`), { code, syscall });
  };
}

export const open = none("ENOENT", "open");
export const seccomp = none("ENOSYS", "seccomp");
export const lstat = (path: string): object => lstatSync(path);
export const readlink = (path: string): string => readlinkSync(path);

export function mode(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0;
}

export function modes(paths: readonly string[]): number[] {
  return paths.map(mode);
}
