/** `node:fs`: files as streams. */
import { checkOptions, outOfRange } from "./errors.ts";
import { FdReadable, FdWritable } from "./fd-stream.ts";
import { checkPath, optionsOf, type Path } from "./fs-args.ts";
import { openSync } from "./fs-file.ts";

interface CommonOptions {
  flags?: string;
  mode?: number;
  fd?: number | null;
  autoClose?: boolean;
  start?: number;
}

interface ReadOptions extends CommonOptions {
  end?: number;
  highWaterMark?: number;
}

function opener(path: Path | null, options: CommonOptions, flags: string): () => number {
  const { fd } = options;
  if (typeof fd === "number") return () => fd;
  const name = checkPath(path);
  return () => openSync(name, options.flags ?? flags, options.mode);
}

/** Bytes `start` to `end`, both included. */
export function createReadStream(path: Path | null, options?: unknown): FdReadable & { path: Path | null } {
  const given = optionsOf<ReadOptions>(options);
  checkOptions("fs.createReadStream", given, [
    "flags",
    "encoding",
    "mode",
    "fd",
    "autoClose",
    "start",
    "end",
    "highWaterMark",
  ]);
  const { start, end, highWaterMark, autoClose = true, encoding } = given;
  if (end !== undefined && end < (start ?? 0))
    throw outOfRange("start", `<= "end" (here: ${end})`, start ?? 0);
  const open = opener(path, given, "r");
  // with an end and no start Node reads from the beginning
  const first = start ?? (end === undefined ? undefined : 0);
  const stream = new FdReadable({
    open,
    autoClose,
    start: first,
    end,
    highWaterMark,
    encoding: encoding ?? undefined,
  });
  return Object.assign(stream, { path });
}

export function createWriteStream(path: Path | null, options?: unknown): FdWritable & { path: Path | null } {
  const given = optionsOf<CommonOptions>(options);
  checkOptions("fs.createWriteStream", given, ["flags", "encoding", "mode", "fd", "autoClose", "start"]);
  const { start, autoClose = true } = given;
  return Object.assign(new FdWritable({ open: opener(path, given, "w"), autoClose, start }), { path });
}
