/**
 * Stands in for `vz:sys` in unit tests, which run under Node: a machine without any file or feature. A unit test that needs
 * more of a system is an end-to-end test.
 */
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
