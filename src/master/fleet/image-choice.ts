/** Which of a service's images a slave gets: the first that it can run. Pure. */
import { basename } from "node:path";
import { compareVersions } from "../../common/compare-versions.ts";
import type { FactsAnswer } from "../../common/contract/protocol.ts";
import { PROBED } from "../../common/elf/probe.ts";

/** An image file on the master, as far as a plan must know it. */
export interface LocalImage {
  readonly file: string;
  /** "sha256:…" */
  readonly id: string;
  readonly name: string;
  readonly architecture: string;
  readonly kernelFloor: string | null;
}

/** "hello@0123456789ab": its name and the beginning of its id. */
export function imageLabel({ name, id }: Pick<LocalImage, "name" | "id">): string {
  return `${name}@${shortId(id)}`;
}

/** Enough of an image's id to tell it from others. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

/**
 * The first image that the slave can run. Where it can run none, or does not answer: the one that it has, else the first.
 * `whyNone` tells these apart.
 * @param current id of the image that it has now
 * @returns undefined where there are no images
 */
export function chooseImage(
  images: readonly LocalImage[],
  facts: FactsAnswer | undefined,
  current: string | undefined,
): LocalImage | undefined {
  const fit = facts && images.find((image) => whyNot(image, facts) === undefined);
  return fit ?? images.find((image) => image.id === current) ?? images[0];
}

/** Why a slave can run none of the images; undefined where it can run one, and where there are no images or no facts. */
export function whyNone(images: readonly LocalImage[], facts: FactsAnswer | undefined): string | undefined {
  const [only, ...more] = images;
  if (facts === undefined || only === undefined) return undefined;
  if (more.length === 0) return whyUnfit(only, facts);
  const reasons = images.map((image) => [basename(image.file), whyNot(image, facts)] as const);
  if (reasons.some(([, reason]) => reason === undefined)) return undefined;
  return `it can run none of its images: ${reasons.map((words) => words.join(" ")).join("; ")}`;
}

/** Why an image cannot run on a slave, or undefined. */
export function whyUnfit(image: LocalImage, facts: FactsAnswer): string | undefined {
  const reason = whyNot(image, facts);
  return reason && `its image ${image.name} ${reason}`;
}

function whyNot({ architecture, kernelFloor }: LocalImage, facts: FactsAnswer): string | undefined {
  if (architecture !== "any" && !runs(architecture, facts)) {
    return `is for ${architecture}, which does not run there`;
  }
  if (kernelFloor !== null && compareVersions(facts.kernel, kernelFloor) < 0) {
    return `needs Linux ${kernelFloor}, the kernel there is ${facts.kernel}`;
  }
  return undefined;
}

function runs(architecture: string, { architectures, machine }: FactsAnswer): boolean {
  const probed = PROBED.some((one) => one === architecture);
  return probed ? architectures.includes(architecture) : machine === architecture;
}

/** An image that no slave can ever get, since one before it runs wherever it does; undefined where there is none. */
export function findHidden(
  images: readonly LocalImage[],
): { hidden: LocalImage; by: LocalImage } | undefined {
  for (const [i, hidden] of images.entries()) {
    const by = images.slice(0, i).find((before) => runsWherever(before, hidden));
    if (by !== undefined) return { hidden, by };
  }
  return undefined;
}

function runsWherever(image: LocalImage, other: LocalImage): boolean {
  const everywhere = image.architecture === "any" || image.architecture === other.architecture;
  return everywhere && compareVersions(image.kernelFloor ?? "0", other.kernelFloor ?? "0") <= 0;
}
