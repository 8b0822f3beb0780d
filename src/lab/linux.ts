/** Small things that the lab needs of Linux. */
import { constants } from "vz:sys";
import { Status, VzError } from "../common/errors.ts";

/** Value of a C constant of `vz:sys`. */
export function flag(name: string): number {
  const value = constants[name];
  if (value === undefined) throw new RangeError(`${name}: not among the constants of vz:sys`);
  return value;
}

/** @throws VzError 77 unless root runs this. */
export function needRoot(what: string): void {
  if (process.geteuid?.() === 0) return;
  throw new VzError(Status.refused, `${what}: needs root, for namespaces, mounts and links`, {
    hint: "sudo vz lab …, or become root",
  });
}
