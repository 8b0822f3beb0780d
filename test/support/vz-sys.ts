/**
 * Stands in for `vz:sys` in unit tests, which run under Node: constants only. A unit test that needs a system call is
 * an end-to-end test.
 */
export const constants: Record<string, number> = {};
export const signals: Record<string, number> = {};
