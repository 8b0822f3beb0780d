/**
 * Paths of a container seen from outside. A symbolic link in an image may lead anywhere, so each component is looked at
 * before it is followed, and ".." and absolute links stay below the root, as they do for a process whose root it is
 * (openat2's RESOLVE_IN_ROOT does the same, from Linux 5.6 on).
 */
import { failure } from "./failure.ts";

export type FileKind = "directory" | "link" | "other" | "missing";

/** What resolving needs of a filesystem; the real one, or a tree made up by a test. */
export interface Looker {
  kind(path: string): FileKind;
  readlink(path: string): string;
}

export interface ResolvedPath {
  /** Path outside of the container; its existing part holds no symbolic link below the root. */
  readonly path: string;
  readonly kind: FileKind;
  /** Directories to make, outermost first, before `path` itself can be; none unless `kind` is "missing". */
  readonly parents: readonly string[];
}

/** As the kernel's limit (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * @param root absolute path of the root filesystem, itself trusted
 * @param path path inside; relative is taken from the root
 * @throws VzError 125 for a file where a directory has to be, or links in a circle
 */
export function resolveInRoot(look: Looker, root: string, path: string): ResolvedPath {
  const prefix = root === "/" ? "" : root;
  const rest = path.split("/").reverse();
  const done: string[] = [];
  const parents: string[] = [];
  let kind: FileKind = "directory";
  let links = 0;
  const fail = (why: string) => failure(`${path}: in the root filesystem: ${why}`);
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === "" || name === ".") continue;
    if (kind === "other") throw fail(`${inside(done)} is not a directory`);
    if (name === "..") {
      done.pop();
      if (parents.length > 0) parents.pop();
      kind = parents.length > 0 ? "missing" : "directory";
      continue;
    }
    const here = prefix + inside([...done, name]);
    if (kind === "missing") {
      parents.push(here);
      done.push(name);
      continue;
    }
    kind = look.kind(here);
    if (kind === "link") {
      if (++links > MAX_LINKS) throw fail("too many symbolic links");
      const target = look.readlink(here);
      if (target.startsWith("/")) done.length = 0;
      rest.push(...target.split("/").reverse());
      kind = "directory";
      continue;
    }
    if (kind === "missing") parents.push(here);
    done.push(name);
  }
  return { path: done.length === 0 ? root : prefix + inside(done), kind, parents: parents.slice(0, -1) };
}

function inside(names: readonly string[]): string {
  return `/${names.join("/")}`;
}
