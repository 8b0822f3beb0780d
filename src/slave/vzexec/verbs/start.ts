import type { Command } from "../../../common/command/command.ts";
import type { ContainerRow } from "../../../common/contract/protocol.ts";
import { answer, jsonOption, oneContainer } from "./answer.ts";

export const startVerb: Command = {
  name: "vzexec start",
  summary: "start a container, or have it run as asked for now",
  usage: [
    "vzexec start NAME --image IMAGE --fleet FLEET [--env NAME=VALUE]… [--volume NAME:/PATH]… [--memory BYTES] [--restart always|never] [--json]",
  ],
  details:
    "Where the container runs just so, nothing changes; else it is replaced. init keeps it running from then on, also after a boot.\n\nThe status is 127 where its program does not exist, 126 where it cannot be executed, 125 where the container cannot be set up, 1 where it ends at once.",
  options: [
    { name: "image", value: "IMAGE", help: "image in this slave's store, by id or name" },
    { name: "fleet", value: "FLEET", help: "fleet that the container belongs to" },
    { name: "env", value: "NAME=VALUE", repeat: true, help: "variable of its environment" },
    {
      name: "volume",
      value: "NAME:/PATH",
      repeat: true,
      help: "directory that outlives the container, and where it sees it",
    },
    { name: "memory", value: "BYTES", help: "memory limit, where the kernel can hold one" },
    { name: "restart", value: "WHEN", help: "always (the default), or never: it runs once" },
    jsonOption,
  ],
  examples: [
    {
      command: "vzexec start hello-1 --image hello --fleet example --env GREETING=hi",
      does: "runs the image hello that was loaded last",
    },
  ],
  async run(args, io) {
    const name = oneContainer(args, "start");
    const { readRequest } = await import("../../container/request.ts");
    const { startContainer } = await import("../../container/containers.ts");
    const row = await startContainer(name, readRequest(args), io);
    return answer(args, io, row, started);
  },
};

function started(row: ContainerRow): string {
  return row.pid === null
    ? `${row.container}: ${row.state}\n`
    : `${row.container}: ${row.state}, pid ${row.pid}\n`;
}
