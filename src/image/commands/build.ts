import { basename } from "node:path";
import type { Args, Command, Example, Option } from "../../common/command/command.ts";
import { progressBar } from "../../common/command/progress.ts";
import { formatBytes } from "../../common/command/table.ts";
import { isName } from "../../common/contract/names.ts";
import { Status, VzError } from "../../common/errors.ts";
import { type BuiltImage, buildImage } from "../build/build.ts";
import type { FoundImage } from "../build/find.ts";

const options: readonly Option[] = [
  {
    name: "output",
    alias: "o",
    value: "FILE",
    help: "the image to write: NAME.tar, NAME.tar.gz or NAME.tar.zst",
  },
  { name: "name", value: "NAME", help: "name of the image; FILE without its suffix, if not given" },
  { name: "json", help: "say what was built as one JSON object" },
];

const examples: readonly Example[] = [
  {
    command: "vz image build hello -o hello.tar.gz",
    does: "Packs the OCI bundle hello (hello/config.json, hello/rootfs) into one file.",
  },
];

export const build: Command = {
  name: "vz image build",
  summary: "make an image of an OCI bundle",
  usage: ["vz image build BUNDLE -o FILE [--name NAME] [--json]"],
  details:
    "The same bundle gives the same bytes, on any day: files are sorted, times fixed, owners numeric. " +
    "The image is dated with SOURCE_DATE_EPOCH if that is set, else with 1970-01-01, so that its id tells of " +
    "its content alone. What a provenance.json in BUNDLE says of the image's origin goes into its manifest. Hard links become files of their own, which a slave's store keeps once. Sockets and " +
    "extended attributes are left out.",
  options,
  examples,
  async run(args, io) {
    const { bundle, output } = readArgs(args);
    const bar = progressBar(io, "image");
    const built = await buildImage(bundle, output, {
      name: args.value("name") ?? nameOf(output),
      created: sourceDate(io.env["SOURCE_DATE_EPOCH"]),
      progress: bar,
    });
    for (const note of built.notes) io.err(`vz: ${note}\n`);
    io.out(args.flag("json") ? `${JSON.stringify(summary(built, output))}\n` : sentence(built, output));
    return Status.ok;
  },
} satisfies Command;

function readArgs(args: Args): { bundle: string; output: string } {
  const [bundle, ...more] = args.positional;
  const output = args.value("output");
  const why =
    bundle === undefined
      ? "which bundle?"
      : more.length > 0
        ? "one bundle at a time"
        : output === undefined
          ? "where to? -o FILE is missing"
          : undefined;
  if (why === undefined && bundle !== undefined && output !== undefined) return { bundle, output };
  throw new VzError(Status.usage, `vz image build: ${why}`, { hint: "vz help image build" });
}

export function nameOf(output: string): string {
  const name = basename(output).replace(/\.tar(\.\w+)?$/, "");
  if (isName(name)) return name;
  throw new VzError(Status.usage, `${output}: gives no name for the image`, { hint: "say --name NAME" });
}

/** The latest time, in seconds, that tar-stream writes correctly into a header. */
const MAX_DATE = 2 ** 31 - 1;

/** Seconds of SOURCE_DATE_EPOCH (reproducible-builds.org), 0 without. */
export function sourceDate(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  const seconds = Number(text);
  if (/^\d{1,10}$/.test(text) && seconds <= MAX_DATE) return seconds;
  throw new VzError(Status.usage, `SOURCE_DATE_EPOCH: ${JSON.stringify(text)} is not seconds since 1970`);
}

/** What is told of an image file as JSON. */
export function summary(
  { id, manifest, bytes }: Omit<FoundImage, "file">,
  file: string,
): Record<string, unknown> {
  const { name, created, architecture, kernelFloor, command, totals } = manifest;
  return { id, name, created, architecture, kernelFloor, command, totals, file, fileBytes: bytes };
}

export function sentence({ id, manifest, bytes }: BuiltImage, file: string): string {
  const { totals, architecture } = manifest;
  const content = `${totals.files} files, ${formatBytes(totals.bytes)}, ${architecture}`;
  return `${file}: ${content}, ${formatBytes(bytes)} packed\n${id}\n`;
}
