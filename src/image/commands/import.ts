import type { Args, Command } from "../../common/command/command.ts";
import { progressBar } from "../../common/command/progress.ts";
import { Status, VzError } from "../../common/errors.ts";
import { printable } from "../../common/printable.ts";
import { importImage } from "../foreign/import.ts";
import { nameOf, sentence, sourceDate, summary } from "./build.ts";

const NAME = "vz image import";
const DEFAULT_MAX_SIZE = "4G";
const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

export const importCommand: Command = {
  name: NAME,
  summary: "make an image of one from podman, docker, skopeo or umoci",
  usage: [
    "vz image import FILE -o IMAGE [--name NAME] [--platform OS/ARCH] [--tag NAME] [--max-size SIZE] [--anew] [--json] [-- CMD ARG…]",
  ],
  details:
    "FILE is the archive of an OCI image layout, such a layout's directory, or what docker save and podman save write; what " +
    "it is shows in its content. Layers become one root filesystem, whiteouts obeyed, and every sum is checked. " +
    "config.json is made of command, environment, directory and user of the image; CMD, if given, is the command instead. " +
    "Of an image for many platforms linux/386 is taken, else linux/amd64, else linux/arm64. Set-user-id bits and devices are kept; extended " +
    "attributes, file capabilities among them, are left out, and said so. Nothing of FILE is laid out on disk: while it " +
    "works it needs room beside IMAGE for the layers unpacked.",
  options: [
    {
      name: "output",
      alias: "o",
      value: "IMAGE",
      help: "the image to write: NAME.tar, NAME.tar.gz or NAME.tar.zst",
    },
    {
      name: "name",
      value: "NAME",
      help: "name of the image; if not given, that under which vz exported it, else IMAGE's without suffix",
    },
    { name: "platform", value: "OS/ARCH", help: "which of an image for many platforms, as linux/amd64" },
    { name: "tag", value: "NAME", help: "which of many images in FILE" },
    {
      name: "max-size",
      value: "SIZE",
      help: `bytes that FILE may unpack to, with K, M, G or T; ${DEFAULT_MAX_SIZE}, if not given`,
    },
    { name: "anew", help: "make config.json anew, even where FILE brings the one that vz exported" },
    { name: "json", help: "say what was made as one JSON object" },
  ],
  examples: [
    {
      command: "vz image import redis.podman.tar -o redis.tar.gz",
      does: "Takes what podman save redis -o redis.podman.tar wrote.",
    },
    {
      command: "vz image import busybox.oci.tar -o box.tar.gz --platform linux/386 -- /bin/busybox httpd -f",
      does: "Takes what skopeo copy --all docker://busybox oci-archive:busybox.oci.tar wrote, with another command.",
    },
  ],
  async run(args, io) {
    const { file, output, command } = readArgs(args);
    const created = io.env["SOURCE_DATE_EPOCH"];
    const imported = await importImage(file, output, {
      name: args.value("name"),
      fallbackName: () => nameOf(output),
      command,
      platform: args.value("platform"),
      tag: args.value("tag"),
      maxSize: sizeOf(args.value("max-size") ?? DEFAULT_MAX_SIZE),
      anew: args.flag("anew"),
      created: created === undefined || created === "" ? undefined : sourceDate(created),
      progress: progressBar(io, "import"),
    });
    for (const note of imported.notes) io.err(`vz: ${file}: ${printable(note)}\n`);
    io.out(args.flag("json") ? `${JSON.stringify(summary(imported, output))}\n` : sentence(imported, output));
    return Status.ok;
  },
};

function usage(why: string): VzError {
  return new VzError(Status.usage, `${NAME}: ${why}`, { hint: "vz help image import" });
}

function readArgs(args: Args): { file: string; output: string; command: readonly string[] } {
  const [file, ...command] = args.positional;
  const output = args.value("output");
  if (file === undefined) throw usage("which archive?");
  if (args.own > 1) throw usage("one archive at a time; a command comes behind --");
  if (output === undefined) throw usage("where to? -o IMAGE is missing");
  return { file, output, command };
}

function sizeOf(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,12})([KMGT]?)$/.exec(text) ?? [];
  const size = Number(digits) * (UNITS[unit] ?? 1);
  if (digits !== "" && size > 0 && Number.isSafeInteger(size)) return size;
  throw usage(`--max-size ${JSON.stringify(text)}: not a size: a number, and K, M, G or T`);
}
