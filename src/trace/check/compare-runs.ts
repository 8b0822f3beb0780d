/** How a run in a root differs from the one that was traced, in words. */

import { toFs } from "../../common/byte-strings.ts";
import { printable } from "../../common/printable.ts";
import type { Output } from "../watch/capture.ts";
import type { StraceEnd } from "../watch/run.ts";
import { signalStatus } from "../watch/stop.ts";
import { firstDifference } from "./first-difference.ts";

/** @param stops whether both runs were to be stopped: then only whether the one there was stopped counts */
export function compareEnds(here: StraceEnd, there: StraceEnd, stops: boolean): string[] {
  if (stops) {
    if (there.outcome === "stopped") return [];
    return [
      there.outcome === "late"
        ? "--until did not succeed there in time"
        : `${endOf(there)} there before it was stopped`,
    ];
  }
  // nothing stopped the run here
  if (there.outcome === "stopped") return ["it has not ended there, and was stopped"];
  const [one, other] = [endOf(here), endOf(there)];
  return one === other ? [] : [`${one} here, ${other} there`];
}

function endOf({ code, signal }: StraceEnd): string {
  // A signal may come through as such or as 128 + its number: both read the same.
  return `exit status ${signal === null ? code : signalStatus(signal)}`;
}

/** @param name of the stream @returns a line where they differ */
export function compareOutput(name: string, here: Output, there: Output): string[] {
  const difference = firstDifference(here.file, there.file);
  if (difference === undefined) {
    return here.bytes === there.bytes ? [] : [`${name}: ${here.bytes} bytes here, ${there.bytes} there`];
  }
  const [one, other] = difference.texts.map((text) =>
    text === undefined ? "nothing more" : JSON.stringify(printable(toFs(text))),
  );
  return [`${name} differs in line ${difference.line}: ${one} here, ${other} there`];
}
