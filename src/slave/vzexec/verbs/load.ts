import type { Command } from "../../../common/command/command.ts";
import { isName } from "../../../common/contract/names.ts";
import { INCOMING_DIR } from "../../../common/contract/paths.ts";
import { Status, VzError } from "../../../common/errors.ts";
import { answer, jsonOption, oneArgument } from "./answer.ts";

export const loadVerb: Command = {
  name: "vzexec load",
  summary: "take an uploaded image into this slave's store",
  usage: ["vzexec load FILE [--json]"],
  details: `FILE is a name in ${INCOMING_DIR}. The image is checked whole before it can be seen. Once it is clear that it is good or bad the upload is removed.`,
  options: [jsonOption],
  examples: [{ command: "vzexec load hello.tar.gz", does: "after the master put it into incoming/" }],
  async run(args, io) {
    const name = oneArgument(args, "load", "file name");
    if (!isName(name)) {
      throw new VzError(Status.usage, `file ${JSON.stringify(name.slice(0, 80))}: not a name in incoming/`);
    }
    const { loadUpload } = await import("./load-upload.ts");
    const { status, stderr, answer: document } = loadUpload(name);
    io.err(stderr);
    if (document === null) return status;
    return answer(args, io, document, ({ image, added }) =>
      added ? `${image.name} ${image.id}: added\n` : `${image.name} ${image.id}: was here already\n`,
    );
  },
};
