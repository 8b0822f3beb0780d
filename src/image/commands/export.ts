import type { Args, Command } from "../../common/command/command.ts";
import { progressBar } from "../../common/command/progress.ts";
import { formatBytes } from "../../common/command/table.ts";
import { Status, VzError } from "../../common/errors.ts";
import { withImage } from "../../common/image/open.ts";
import { type ExportOptions, exportImage } from "../foreign/export.ts";
import { imageArgument } from "./inspect.ts";

const NAME = "vz image export";
/** What may stand in a reference of docker or OCI, a registry's port included. */
const TAG = /^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,254}$/;

export const exportCommand: Command = {
  name: NAME,
  summary: "write an image for podman, docker, skopeo and other tools",
  usage: ["vz image export IMAGE --oci|--docker -o FILE [--compress gzip|none] [--tag NAME] [--json]"],
  details:
    "--oci writes the archive of an OCI image layout, --docker what docker save writes, both with one layer; the same " +
    "image gives the same bytes. The whole config.json goes along as a label, so that vz image import makes the same " +
    "image of it again, of the same id; other tools see command, environment, directory and user.",
  options: [
    { name: "output", alias: "o", value: "FILE", help: "the archive to write" },
    { name: "oci", help: "an OCI image layout in a tar archive" },
    { name: "docker", help: "a docker archive" },
    {
      name: "compress",
      value: "HOW",
      help: "the layer: gzip, as with --oci, or none, as with --docker, which is quicker",
    },
    { name: "tag", value: "NAME", help: "what other tools are to call it; the image's name, if not given" },
    { name: "json", help: "say what was written as one JSON object" },
  ],
  examples: [
    {
      command: "vz image export hello.tar.gz --oci -o hello.oci.tar",
      does: "For podman load -i hello.oci.tar, and skopeo copy oci-archive:hello.oci.tar docker://…",
    },
    {
      command: "vz image export hello.tar.gz --docker --tag hello:1.2 -o hello.docker.tar",
      does: "For docker load -i hello.docker.tar.",
    },
    {
      command: "mkdir hello && tar -xf hello.oci.tar -C hello && umoci unpack --image hello:hello bundle",
      does: "Lays the exported layout out as a directory, which umoci reads.",
    },
  ],
  async run(args, io) {
    const file = imageArgument(args, NAME);
    const output = args.value("output");
    if (output === undefined) throw usage("where to? -o FILE is missing");
    const options = { ...readOptions(args), progress: progressBar(io, "export") };
    const { head, bytes } = await withImage(file, (image) => exportImage(image, output, options));
    const { name } = head.manifest;
    io.out(
      args.flag("json")
        ? `${JSON.stringify({ id: head.id, name, format: options.format, file: output, fileBytes: bytes })}\n`
        : `${output}: ${formatBytes(bytes)}\n`,
    );
    return Status.ok;
  },
};

function usage(why: string): VzError {
  return new VzError(Status.usage, `${NAME}: ${why}`, { hint: "vz help image export" });
}

function readOptions(args: Args): Omit<ExportOptions, "progress"> {
  if (args.flag("oci") === args.flag("docker")) throw usage("one of --oci and --docker, please");
  const format = args.flag("oci") ? "oci" : "docker";
  const compression = args.value("compress") ?? (format === "oci" ? "gzip" : "none");
  if (compression !== "gzip" && compression !== "none")
    throw usage(`--compress ${compression}: gzip or none`);
  const tag = args.value("tag");
  if (tag !== undefined && !TAG.test(tag))
    throw usage(`--tag ${JSON.stringify(tag)}: not a name for an image`);
  return { format, compression, tag };
}
