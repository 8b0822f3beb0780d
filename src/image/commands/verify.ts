import type { Command } from "../../common/command/command.ts";
import { progressBar } from "../../common/command/progress.ts";
import { formatBytes } from "../../common/command/table.ts";
import { Status } from "../../common/errors.ts";
import { withImage } from "../../common/image/open.ts";
import { verifyImage } from "../../common/image/verify.ts";
import { provenanceOf } from "../build/provenance.ts";
import { imageArgument } from "./inspect.ts";

export const verify: Command = {
  name: "vz image verify",
  summary: "check every byte of an image against its manifest",
  usage: ["vz image verify IMAGE [--json]"],
  details: "Ends with 0 for a whole image, and with 65 and a line that names the first fault for any other.",
  options: [{ name: "json", help: "say the same as one JSON object" }],
  examples: [{ command: "vz image verify hello.tar.gz", does: "Prints the id of a whole image." }],
  async run(args, io) {
    const file = imageArgument(args, "vz image verify");
    const { id, manifest } = await withImage(file, (image) => verifyImage(image, {}, progressBar(io, file)));
    provenanceOf(manifest, file);
    const { name, totals } = manifest;
    io.out(
      args.flag("json")
        ? `${JSON.stringify({ id, name, totals })}\n`
        : `${file}: ok, ${totals.files} files, ${formatBytes(totals.bytes)}\n${id}\n`,
    );
    return Status.ok;
  },
};
