/** Namespaces where the kernel refuses to make all at once: one by one, so that what is granted is had. */
import * as sys from "vz:sys";
import { reason } from "../../../common/errors.ts";
import { lookup, NAMESPACES } from "../../system/linux.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { isRefused } from "./make.ts";

/** @returns types of those that were made */
export function unshareSingly(types: readonly string[], short: Shortfalls): readonly string[] {
  return types.filter((type) => {
    try {
      sys.unshare(lookup(NAMESPACES, type) ?? 0);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      short.add(`${type} namespace`, reason(error));
      return false;
    }
  });
}
