/** Paths that mean what they say. */

/** Absolute, below the root, with neither "." nor ".." nor empty parts nor control characters. */
export function isPlainPath(path: string): boolean {
  const [first, ...parts] = path.split("/");
  return (
    first === "" &&
    parts.length > 0 &&
    parts.every((part) => part !== "" && part !== "." && part !== "..") &&
    !/\p{Cc}/u.test(path)
  );
}
