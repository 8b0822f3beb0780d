import type { Command } from "../../common/command/command.ts";
import { version } from "../../common/command/version.ts";
import { Status } from "../../common/errors.ts";
import { withImage } from "../../common/image/open.ts";
import { readManifest } from "../../common/image/read.ts";
import { provenanceOf } from "../build/provenance.ts";
import { billOfMaterials } from "../build/sbom.ts";
import { checkOutput, writeWhole } from "../build/write-file.ts";
import { dateOf, imageArgument } from "./inspect.ts";

export const sbom: Command = {
  name: "vz image sbom",
  summary: "write the bill of materials of an image",
  usage: ["vz image sbom IMAGE [-o FILE]"],
  details:
    "CycloneDX 1.5 in JSON: the operating system and the packages that the image's files came from, each with its package URL, " +
    "and every file with its SHA-256. The same image gives the same bytes.",
  options: [{ name: "output", alias: "o", value: "FILE", help: "where to; standard output, if not given" }],
  examples: [
    {
      command: "vz image sbom web.tar.gz -o web.cdx.json",
      does: "For a scanner that looks for packages with known faults.",
    },
  ],
  async run(args, io) {
    const file = imageArgument(args, "vz image sbom");
    const output = args.value("output");
    const head = await withImage(file, readManifest);
    const provenance = provenanceOf(head.manifest, file);
    const bill = billOfMaterials(head, provenance, version().version, dateOf(head.manifest));
    const text = `${JSON.stringify(bill, null, 1)}\n`;
    if (output === undefined) io.out(text);
    else {
      checkOutput(output, file);
      await writeWhole(output, once(Buffer.from(text)));
    }
    return Status.ok;
  },
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
