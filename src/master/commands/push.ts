import type { Command } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { runVerbs } from "../ansible/verbs.ts";
import { chooseHosts, type Fleet, type Host } from "../fleet/fleet.ts";
import { type LocalImage, whyUnfit } from "../fleet/image-choice.ts";
import { factsAnswer } from "../wire/answers.ts";
import { deliver, loadAction, tidy } from "../wire/delivery.ts";
import { describeImage } from "../wire/image-file.ts";
import { askAll } from "../wire/observe.ts";
import { askJson } from "../wire/remote.ts";
import { dailyLogin } from "../wire/ssh.ts";
import { requireDailyKey } from "../wire/state-dir.ts";
import { fileOption, fleetOf, jsonOption, verboseOption } from "./options.ts";
import { Screen } from "./screen.ts";

export const push: Command = {
  name: "vz master push",
  summary: "send an image to slaves over SFTP",
  usage: ["vz master push [-f FILE] IMAGE [HOST…]"],
  details:
    "The image is checked here before it is sent. A slave that has it already gets nothing; one that could not run it is " +
    "refused. A push that was cut off goes on where it stopped.",
  options: [fileOption, jsonOption, verboseOption],
  examples: [
    { command: "vz master push images/hello.tar.gz", does: "To every host of ./fleet.yaml." },
    { command: "vz master push images/hello.tar.gz web1 web2", does: "To these two." },
  ],
  async run(args, io) {
    const [file, ...names] = args.positional;
    if (file === undefined) throw new VzError(Status.usage, "vz master push: which image?");
    const fleet = fleetOf(args);
    const hosts = chooseHosts(fleet, names);
    requireDailyKey(fleet);
    const image = await describeImage(file);
    const screen = new Screen(io, args.flag("json"));
    const wanting = await chooseWanting(fleet, hosts, image, screen);
    const present = new Set(wanting.present);
    for (const host of await send(fleet, wanting.missing, image, screen, args.flag("verbose")))
      present.add(host);
    if (args.flag("json")) {
      const rows = hosts.map((host) => ({ host: host.name, image: image.id, present: present.has(host) }));
      io.out(`${JSON.stringify(rows, null, 1)}\n`);
    }
    return screen.status;
  },
};

/** Which hosts have the image, and which lack it and could run it. */
async function chooseWanting(
  fleet: Fleet,
  hosts: readonly Host[],
  image: LocalImage,
  screen: Screen,
): Promise<{ present: Host[]; missing: Host[] }> {
  const present: Host[] = [];
  const missing: Host[] = [];
  const answers = await askAll(hosts, screen, "facts", (host) =>
    askJson(dailyLogin(fleet, host), ["facts"], factsAnswer),
  );
  for (const { host, value: facts } of answers) {
    if (facts === undefined) continue;
    const unfit = whyUnfit(image, facts);
    if (unfit !== undefined) {
      screen.fail(new VzError(Status.refused, `${host.name}: not sent: ${unfit}`));
    } else if (facts.images.some(({ id }) => id === image.id)) {
      screen.line(`${host.name}: image ${image.name}: is there already`);
      present.push(host);
    } else {
      missing.push(host);
    }
  }
  return { present, missing };
}

async function send(
  fleet: Fleet,
  hosts: readonly Host[],
  image: LocalImage,
  screen: Screen,
  verbose: boolean,
): Promise<readonly Host[]> {
  const loaded: Host[] = [];
  const delivered = await deliver(
    fleet,
    hosts.map((host) => ({ host, images: [image] })),
    screen,
  );
  try {
    const work = delivered.map((one) => ({ host: one.host, actions: [loadAction(one)] }));
    await runVerbs(fleet, work, screen, { verbose }, (host, _, result) => {
      if ("error" in result) {
        screen.fail(result.error);
      } else {
        screen.line(`${host.name}: image ${image.name}: loaded`);
        loaded.push(host);
      }
    });
  } finally {
    await tidy(delivered);
  }
  return loaded;
}
