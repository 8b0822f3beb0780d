import { statSync } from "node:fs";
import type { Command } from "../../common/command/command.ts";
import { formatBytes, table } from "../../common/command/table.ts";
import { reason, Status, VzError } from "../../common/errors.ts";
import { type FoundImage, imagesIn, openFound } from "../build/find.ts";
import { summary } from "./build.ts";
import { dateOf } from "./inspect.ts";

export const list: Command = {
  name: "vz image list",
  summary: "list the images in a directory",
  usage: ["vz image list [DIR|FILE…] [--json]"],
  details:
    "Without a word, the images in the current directory: what is called .tar, .tar.gz or .tar.zst and is one; other files " +
    "there are passed over. A FILE that is not an image is an error.",
  options: [{ name: "json", help: "a list of JSON objects" }],
  examples: [
    { command: "vz image list", does: "The images here." },
    { command: "vz image list ~/images web.tar.gz", does: "Those in a directory, and one more." },
  ],
  async run(args, io) {
    let status: number = Status.ok;
    const onUnreadable = (error: VzError) => {
      io.err(`vz: ${error.message}\n`);
      status = error.status;
    };
    const found: FoundImage[] = [];
    for (const place of args.positional.length > 0 ? args.positional : ["."]) {
      if (isDirectory(place)) found.push(...(await imagesIn(place, onUnreadable)));
      else found.push(await openFound(place));
    }
    io.out(
      args.flag("json")
        ? `${JSON.stringify(found.map((one) => summary(one, one.file)))}\n`
        : tableOf(found, io.outColumns),
    );
    return status;
  },
};

function isDirectory(place: string): boolean {
  try {
    return statSync(place).isDirectory();
  } catch (cause) {
    throw new VzError(Status.failed, `${place}: ${reason(cause)}`, { cause });
  }
}

function tableOf(found: readonly FoundImage[], columns: number | undefined): string {
  const rows = found.map(({ id, manifest, file }) => [
    manifest.name,
    id.slice("sha256:".length, "sha256:".length + 12),
    manifest.architecture,
    manifest.kernelFloor ?? "any",
    String(manifest.totals.files),
    formatBytes(manifest.totals.bytes),
    dateOf(manifest) ?? "-",
    file,
  ]);
  return table(["NAME", "ID", "ARCH", "KERNEL", "FILES", "SIZE", "CREATED", "FILE"], rows, columns);
}
