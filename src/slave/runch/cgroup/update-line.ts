/** `runch update`: a bundle of its own. */
import { readAll, readText } from "../../system/files.ts";
import type { Values } from "../commands/options.ts";
import type { OciResources } from "./resources.ts";
import { resourcesFrom } from "./update-options.ts";

export { findHierarchies } from "./hierarchies.ts";
export { updateCgroup } from "./update.ts";
export { updateOptions } from "./update-options.ts";

/**
 * What the command line of `update` asks for.
 * @throws VzError 64 for values that mean nothing, and for the file's
 */
export function resourcesFromUpdate(values: Values): OciResources {
  return resourcesFrom(values, (path) => (path === "-" ? readAll(0) : readText(path)));
}
