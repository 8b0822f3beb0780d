/** `runch spec` */
import { Status } from "../../../common/errors.ts";
import { spec } from "../config/spec.ts";
import { usageError } from "../usage-error.ts";
import { ISOLATION_OPTIONS, isolationFrom } from "./options.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "writes a config.json to begin with",
  usage: "[-b BUNDLE-DIR] [-f FILE] [--rootless | --isolation=chroot]",
  details:
    "The program is a shell in a read-only root, with all namespaces but user. A file that is there is never overwritten. " +
    "With --isolation=chroot it asks for no namespace, no mount and no cgroup, so that any kernel can give all that it asks for.",
  options: [
    { name: "bundle", alias: "b", value: "DIR", help: "the bundle; the current directory when absent" },
    { name: "file", alias: "f", value: "FILE", help: "another name than config.json, seen from the bundle" },
    { name: "rootless", help: "for a user who is not root: a user namespace that maps the caller to root" },
    ...ISOLATION_OPTIONS,
  ],
  examples: [
    {
      command: "runch spec -b web",
      does: "Writes web/config.json; set process.args, and put the program's files into web/rootfs.",
    },
    {
      command: "runch spec --isolation=chroot",
      does: "One for a slave whose kernel has no namespaces.",
    },
  ],
  words: [0, 0],
  run({ values }) {
    const isolation = isolationFrom(values);
    const rootless = values["rootless"] === "true";
    if (rootless && isolation === "chroot") {
      throw usageError("--rootless and --isolation=chroot contradict each other", "runch spec --help");
    }
    spec({
      bundle: values["bundle"] ?? ".",
      file: values["file"] ?? "config.json",
      rootless,
      isolation,
    });
    return Status.ok;
  },
};
