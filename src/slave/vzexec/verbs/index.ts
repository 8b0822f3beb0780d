/** The verbs: all that the daily key can do on a slave beside uploading. */
import type { Command } from "../../../common/command/command.ts";
import { factsVerb } from "./facts.ts";
import { imagesVerb } from "./images.ts";
import { loadVerb } from "./load.ts";
import { logsVerb } from "./logs.ts";
import { psVerb } from "./ps.ts";
import { rmVerb } from "./rm.ts";
import { startVerb } from "./start.ts";
import { stopVerb } from "./stop.ts";
import { versionVerb } from "./version.ts";

export const verbs: Readonly<Record<string, Command>> = {
  version: versionVerb,
  facts: factsVerb,
  images: imagesVerb,
  load: loadVerb,
  start: startVerb,
  stop: stopVerb,
  ps: psVerb,
  logs: logsVerb,
  rm: rmVerb,
};
