/**
 * Many requests over one connection, for `ssh -s HOST vzexec`: one JSON object a line each way, answered in order.
 *
 *     > {"id": 1, "words": ["ps", "--json"]}
 *     < {"id":1,"status":0,"stdout":"[…]\n","stderr":""}
 *
 * `words` are those of a verb, as on a command line; `id` is a number or a string and comes back as it was. A request that
 * cannot be read is answered with `"id":null` and status 65. The connection ends with its input.
 */
import { readSync } from "node:fs";
import { report } from "../../common/command/report.ts";
import { Status, VzError } from "../../common/errors.ts";
import { type Io, memoryIo } from "../../common/io.ts";

/** Longest request in bytes. */
const MAX_REQUEST = 256 * 1024;

export interface Request {
  readonly id: number | string;
  readonly words: readonly string[];
}

export interface Response {
  readonly id: number | string | null;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws VzError 65 */
export function parseRequest(line: string): Request {
  const bad = (why: string) => new VzError(Status.badData, `request: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw bad("not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("not an object");
  const { id, words, ...more }: { id?: unknown; words?: unknown } = value;
  const [extra] = Object.keys(more);
  if (extra !== undefined) throw bad(`unknown field ${JSON.stringify(extra.slice(0, 80))}`);
  if (typeof id !== "number" && typeof id !== "string") throw bad("id is neither a number nor a string");
  if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === "string")) {
    throw bad("words is not a list of strings");
  }
  if (words.some((word: string) => word.includes("\0"))) throw bad("a NUL in words");
  return { id, words };
}

/** Answers one line. */
export async function respond(
  line: string,
  run: (words: readonly string[], io: Io) => Promise<number>,
): Promise<Response> {
  const io = memoryIo();
  let id: Response["id"] = null;
  let status: number;
  try {
    const request = parseRequest(line);
    id = request.id;
    status = await run(request.words, io);
  } catch (error) {
    status = report(error, io);
  }
  return { id, status, stdout: io.stdout, stderr: io.stderr };
}

/** Serves requests on standard input until it ends. */
export async function serve(
  io: Io,
  run: (words: readonly string[], io: Io) => Promise<number>,
): Promise<number> {
  for (const line of inputLines()) {
    if (line.trim() !== "") io.out(`${JSON.stringify(await respond(line, run))}\n`);
  }
  return Status.ok;
}

/** @throws VzError 65 for a line beyond the limit, whose end is unknown: no later request could be found */
function* inputLines(): Generator<string> {
  const chunk = Buffer.alloc(64 * 1024);
  let pending: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  for (;;) {
    const count = readSync(0, chunk, 0, chunk.length, null);
    if (count === 0) break;
    pending = Buffer.concat([pending, chunk.subarray(0, count)]);
    for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
      yield pending.subarray(0, end).toString("utf8");
      pending = pending.subarray(end + 1);
    }
    if (pending.length > MAX_REQUEST) throw new VzError(Status.badData, "request: too long");
  }
  if (pending.length > 0) yield pending.toString("utf8");
}
