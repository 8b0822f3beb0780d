/**
 * Device nodes for a container with a user namespace, in which mknod(2) is refused whatever the capabilities are. A helper
 * makes them outside, in a tmpfs that only it sees, and hands each over as a mount (open_tree(2), Linux 5.2).
 */
import * as sys from "vz:sys";
import { MS, NAMESPACES, S_IFIFO, S_IFMT } from "../../system/linux.ts";
import type { DeviceStep, IdMaps, NodePart } from "../model.ts";
import { within } from "../mounts/inside.ts";
import { outsideId } from "../namespaces/id-maps.ts";

const { AT_FDCWD } = sys.constants;
const OPEN_TREE_CLONE = 1;

interface Node {
  readonly step: DeviceStep;
  /** As the machine counts. */
  readonly uid: number;
  readonly gid: number;
}

/** The helper's part: makes one node after the other and sends its mount, until the kernel refuses one. */
function makeAll(nodes: readonly Node[], directory: string, socket: number): void {
  sys.unshare(NAMESPACES.mount);
  sys.mount(null, "/", null, MS.PRIVATE | MS.REC, null);
  sys.mount("tmpfs", directory, "tmpfs", MS.NOSUID | MS.NOEXEC, "mode=755");
  sys.umask(0);
  nodes.forEach(({ step: { mode, major, minor }, uid, gid }, i) => {
    const path = `${directory}/${i}`;
    sys.mknod(path, mode, major, minor);
    sys.lchown(path, uid, gid);
    sys.sendFds(socket, [sys.openTree(AT_FDCWD, path, OPEN_TREE_CLONE)], new Uint8Array(1));
  });
}

/**
 * Plans the nodes of `linux.devices`. Usual devices are bound from the machine's, which are the same.
 * @param directory any that exists: the helper mounts its tmpfs there
 */
export function planNodes(steps: readonly DeviceStep[], maps: IdMaps, directory: string): NodePart {
  const nodes = steps.flatMap((step): Node[] => {
    const uid = outsideId(maps.uid, step.uid);
    const gid = outsideId(maps.gid, step.gid);
    // a FIFO can be made inside
    const isFifo = (step.mode & S_IFMT) === S_IFIFO;
    return isFifo || step.usual || uid === undefined || gid === undefined ? [] : [{ step, uid, gid }];
  });
  const trees = new Map<string, number>();
  return {
    open() {
      if (nodes.length === 0) return;
      const [ours, theirs] = sys.socketpair();
      const pid = sys.fork();
      if (pid === 0) {
        try {
          makeAll(nodes, directory, theirs);
        } finally {
          sys.exit(0);
        }
      }
      sys.close(theirs);
      for (const { step } of nodes) {
        const tree = sys.receiveFd(ours);
        if (tree < 0) break;
        trees.set(step.path, tree);
      }
      sys.close(ours);
      sys.waitpid(pid);
    },
    place({ path }, root) {
      const tree = trees.get(path);
      if (tree === undefined) return false;
      within(root, path, "nothing", (_, fd) => sys.moveMount(tree, fd));
      sys.close(tree);
      trees.delete(path);
      return true;
    },
  };
}
