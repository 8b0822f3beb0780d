/** System calls of the store that Node does not offer; the real ones are in real-system.ts. */
export interface StoreSystem {
  /** Takes or changes the lock of an open file. False, where somebody else's is in the way. */
  tryLock(fd: number, kind: "shared" | "exclusive"): boolean;
  /** Waits until all that was written is on disk. */
  sync(): void;
  /** Makes a device or a fifo, with permissions that still have to be set. */
  makeNode(path: string, type: "char" | "block" | "fifo", major: number, minor: number): void;
  /** Bytes that root may still write to the filesystem of `path`. */
  freeBytes(path: string): number;
}
