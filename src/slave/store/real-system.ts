/** The store's system calls, and the store of this slave. */
import * as sys from "vz:sys";
import { DATA_DIR } from "../../common/contract/paths.ts";
import { hasCode } from "../../common/errors.ts";
import { Store } from "./store.ts";
import type { StoreSystem } from "./system.ts";

/** Values of Linux's <sys/file.h> and <sys/stat.h>, the same on every architecture that vz runs on. */
const LOCK = { shared: 1, exclusive: 2 } as const;
const LOCK_NB = 4;
const NODE_TYPE = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const;

const realSystem: StoreSystem = {
  tryLock(fd, kind) {
    try {
      sys.flock(fd, LOCK[kind] | LOCK_NB);
      return true;
    } catch (error) {
      if (hasCode(error, "EAGAIN", "EWOULDBLOCK")) return false;
      throw error;
    }
  },
  sync: () => sys.sync(),
  makeNode: (path, type, major, minor) => sys.mknod(path, NODE_TYPE[type] | 0o600, major, minor),
  freeBytes(path) {
    const { bsize, bfree } = sys.statfs(path);
    return bsize * bfree;
  },
};

/** This slave's store; `root` for another place than /var/lib/vz. */
export function openStore(root: string = DATA_DIR): Store {
  return new Store(root, realSystem);
}
