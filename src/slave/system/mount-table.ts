/** Reading /proc/self/mounts (proc(5)). */

/** Mount points at and below `root`, in the order of mounting. @param types of filesystems; all when absent */
export function parseMountPoints(table: string, root: string, types?: readonly string[]): string[] {
  return table
    .split("\n")
    .filter((line) => types === undefined || types.includes(line.split(" ")[2] ?? ""))
    .map((line) => line.split(" ")[1] ?? "")
    .map((path) =>
      path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((path) => path === root || path.startsWith(`${root}/`));
}

/**
 * Which mounts to undo, last first: those of `now`, less one for each entry of `before` (mounts can stand on one another).
 */
export function toUnmount(now: readonly string[], before: readonly string[]): string[] {
  const kept = [...before];
  return now
    .filter((path) => {
      const at = kept.indexOf(path);
      if (at >= 0) kept.splice(at, 1);
      return at < 0;
    })
    .reverse();
}
