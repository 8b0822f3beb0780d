import { constants, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../../common/command/command.ts";
import { hasCode, isVzError, Status, VzError } from "../../common/errors.ts";
import { printable } from "../../common/printable.ts";
import { type FoundImage, imagesIn, isImageName, openFound } from "../build/find.ts";

const ID = /^(sha256:)?([0-9a-f]{6,64})$/;

export const rm: Command = {
  name: "vz image rm",
  summary: "remove image files",
  usage: ["vz image rm IMAGE… [--dir DIR] [--force] [--dry-run]"],
  details:
    "IMAGE is a file, or the name or the id of an image in DIR; of an id, six digits or more that only one image there begins " +
    "with. A word with a slash, or that ends in .tar, .tar.gz or .tar.zst, is a file. Removes nothing when one of them cannot be " +
    "found or is not an image of vz. Directories and symbolic links are not images. Slaves keep what they have.",
  options: [
    {
      name: "dir",
      value: "DIR",
      help: "where to look for names, ids and files without a slash; default: here",
    },
    { name: "force", alias: "f", help: "what does not exist is no error" },
    { name: "dry-run", alias: "n", help: "only tell what would be removed" },
  ],
  examples: [
    { command: "vz image rm hello 3f9a1c", does: "Removes the image called hello, and one by its id." },
  ],
  async run(args, io) {
    if (args.positional.length === 0) {
      throw new VzError(Status.usage, "vz image rm: which image?", { hint: "vz help image rm" });
    }
    const directory = args.value("dir") ?? ".";
    // By file: an image that two words name is removed once.
    const doomed = new Map<string, FoundImage>();
    for (const word of args.positional) {
      const image = await find(word, directory).catch((error: unknown) => {
        if (args.flag("force") && isMissing(error)) return undefined;
        throw error;
      });
      if (image !== undefined) doomed.set(image.file, image);
    }
    for (const [file, { id, manifest }] of doomed) {
      if (!args.flag("dry-run")) unlinkSync(file);
      io.out(
        `${printable(file)}: ${args.flag("dry-run") ? "would be removed" : "removed"}, ${manifest.name} ${id}\n`,
      );
    }
    return Status.ok;
  },
};

async function find(word: string, directory: string): Promise<FoundImage> {
  if (word.includes("/")) return openFound(word, constants.O_NOFOLLOW);
  if (isImageName(word)) return openFound(join(directory, word), constants.O_NOFOLLOW);
  const digits = ID.exec(word)?.[2];
  const found = (await imagesIn(directory, () => {}, constants.O_NOFOLLOW)).filter(
    ({ id, manifest }) =>
      manifest.name === word || (digits !== undefined && id.startsWith(`sha256:${digits}`)),
  );
  const [image, ...more] = found;
  if (image !== undefined && more.length === 0) return image;
  if (image === undefined) {
    throw new VzError(Status.failed, `${printable(word)}: no image of this name or id in ${directory}`, {
      hint: "vz image list shows what there is",
    });
  }
  const files = found.map(({ file }) => printable(file)).join(", ");
  throw new VzError(Status.usage, `${printable(word)}: may be any of ${files}`, { hint: "say which file" });
}

/** Whether the error says that no such file, name or id exists. */
function isMissing(error: unknown): boolean {
  if (!isVzError(error)) return false;
  return error.cause === undefined ? error.status === Status.failed : hasCode(error.cause, "ENOENT");
}
