import type { Command } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { inventoryList } from "../ansible/inventory.ts";
import { fileOption, fleetOf, noWords } from "./options.ts";

export const inventoryCommand: Command = {
  name: "vz master inventory",
  summary: "the fleet as an Ansible inventory",
  usage: ["vz master inventory [-f FILE] --list"],
  details:
    'Speaks the protocol of a dynamic inventory: a script that says `exec vz master inventory "$@"` can be given to ' +
    "ansible-playbook -i. Hosts are reached with the root key; each vendor is a group.",
  options: [
    fileOption,
    { name: "list", help: "print all hosts and their variables" },
    { name: "host", value: "HOST", help: "print one host's variables: none, --list has told them" },
  ],
  examples: [{ command: "vz master inventory --list", does: "Prints JSON." }],
  async run(args, io) {
    noWords(args, "vz master inventory");
    const fleet = fleetOf(args);
    if (args.flag("list")) io.out(`${JSON.stringify(inventoryList(fleet), null, 1)}\n`);
    else if (args.value("host") !== undefined) io.out("{}\n");
    else throw new VzError(Status.usage, "vz master inventory: --list or --host");
    return Status.ok;
  },
};
