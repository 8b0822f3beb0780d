/**
 * `start BUNDLE-DIR` has no process outside of the container that could write id maps or run hooks there. Where config.json
 * asks for that, one is forked for as long as the start takes. It ends with the start: nothing stays.
 */
import * as sys from "vz:sys";
import { Status } from "../../../common/errors.ts";
import { failure } from "../../system/failure.ts";
import { hookState } from "../hooks/state.ts";
import { writeIdMaps } from "../namespaces/id-maps.ts";
import { Channel } from "./channel.ts";
import type { Bundle } from "./model.ts";

export interface Outside {
  ask(what: string): void;
  readonly descriptors: readonly number[];
}

/** What there is to be done outside; the answer is "ok", or why not. */
function serve(what: string, id: string, bundle: Bundle, pid: number): string {
  const { hooks, namespaces } = bundle.parts;
  try {
    if (what === "maps" && namespaces?.maps) writeIdMaps(pid, namespaces.maps);
    if (what === "hooks") {
      hooks?.run("prestart", hookState({ id, bundle }, "creating", pid));
      hooks?.run("createRuntime", hookState({ id, bundle }, "creating", pid));
    }
    if (what === "poststart") hooks?.run("poststart", hookState({ id, bundle }, "running", pid));
    return "ok";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
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
        for (let what = theirs.receive(); what !== null; what = theirs.receive())
          theirs.send(serve(what, id, bundle, pid));
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
    ask(what) {
      channel.send(what);
      const answer = channel.receive();
      if (answer !== "ok") throw failure(answer ?? `${what}: the process outside ended`);
    },
  };
}
