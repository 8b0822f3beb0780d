import { constants } from "vz:sys";

/** Value of a C constant of `vz:sys`. */
export function constant(name: string): number {
  const value = constants[name];
  if (value === undefined) throw new RangeError(`${name}: not among the constants of vz:sys`);
  return value;
}
