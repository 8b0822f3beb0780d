/** `node:path/posix` */
import * as posix from "../internal/path-posix.ts";

export * from "../internal/path-posix.ts";
export { posix };
export default { ...posix, posix };
