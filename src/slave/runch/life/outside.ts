/**
 * `start BUNDLE-DIR` has no process outside of the container that could write id maps or run hooks there. Where config.json
 * asks for that, one is forked for as long as the start takes. It ends with the start: nothing stays.
 */
import * as sys from "vz:sys";
import { Status } from "../../../common/errors.ts";
import { failure } from "../../system/failure.ts";
import type { OutsideTask } from "../model.ts";
import { Channel } from "./channel.ts";
import type { Bundle } from "./model.ts";
import { doOutside, isOutsideTask } from "./outside-task.ts";

export interface Outside {
  ask(task: OutsideTask): void;
  readonly descriptors: readonly number[];
}

/** @returns "ok", or why not */
function answer(line: string, id: string, bundle: Bundle, pid: number): string {
  try {
    if (!isOutsideTask(line)) throw new Error(`${line}: not a task`);
    doOutside(line, { id, bundle, pid });
    return "ok";
  } catch (error) {
    // in one line: that is what an answer is
    return (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
  }
}

/** Forks the helper for this process, which becomes the container's. */
export function forkOutside(id: string, bundle: Bundle): Outside {
  const pid = sys.getpid();
  const [channel, theirs] = Channel.pair();
  // forked twice, so that the container does not find a child that it never made
  const first = sys.fork();
  if (first === 0) {
    try {
      channel.close();
      if (sys.fork() === 0) {
        for (let line = theirs.receive(); line !== null; line = theirs.receive())
          theirs.send(answer(line, id, bundle, pid));
      }
    } finally {
      // whatever happens, the caller's way goes on in the caller alone: one that has ended cannot be answered
      sys.exit(Status.ok);
    }
  }
  theirs.close();
  sys.waitpid(first);
  return {
    descriptors: channel.descriptors,
    ask(task) {
      channel.send(task);
      const line = channel.receive();
      if (line !== "ok") throw failure(line ?? `${task}: the process outside ended`);
    },
  };
}
