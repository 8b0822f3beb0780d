/** Reads text files line by line, as byte strings, without holding more of them than a piece. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hasCode, Status, VzError } from "../../common/errors.ts";

const PIECE = 1 << 16;
/** Bytes of the longest line; no name and no field of what is read here comes near. */
const MAX_LINE = 1 << 20;

/**
 * Calls `take` with each line, without its line break; a last line may lack one.
 * @param file a regular file; string of the file functions
 * @param take numbers count from 1
 * @returns false where there is no such file, or what bears the name is no regular one
 * @throws VzError 65 for a line of over 1 MB
 */
export function eachLine(file: string, take: (line: string, number: number) => void): boolean {
  const fd = openRegular(file);
  if (fd === undefined) return false;
  try {
    const buffer = Buffer.alloc(PIECE);
    let rest = "";
    let number = 0;
    for (;;) {
      const count = readSync(fd, buffer, 0, PIECE, null);
      if (count === 0) break;
      const lines = (rest + buffer.toString("latin1", 0, count)).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE)
        throw new VzError(Status.badData, `${file}:${number + lines.length + 1}: line too long`);
      for (const line of lines) take(line, ++number);
    }
    if (rest !== "") take(rest, ++number);
    return true;
  } finally {
    closeSync(fd);
  }
}

/** What is no regular file is not waited for. */
function openRegular(file: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "ENXIO")) return undefined;
    throw error;
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  return undefined;
}
