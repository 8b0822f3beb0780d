/** `node:path`: there are POSIX paths only. */

export * from "./path/posix.ts";
export { default } from "./path/posix.ts";
