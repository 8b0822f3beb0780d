/** A root filesystem in memory: names as an image has them, contents by where they lie in some file of ours. */
import { Status, VzError } from "../../common/errors.ts";
import { whyBadPath, whyBadTarget } from "../../common/image/file-names.ts";
import { MAX_MANIFEST_BYTES, shown } from "../../common/image/manifest.ts";
import type { Stretch } from "./layer-member.ts";

interface Attributes {
  mode: number;
  uid: number;
  gid: number;
}
export interface Directory extends Attributes {
  readonly type: "directory";
  readonly children: Map<string, Node>;
}
export type Node =
  | Directory
  | (Attributes & { readonly type: "file"; readonly content: Stretch })
  | (Attributes & { readonly type: "symlink"; readonly target: string })
  | (Attributes & { readonly type: "char" | "block"; readonly major: number; readonly minor: number })
  | (Attributes & { readonly type: "fifo" });

/** As Linux has it (path_resolution(7)). */
const MAX_LINKS = 40;
/** Most parts of names that are looked up in all; no real image comes near. */
const MAX_STEPS = 2_000_000;
/** The least that an entry takes in a manifest, beside its name. */
const LEAST_ENTRY = 60;

export class Tree {
  readonly root: Directory = newDirectory();
  readonly #label: string;
  /** The least bytes that all nodes take in a manifest: a bound to the memory that a stranger's archive can take. */
  #weight = 0;
  #steps = 0;
  /** What was looked up last: most files of a layer lie beside the one before. */
  #last: { readonly path: string; readonly directory: Directory } | undefined;

  /** @param label names the image in errors */
  constructor(label: string) {
    this.#label = label;
  }

  bad(path: string, why: string): VzError {
    return new VzError(Status.badData, `${this.#label}: ${shown(path)}: ${why}`);
  }

  /**
   * The directory `path`, through symbolic links and never out of the tree.
   * @param make whether to make missing directories, as root's
   * @returns undefined where there is none
   * @throws VzError 65 with `make`, where a file is in the way
   */
  directory(path: string, make: boolean): Directory | undefined {
    if (this.#last?.path === path) return this.#last.directory;
    const stack: Directory[] = [];
    const parts = partsOf(path).reverse();
    let links = 0;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      if (++this.#steps > MAX_STEPS) throw this.bad(path, "one of too many names to look up");
      const here = stack.at(-1) ?? this.root;
      if (part === "..") {
        stack.pop();
        continue;
      }
      let child = here.children.get(part);
      if (child === undefined && make) {
        child = newDirectory();
        this.set(here, part, child, path);
      }
      if (child?.type === "directory") stack.push(child);
      else if (child?.type === "symlink" && ++links <= MAX_LINKS) {
        if (child.target.startsWith("/")) stack.length = 0;
        parts.push(...partsOf(child.target).reverse());
      } else if (!make || child === undefined) return undefined;
      else
        throw this.bad(
          path,
          links > MAX_LINKS ? "behind too many symbolic links" : "lies below what is no directory",
        );
    }
    const directory = stack.at(-1) ?? this.root;
    this.#last = { path, directory };
    return directory;
  }

  /** What `path` names, the last part not followed. */
  find(path: string): Node | undefined {
    const { parent, base } = split(path);
    return base === "" ? this.root : this.directory(parent, false)?.children.get(base);
  }

  /** The file that `path` names, through links and never out of the tree. */
  findFile(path: string): Stretch | undefined {
    let at = path;
    for (let links = 0; links <= MAX_LINKS; links++) {
      const node = this.find(at);
      if (node?.type !== "symlink") return node?.type === "file" ? node.content : undefined;
      at = node.target.startsWith("/") ? node.target : `${split(at).parent}/${node.target}`;
    }
    return undefined;
  }

  /** Puts `node` at `name`, in place of what was there. */
  set(directory: Directory, name: string, node: Node, path: string): void {
    this.remove(directory, name);
    const why = whyBadPath(name) ?? (node.type === "symlink" ? whyBadTarget(node.target) : undefined);
    if (why !== undefined) throw this.bad(path, why);
    this.#weight += weightOf(name, node);
    if (this.#weight > MAX_MANIFEST_BYTES) throw this.bad(path, "one of more files than an image can hold");
    directory.children.set(name, node);
  }

  remove(directory: Directory, name: string): void {
    const gone = directory.children.get(name);
    if (gone === undefined) return;
    directory.children.delete(name);
    this.#last = undefined;
    this.#weight -= weightOf(name, gone);
    for (const { name: below, node } of walk(gone)) this.#weight -= weightOf(below, node);
  }
}

/** All below `top`, a directory before what is in it, without recursion. */
export function* walk(top: Node): Generator<{ path: string; name: string; node: Node }> {
  const waiting = [{ path: "", node: top }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at.node.type !== "directory") continue;
    for (const [name, node] of at.node.children) {
      const path = `${at.path}/${name}`;
      yield { path, name, node };
      if (node.type === "directory") waiting.push({ path, node });
    }
  }
}

export function newDirectory(): Directory {
  return { type: "directory", mode: 0o755, uid: 0, gid: 0, children: new Map() };
}

function weightOf(name: string, node: Node): number {
  return LEAST_ENTRY + name.length + (node.type === "symlink" ? node.target.length : 0);
}

/** The parts of a path, without empty ones and ".". */
export function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** The last part of `path`, and all before it; an empty base for the top. */
function split(path: string): { parent: string; base: string } {
  const parts = partsOf(path);
  const base = parts.pop() ?? "";
  return { parent: parts.join("/"), base };
}
