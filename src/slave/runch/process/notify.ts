/**
 * The socket by which a program tells its manager that it is ready (sd_notify(3)): where runch has NOTIFY_SOCKET in its
 * environment, the program gets one too. crun and runc stay and pass the message on; runch does not stay, so the socket itself
 * goes into the container. There it is, as with crun, the file `notify` in a directory of the socket's path.
 */
import * as sys from "vz:sys";
import { reason } from "../../../common/errors.ts";
import { MS } from "../../system/linux.ts";
import type { IdMaps, NotifyPart } from "../model.ts";
import { addFlags, bind, within } from "../mounts/inside.ts";
import { openUserNamespace } from "../namespaces/id-maps.ts";

const { AT_FDCWD } = sys.constants;
/** linux/mount.h, linux/fcntl.h */
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const ATTR_IDMAP = 0x100000;

const LIMITS = MS.NOSUID | MS.NODEV | MS.NOEXEC;

/** The socket as a mount of its own; -1 where this kernel has no open_tree(2), or there is no socket. */
function openSocket(path: string): number {
  try {
    return sys.openTree(AT_FDCWD, path, OPEN_TREE_CLONE);
  } catch {
    // mount() binds it by its path then
    return -1;
  }
}

/** Maps the socket's owner, root, to the container's root: only those who may write to the socket can send. */
function mapOwner(tree: number, maps: IdMaps): void {
  try {
    const userns = openUserNamespace(maps);
    sys.mountSetattr(tree, "", AT_EMPTY_PATH, ATTR_IDMAP, 0, 0, userns);
    sys.close(userns);
  } catch {
    // systemd's socket is open to everyone anyway
  }
}

/**
 * @param socket value of NOTIFY_SOCKET
 * @param maps of the container's new user namespace, if it has one
 */
export function planNotify(socket: string, maps: IdMaps | null): NotifyPart {
  // an abstract socket has no file: it is in reach where the network namespace is the manager's
  if (!socket.startsWith("/")) return { variable: `NOTIFY_SOCKET=${socket}`, open() {}, mount() {} };
  const inside = `${socket}/notify`;
  let tree = -1;
  return {
    variable: `NOTIFY_SOCKET=${inside}`,
    open() {
      tree = openSocket(socket);
      if (tree >= 0 && maps !== null) mapOwner(tree, maps);
    },
    mount(root, short) {
      try {
        within(root, socket, "directory", (place) =>
          sys.mount("tmpfs", place, "tmpfs", LIMITS, "mode=755,size=4k"),
        );
        if (tree < 0) bind(socket, root, inside, "file", LIMITS);
        else {
          within(root, inside, "file", (_, fd) => sys.moveMount(tree, fd));
          sys.close(tree);
          addFlags(root, inside, LIMITS);
        }
      } catch (error) {
        short.add(`NOTIFY_SOCKET ${socket}`, reason(error));
      }
    },
  };
}
