/** What it means that a mount of config.json was not made. */
import { isVzError, reason } from "../../../common/errors.ts";
import { failed } from "../../system/failure.ts";
import type { MountStep } from "../config/plan.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { isRefusal } from "./make.ts";

/** Tells what falls short where the kernel refuses mounts. @throws VzError 125 for all else */
export function tellFailure(step: MountStep, isBind: boolean, error: unknown, short: Shortfalls): void {
  if (isVzError(error)) throw error;
  if (isBind && isRefusal(error)) {
    // not done without: the program would write its data to some other place
    throw failed(step.at, error, "this kernel refuses mounts here; the bundle has to do without this one");
  }
  if (!isRefusal(error)) throw failed(step.at, error);
  short.add(step.at, reason(error));
}
