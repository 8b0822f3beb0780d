/** What an image needs to know of its bundle's `config.json`. */
import { isVzError, Status, VzError } from "../errors.ts";
import { readConfig } from "../oci/oci.ts";

export interface BundleConfig {
  /** process.args */
  readonly command: readonly string[];
  /** root.path, as it stands there. */
  readonly rootPath: string;
}

/**
 * Reads a `config.json` as the runner will, and asks for what an image must have: a command and a root filesystem.
 * @param label names the file in errors
 * @throws VzError 65
 */
export function parseBundleConfig(text: string, label: string): BundleConfig {
  const bad = (why: string, cause?: unknown) => new VzError(Status.badData, `${label}: ${why}`, { cause });
  try {
    const { root, process } = readConfig(text).config;
    if (root === undefined || root.path === "") throw bad("root.path: not the name of a directory");
    const args = process?.args ?? [];
    if (args[0] === undefined || args[0] === "") throw bad("process.args: no command");
    return { command: args, rootPath: root.path };
  } catch (error) {
    if (!isVzError(error) || error.status === Status.badData) throw error;
    throw bad(error.message.replace(/^config\.json: /, ""), error);
  }
}
