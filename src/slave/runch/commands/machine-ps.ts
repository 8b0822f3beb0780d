/** The machine's own ps(1), where it has one: `runch ps ID OPTION…` shows those of its lines that are of the container. */
import * as sys from "vz:sys";
import { reason, Status, VzError } from "../../../common/errors.ts";
import { readAll } from "../../system/files.ts";

/** The header of a ps table, and the lines whose column PID holds one of `pids`. @throws VzError 1 where there is no such column */
function selectLines(table: string, pids: readonly number[]): string {
  const [head = "", ...lines] = table.trimEnd().split("\n");
  const column = head.trim().split(/\s+/).indexOf("PID");
  if (column < 0) throw new VzError(Status.failed, "ps: its table has no column PID");
  const own = lines.filter((line) => pids.includes(Number(line.trim().split(/\s+/)[column])));
  return `${[head, ...own].join("\n")}\n`;
}

/** @param options of ps(1) */
export function machinePs(options: readonly string[], pids: readonly number[]): string {
  const [output, input] = sys.pipe();
  let pid: number;
  try {
    pid = sys.spawn("ps", ["ps", ...options], { env: sys.environ, stdio: [-1, input, 2] });
  } catch (error) {
    throw new VzError(Status.failed, `ps: ${reason(error)}`, {
      hint: "without options runch ps needs no ps",
    });
  } finally {
    sys.close(input);
  }
  const table = readAll(output);
  sys.close(output);
  const ended = sys.waitpid(pid);
  if (ended?.code !== 0) throw new VzError(Status.failed, `ps ${options.join(" ")}: failed`);
  return selectLines(table, pids);
}
