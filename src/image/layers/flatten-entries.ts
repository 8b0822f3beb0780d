/** The entries of a manifest for a root filesystem in memory. */
import { readElf } from "../../common/elf/elf.ts";
import { sortByName, whyBadTarget } from "../../common/image/file-names.ts";
import { type Entry, MAX_MANIFEST_BYTES, ROOTFS_NAME } from "../../common/image/manifest.ts";
import { Requirements } from "../build/requirements.ts";
import { type Node, type Tree, walk } from "./flatten-tree.ts";
import { readStretch, type Stretch } from "./layer-member.ts";
import { digestOf } from "./layer-spool.ts";

export interface Flattened {
  /** `rootfs` and all below it, sorted by the bytes of the paths. */
  readonly entries: readonly Entry[];
  /** Where the bytes of the files among them lie. */
  readonly contents: ReadonlyMap<Entry, Stretch>;
  readonly requirements: Requirements;
}

/** @throws VzError 65 for names that no image can have */
export function entriesOf(tree: Tree): Flattened {
  const contents = new Map<Entry, Stretch>();
  const requirements = new Requirements();
  const entries = sorted(tree).map(({ path, node }): Entry => {
    const { mode, uid, gid } = node;
    if (node.type === "directory") return { path, type: node.type, mode, uid, gid };
    if (node.type !== "file") return { path, ...node };
    const { content } = node;
    const elf = readElf((offset, length) => readStretch(within(content, offset, length)));
    if (elf !== null) requirements.add(elf);
    const entry = { path, type: node.type, mode, uid, gid, size: content.size, sha256: digestOf(content) };
    contents.set(entry, content);
    return entry;
  });
  return { entries, contents, requirements };
}

function sorted(tree: Tree): { path: string; node: Node }[] {
  const found: { path: string; node: Node }[] = [{ path: ROOTFS_NAME, node: tree.root }];
  let length = 0;
  for (const { path: below, node } of walk(tree.root)) {
    const path = `${ROOTFS_NAME}${below}`;
    length += path.length;
    // The parts of a path were checked one by one; through links it may still have become too long.
    const why = length > MAX_MANIFEST_BYTES ? "one of more files than an image can hold" : whyBadTarget(path);
    if (why !== undefined) throw tree.bad(path, why);
    found.push({ path, node });
  }
  return sortByName(found, ({ path }) => path);
}

function within({ fd, offset: start, size }: Stretch, offset: number, length: number): Stretch {
  return { fd, offset: start + offset, size: Math.max(0, Math.min(length, size - offset)) };
}
