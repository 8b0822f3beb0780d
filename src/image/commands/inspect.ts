import type { Args, Command } from "../../common/command/command.ts";
import { formatBytes, table } from "../../common/command/table.ts";
import { Status, VzError } from "../../common/errors.ts";
import { type FileEntry, insidePath, type Manifest, type Provenance } from "../../common/image/manifest.ts";
import { withImage } from "../../common/image/open.ts";
import { type ImageHead, readManifest } from "../../common/image/read.ts";
import { printable } from "../../common/printable.ts";
import { quoteWords } from "../../common/shell-words.ts";
import { provenanceOf } from "../build/provenance.ts";

const BIGGEST = 10;

export const inspect: Command = {
  name: "vz image inspect",
  summary: "tell what an image holds",
  usage: ["vz image inspect IMAGE [--json]"],
  details:
    "Reads the manifest at the image's beginning and nothing behind it, so it is quick; vz image verify checks the rest. " +
    "An image that was traced tells, too, what was traced, on which system, and which packages its files came from.",
  options: [{ name: "json", help: "the id and the whole manifest as one JSON object" }],
  examples: [
    {
      command: "vz image inspect hello.tar.gz",
      does: "Name, id, architecture, oldest kernel, command, the ten biggest files, and the packages.",
    },
  ],
  async run(args, io) {
    const file = imageArgument(args, "vz image inspect");
    const head = await withImage(file, readManifest);
    const provenance = provenanceOf(head.manifest, file);
    io.out(args.flag("json") ? jsonOf(head) : inspectionOf(head, provenance, io.outColumns));
    return Status.ok;
  },
};

/** The one IMAGE that `command` works on. */
export function imageArgument(args: Args, command: string): string {
  const [image, ...more] = args.positional;
  if (image !== undefined && more.length === 0) return image;
  throw new VzError(
    Status.usage,
    `${command}: ${image === undefined ? "which image?" : "one image at a time"}`,
    {
      hint: `vz help ${command.replace(/^vz /, "")}`,
    },
  );
}

/** The manifest as the image has it, and its id. */
function jsonOf({ id, bytes }: ImageHead): string {
  const manifest: Record<string, unknown> = JSON.parse(Buffer.from(bytes).toString("utf8"));
  return `${JSON.stringify({ id, ...manifest })}\n`;
}

/** The page for people. Everything in it is a stranger's text until the image is trusted. */
function inspectionOf(
  { id, manifest }: ImageHead,
  provenance: Provenance | undefined,
  columns: number | undefined,
): string {
  const { totals } = manifest;
  const facts: readonly (readonly [string, string])[] = [
    ["Name", manifest.name],
    ["Id", id],
    ["Created", dateOf(manifest) ?? "not dated"],
    ["Architecture", manifest.architecture],
    ["Oldest kernel", manifest.kernelFloor ?? "any"],
    ["Command", quoteWords(manifest.command)],
    ["Files", `${totals.files}, ${formatBytes(totals.bytes)}`],
    ...originOf(provenance),
  ];
  const page = facts.map(([key, value]) => `${key.padEnd(15)}${printable(value)}\n`).join("");
  const biggest = manifest.files
    .filter((entry): entry is FileEntry => entry.type === "file")
    .toSorted((a, b) => b.size - a.size)
    .slice(0, BIGGEST);
  const rows = biggest.map((entry) => [formatBytes(entry.size), insidePath(entry.path)]);
  const packages = (provenance?.packages ?? []).map((one) => [one.name, one.version, one.architecture]);
  const origins =
    packages.length > 0 ? `\n${table(["PACKAGE", "VERSION", "ARCHITECTURE"], packages, columns)}` : "";
  return `${page}\n${table(["SIZE", "BIGGEST FILES"], rows, columns)}${origins}`;
}

function originOf(provenance: Provenance | undefined): (readonly [string, string])[] {
  if (provenance === undefined) return [];
  const { command, host, packages } = provenance;
  return [
    ["Traced", quoteWords(command)],
    ["Traced on", host?.name || "unknown"],
    ["Packages", String(packages.length)],
  ];
}

/** The date of an image; undefined for 1970-01-01, which it has when its builder was told none. */
export function dateOf({ created }: Pick<Manifest, "created">): string | undefined {
  return created === "1970-01-01T00:00:00Z" ? undefined : created;
}
