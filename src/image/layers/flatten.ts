/** Applies layers one on top of the other, as the OCI image specification 1.1 has it ("Image Layer Filesystem Changeset"). */
import { Status, VzError } from "../../common/errors.ts";
import { parentOf, whyBadPath } from "../../common/image/file-names.ts";
import { shown } from "../../common/image/manifest.ts";
import { type Node, newDirectory, partsOf, Tree } from "./flatten-tree.ts";
import { type Member, type Stretch, tarMembers } from "./layer-member.ts";

/** Members of all layers; a real image has some ten thousand. */
const MAX_MEMBERS = 1_000_000;
const WHITEOUT = ".wh.";
/** Prefix of the old aufs driver's own files; every tool knows one of them, `OPAQUE`. */
const AUFS = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

export class Flattening {
  readonly tree: Tree;
  /** Members whose extended attributes were left out. */
  attributes = 0;
  #members = 0;
  readonly #label: string;

  constructor(label: string) {
    this.#label = label;
    this.tree = new Tree(label);
  }

  /** @throws VzError 65 for what no layer may hold */
  apply(layer: Stretch, layerLabel: string): void {
    const aside = new Map<string, Node>();
    // Whiteouts hide files of lower layers only, wherever in the archive they stand: so apply all of them first.
    let hasOthers = false;
    for (const { name } of tarMembers(layer, layerLabel)) {
      if (++this.#members > MAX_MEMBERS)
        throw new VzError(Status.badData, `${this.#label}: more than ${MAX_MEMBERS} files in its layers`);
      const place = name.includes(WHITEOUT) ? this.#placeOf(name) : undefined;
      if (place === undefined || !place.base.startsWith(WHITEOUT)) hasOthers = true;
      else if (place.base === OPAQUE) this.#clear(place.parent, aside);
      else if (!place.base.startsWith(AUFS))
        this.#hide(place.parent, place.base.slice(WHITEOUT.length), aside);
    }
    if (!hasOthers) return;
    for (const member of tarMembers(layer, layerLabel)) this.#add(member, aside);
  }

  /** A name as the tree has it, and its parts; an empty base for the top. */
  #placeOf(name: string): { path: string; parent: string; base: string } {
    if (name === "") throw this.tree.bad(name, "an empty name");
    const path = partsOf(name).join("/");
    const why = path === "" ? undefined : whyBadPath(path);
    if (why !== undefined) throw this.tree.bad(name, why);
    const parent = parentOf(path);
    return { path, parent, base: path.slice(parent === "" ? 0 : parent.length + 1) };
  }

  #hide(parent: string, name: string, aside: Map<string, Node>): void {
    const path = parent === "" ? name : `${parent}/${name}`;
    if (["", ".", ".."].includes(name)) throw this.tree.bad(path, "a whiteout of nothing");
    const directory = this.tree.directory(parent, false);
    const node = directory?.children.get(name);
    if (directory === undefined || node === undefined) return;
    aside.set(path, node);
    this.tree.remove(directory, name);
  }

  #clear(path: string, aside: Map<string, Node>): void {
    const directory = this.tree.directory(path, false);
    for (const name of [...(directory?.children.keys() ?? [])]) this.#hide(path, name, aside);
  }

  #add(member: Member, aside: Map<string, Node>): void {
    const { path, parent, base } = this.#placeOf(member.name);
    if (path.startsWith(AUFS)) {
      // aufs kept files with many names below .wh..wh.plnk; the names are hard links to them.
      if (member.type === "file") aside.set(path, this.#nodeOf(member, aside));
      return;
    }
    if (base.startsWith(WHITEOUT)) return;
    if (parent.includes(WHITEOUT) && `/${parent}`.includes(`/${WHITEOUT}`))
      throw this.tree.bad(path, `lies below a name that begins with ${WHITEOUT}`);
    if (member.hasAttributes) this.attributes++;
    const node = this.#nodeOf(member, aside);
    if (base === "") {
      if (node.type !== "directory") throw this.tree.bad(member.name, "the top of a layer is no directory");
      setAttributes(this.tree.root, member);
      return;
    }
    const directory = this.tree.directory(parent, true);
    if (directory === undefined) throw this.tree.bad(path, "lies nowhere");
    const before = directory.children.get(base);
    if (before?.type === "directory" && node.type === "directory") setAttributes(before, member);
    else this.tree.set(directory, base, node, path);
  }

  #nodeOf(member: Member, aside: ReadonlyMap<string, Node>): Node {
    const { type, mode, uid, gid } = member;
    const attributes = { mode, uid, gid };
    switch (type) {
      case "file":
        return { ...attributes, type, content: member.content };
      case "directory":
        return { ...newDirectory(), ...attributes };
      case "symlink":
        return { ...attributes, type, target: member.linkname };
      case "char":
      case "block":
        return { ...attributes, type, major: member.major, minor: member.minor };
      case "fifo":
        return { ...attributes, type };
      case "link": {
        const target = this.#placeOf(member.linkname).path;
        // A tool that reads layers as a stream finds a file that a later whiteout of the same layer hides.
        const node = this.tree.find(target) ?? aside.get(target);
        if (node !== undefined && node.type !== "directory") return { ...node };
        const why = node === undefined ? "which is not there" : "which is a directory";
        throw this.tree.bad(member.name, `a hard link to ${shown(target)}, ${why}`);
      }
    }
  }
}

function setAttributes(node: Node, { mode, uid, gid }: Member): void {
  node.mode = mode;
  node.uid = uid;
  node.gid = gid;
}
