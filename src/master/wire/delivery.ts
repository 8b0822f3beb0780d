/** Brings images to slaves: checked here, sent over SFTP. `vzexec load` takes them over there. */

import { progressBar } from "../../common/command/progress.ts";
import { formatBytes } from "../../common/command/table.ts";
import { Status, VzError } from "../../common/errors.ts";
import type { VerbAction } from "../ansible/inventory.ts";
import type { Screen } from "../commands/screen.ts";
import type { Fleet, Host } from "../fleet/fleet.ts";
import { imageLabel, type LocalImage } from "../fleet/image-choice.ts";
import { checkImage } from "./image-file.ts";
import { mapLimit } from "./program.ts";
import { PARALLEL } from "./remote.ts";
import { SftpError, SftpSession } from "./sftp.ts";
import { uploadLogin } from "./ssh.ts";
import { type LocalFile, remoteName, upload } from "./upload.ts";

/** An image that lies in a host's `incoming/`. */
export interface Delivered {
  readonly host: Host;
  readonly image: LocalImage;
  /** Its name in `incoming/`. */
  readonly name: string;
  readonly session: SftpSession;
}

export interface Errand {
  readonly host: Host;
  readonly images: readonly LocalImage[];
}

/** Sends images to hosts, `PARALLEL` hosts at a time. @returns what arrived; the screen shows what failed */
export async function deliver(
  fleet: Fleet,
  errands: readonly Errand[],
  screen: Screen,
): Promise<Delivered[]> {
  const files = await check([...new Set(errands.flatMap(({ images }) => images))], screen);
  const sendable = errands
    .map(({ host, images }) => ({ host, images: images.filter((image) => files.has(image)) }))
    .filter(({ images }) => images.length > 0);
  const sizes = sendable.flatMap(({ images }) => images.map((image) => files.get(image)?.size ?? 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bar = progressBar(screen.io, `sending to ${sendable.map(({ host }) => host.name).join(" ")}`);
  const done = new Map<string, number>();
  const advance = (key: string) => (bytes: number) => {
    done.set(key, bytes);
    bar.update(
      [...done.values()].reduce((sum, one) => sum + one, 0),
      total,
    );
  };
  const results = await mapLimit(sendable, PARALLEL, (errand) =>
    sendAll(fleet, errand, files, screen, advance),
  );
  bar.end();
  return results.flat();
}

async function check(
  images: readonly LocalImage[],
  screen: Screen,
): Promise<ReadonlyMap<LocalImage, LocalFile>> {
  const files = new Map<LocalImage, LocalFile>();
  for (const image of images) {
    try {
      files.set(image, await checkImage(image, screen.io));
    } catch (error) {
      screen.fail(error);
    }
  }
  return files;
}

async function sendAll(
  fleet: Fleet,
  { host, images }: Errand,
  files: ReadonlyMap<LocalImage, LocalFile>,
  screen: Screen,
  advance: (key: string) => (bytes: number) => void,
): Promise<Delivered[]> {
  const delivered: Delivered[] = [];
  let session: SftpSession | undefined;
  try {
    session = await SftpSession.open(uploadLogin(fleet, host));
    for (const image of images) {
      const file = files.get(image);
      if (file === undefined) continue;
      const name = remoteName(image.name, file);
      const label = `${host.name}: upload ${image.name}`;
      const sent = await upload(session, label, file, name, advance(`${host.name}/${name}`));
      screen.line(
        `${host.name}: image ${image.name}: ${sent === 0 ? "was sent before" : `sent ${formatBytes(sent)}`}`,
      );
      delivered.push({ host, image, name, session });
    }
  } catch (error) {
    const said = error instanceof SftpError;
    screen.fail(
      said ? new VzError(Status.failed, `${host.name}: upload: ${error.message}`, { cause: error }) : error,
    );
    if (delivered.length === 0) session?.close();
  }
  return delivered;
}

/** The verb that takes an image over. */
export function loadAction({ image, name }: Delivered): VerbAction {
  return { name: `load ${imageLabel(image)}`, words: ["load", name, "--json"] };
}

/** Takes the files out of `incoming/` again, loaded or not: a bad one must not be found by the next push. */
export async function tidy(delivered: readonly Delivered[]): Promise<void> {
  for (const { session, name } of delivered) await session.remove(`/incoming/${name}`).catch(() => {});
  for (const session of new Set(delivered.map((one) => one.session))) session.close();
}
