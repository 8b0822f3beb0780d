import type { Command } from "../../../common/command/command.ts";
import { formatBytes, table } from "../../../common/command/table.ts";
import type { ImageRow } from "../../../common/contract/protocol.ts";
import { answer, jsonOption, noArguments } from "./answer.ts";

export const imagesVerb: Command = {
  name: "vzexec images",
  summary: "the images in this slave's store",
  usage: ["vzexec images [--json]"],
  options: [jsonOption],
  examples: [],
  async run(args, io) {
    noArguments(args, "images");
    const { openStore } = await import("../../store/real-system.ts");
    return answer(args, io, openStore().list(), (rows: ImageRow[]) =>
      table(
        ["NAME", "ID", "CREATED", "ARCH", "FILES", "SIZE"],
        rows.map(({ name, id, created, architecture, files, bytes }) => [
          name,
          id.slice(0, 19),
          created,
          architecture ?? "-",
          String(files),
          formatBytes(bytes),
        ]),
        io.outColumns,
      ),
    );
  },
};
