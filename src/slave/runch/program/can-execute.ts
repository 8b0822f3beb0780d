/** Whether a program could be executed, for callers that have to know before it is. */
import * as sys from "vz:sys";
import { S_IFDIR, S_IFMT } from "../../system/linux.ts";
import { search } from "./execute.ts";

const { X_OK } = sys.constants;

/** The search of executeProgram without becoming the program. @throws VzError 126 or 127 */
export function checkProgram(args: readonly string[], env: readonly string[]): void {
  search(args[0] ?? "", env, (path) => {
    sys.access(path, X_OK);
    if ((sys.stat(path).mode & S_IFMT) === S_IFDIR) sys.execve(path, args, env);
  });
}
