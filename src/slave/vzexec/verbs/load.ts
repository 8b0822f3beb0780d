import { rmSync } from "node:fs";
import type { Command } from "../../../common/command.ts";
import { Status, VzError } from "../../../common/errors.ts";
import { isName } from "../../../common/names.ts";
import { INCOMING_DIR } from "../../../common/paths.ts";
import type { LoadAnswer } from "../../../common/protocol.ts";
import { answer, jsonOption, oneArgument } from "../answer.ts";

/** Reading and checking a large image on a slow VPS takes minutes, never an hour. */
const PATIENCE_MS = 3_600_000;

export const loadVerb: Command = {
  name: "vzexec load",
  summary: "take an uploaded image into this slave's store",
  usage: ["vzexec load FILE [--json]"],
  details: `FILE is a name in ${INCOMING_DIR}. The image is checked whole before it can be seen. Once that is settled the upload is removed.`,
  options: [jsonOption],
  examples: [{ command: "vzexec load hello.tar.gz", does: "after the master put it into incoming/" }],
  async run(args, io) {
    const name = oneArgument(args, "load", "file name");
    if (!isName(name)) {
      throw new VzError(Status.usage, `file ${JSON.stringify(name.slice(0, 80))}: not a name in incoming/`);
    }
    const file = `${INCOMING_DIR}/${name}`;
    const { spawnSync } = await import("node:child_process");
    // A process of its own, so that the archive's code and memory are gone when it ends.
    const loader = spawnSync(process.execPath, ["load-image", file], {
      argv0: "vz",
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
      timeout: PATIENCE_MS,
    });
    if (loader.error !== undefined) throw loader.error;
    io.err(loader.stderr);
    const status = loader.status ?? Status.failed;
    // Bad data stays bad data, and a small disk has no room for it; any other failure may pass, and the file is needed.
    if (status === Status.ok || status === Status.badData) rmSync(file, { force: true });
    if (status !== Status.ok) return status;
    const document: LoadAnswer = JSON.parse(loader.stdout);
    return answer(args, io, document, ({ image, added }) =>
      added ? `${image.name} ${image.id}: added\n` : `${image.name} ${image.id}: was here already\n`,
    );
  },
};
