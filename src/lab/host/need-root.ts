/** Who may make a lab. */
import { Status, VzError } from "../../common/errors.ts";

/** @throws VzError 77 unless root runs this. */
export function needRoot(what: string): void {
  if (process.geteuid?.() === 0) return;
  throw new VzError(Status.refused, `${what}: needs root, for namespaces, mounts and links`, {
    hint: "sudo vz lab …, or become root",
  });
}
