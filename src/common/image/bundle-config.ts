/** What an image needs to know of an OCI `config.json`; the runner checks the rest of it. */
import { Status, VzError } from "../errors.ts";

export interface BundleConfig {
  /** process.args */
  readonly command: readonly string[];
  /** root.path, as it stands there. */
  readonly rootPath: string;
  /** The whole document. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** @param label names the file in errors. @throws VzError 65 */
export function parseBundleConfig(text: string, label: string): BundleConfig {
  const bad = (why: string) => new VzError(Status.badData, `${label}: ${why}`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new VzError(Status.badData, `${label}: not JSON`, { cause });
  }
  if (!isObject(document)) throw bad("not an object");
  if (typeof document["ociVersion"] !== "string") throw bad("ociVersion: not a string");
  const { root, process } = document;
  if (!isObject(root) || typeof root["path"] !== "string" || root["path"] === "") {
    throw bad("root.path: not the name of a directory");
  }
  if (!isObject(process)) throw bad("process: not an object");
  const { args, cwd } = process;
  if (!Array.isArray(args) || args.length === 0) throw bad("process.args: no command");
  const command = args.map((word: unknown, i) => {
    if (typeof word === "string" && !word.includes("\0") && (i > 0 || word !== "")) return word;
    throw bad(`process.args[${i}]: not a word of a command`);
  });
  if (cwd !== undefined && (typeof cwd !== "string" || !cwd.startsWith("/"))) {
    throw bad("process.cwd: not an absolute path");
  }
  return { command, rootPath: root["path"], document };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
