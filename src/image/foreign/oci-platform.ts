/** Which of an archive's images is meant. */
import { Status, VzError } from "../../common/errors.ts";
import { shown } from "../../common/image/manifest.ts";

export interface Choice {
  /** Such as "linux/386"; default: the first of `PREFERRED` that there is. */
  readonly platform: string | undefined;
  readonly tag: string | undefined;
}

export interface Candidate {
  /** Entries with the same key are the same image. */
  readonly key: string;
  readonly tags: readonly string[];
  readonly platform: string;
}

const PREFERRED = ["linux/386", "linux/amd64", "linux/arm64"];
/** Names in an error line. */
const SHOWN = 8;

/** @throws VzError 65 where none or more than one of `images` is meant */
export function choose<T extends Candidate>(images: readonly T[], choice: Choice, label: string): T {
  const bad = (why: string, hint?: string) =>
    new VzError(Status.badData, `${label}: ${why}`, hint === undefined ? {} : { hint });
  if (images.length === 0) throw bad("holds no image");
  const tags = images.flatMap((image) => image.tags);
  const wanted = choice.tag;
  const tagged =
    wanted === undefined
      ? images
      : images.filter((image) => image.tags.some((tag) => tag === wanted || tag === `${wanted}:latest`));
  if (tagged.length === 0) throw bad(`holds no image called ${shown(wanted ?? "")}, but ${listOf(tags)}`);
  for (const platform of choice.platform === undefined ? PREFERRED : [choice.platform]) {
    const [first, ...others] = tagged.filter((image) => image.platform === platform);
    if (first === undefined) continue;
    if (isOne(first, others, tagged)) return first;
    throw bad(`holds more than one image: ${listOf(tags)}`, "--tag NAME says which");
  }
  const platforms = tagged.map((image) => image.platform);
  throw bad(
    `no image for ${choice.platform ?? PREFERRED.join(" or ")}, but for ${listOf(platforms)}`,
    "--platform OS/ARCHITECTURE",
  );
}

/** Whether only `first` can be meant: no other image is for its platform, and all named ones share a name with it. */
function isOne(first: Candidate, others: readonly Candidate[], all: readonly Candidate[]): boolean {
  if (others.some(({ key }) => key !== first.key)) return false;
  const named = all.filter(({ tags }) => tags.length > 0);
  const own = new Set(named.filter(({ key }) => key === first.key).flatMap(({ tags }) => tags));
  return named.every(({ tags }) => tags.some((tag) => own.has(tag)));
}

function listOf(names: readonly string[]): string {
  const all = [...new Set(names)].map(shown);
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : "";
  return `${all.slice(0, SHOWN).join(", ") || "ones without a name"}${more}`;
}
