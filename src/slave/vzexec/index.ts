/** `vzexec`: a restricted shell on a slave. Verbs and nothing else; no other program is started on a caller's word. */
import type { CommandGroup } from "../../common/command/command.ts";
import { helpPage } from "../../common/command/help.ts";
import { isVzError, Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { takeEnvironment } from "./environment.ts";
import { type Call, readCall } from "./mode.ts";
import { recordRefusal } from "./refusals.ts";
import { findVerb, runVerb } from "./run-verb.ts";
import { verbs } from "./verbs/index.ts";

const group: CommandGroup = {
  name: "vzexec",
  summary: "restricted shell on a slave",
  details:
    "Those run on this machine. On the master, `vzexec HOSTS -- VERB…` runs one on many slaves: vz help master vzexec.",
  commands: verbs,
  async play(words, io) {
    const { original, from } = takeEnvironment(process.env);
    process.umask(0o022);
    process.chdir("/");
    try {
      return await answerCall(readCall(process.argv0, words, original), io);
    } catch (error) {
      if (isVzError(error) && error.status === Status.refused) {
        recordRefusal(from, original ?? words.join(" "));
      }
      throw error;
    }
  },
};
export default group;

async function answerCall(call: Call, io: Io): Promise<number> {
  if (call.kind === "login") {
    throw new VzError(Status.refused, "vzexec: there is no interactive shell here", {
      hint: `verbs: ${Object.keys(verbs).join(" ")}`,
    });
  }
  const { words, remote } = call;
  const [first, ...rest] = words;
  const unknown = remote ? Status.refused : Status.usage;
  if (first === "subsystem" && rest.length === 0) {
    const { serve } = await import("./subsystem.ts");
    return serve(io, (request, output) => runVerb(request, output, Status.refused));
  }
  if (!remote && words.some((word) => word === "--help" || word === "-h")) return help(words, io);
  return runVerb(words, io, unknown);
}

function help(words: readonly string[], io: Io): number {
  const [first = ""] = words;
  const entry = first.startsWith("-") ? group : findVerb(first, Status.usage);
  io.out(helpPage(entry, Math.min(io.outColumns ?? 80, 100)));
  return Status.ok;
}
