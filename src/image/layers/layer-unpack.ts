/** Layers as archives that can be read at any place, checked by their sums. */

import { startSha256 } from "../../common/digest.ts";
import { Status, VzError } from "../../common/errors.ts";
import { LARGE_WINDOW, openArchive } from "../../common/image/archive.ts";
import type { ForeignLayer } from "../foreign/oci-layout.ts";
import { readStretch, type Stretch } from "./layer-member.ts";
import { digestOf, type Quota, Spool } from "./layer-spool.ts";

const LONGEST_MAGIC = 6;

export class Unpacker {
  /** A copy of one compressed layer at a time: a reader of compressed files begins where its file does. */
  readonly #stored: Spool;
  readonly #unpacked: Spool;
  readonly #quota: Quota;

  /** @param unpacked takes the unpacked layers */
  constructor(outFile: string, unpacked: Spool, quota: Quota) {
    this.#stored = new Spool(outFile);
    this.#unpacked = unpacked;
    this.#quota = quota;
  }

  /**
   * @param diffId sum of the layer without its compression
   * @throws VzError 65 for a layer that is not what its sums say, or cannot be unpacked
   */
  async unpack({ content, label, digest }: ForeignLayer, diffId: string): Promise<Stretch> {
    const check = (sum: string, wanted: string) => {
      if (sum !== wanted) throw new VzError(Status.badData, `${label}: wrong SHA-256`);
    };
    this.#stored.clear();
    this.#stored.append(readStretch({ ...content, size: Math.min(content.size, LONGEST_MAGIC) }));
    if (this.#archive(label).compression === "none") {
      const sum = `sha256:${digestOf(content)}`;
      check(sum, digest ?? sum);
      check(sum, diffId);
      return content;
    }
    this.#stored.clear();
    const sum = `sha256:${digestOf(content, (chunk) => this.#stored.append(chunk))}`;
    check(sum, digest ?? sum);
    const start = this.#unpacked.size;
    const hash = startSha256();
    for await (const chunk of this.#archive(label).chunks(() => {})) {
      this.#quota.take(chunk.length);
      hash.update(chunk);
      this.#unpacked.append(chunk);
    }
    check(`sha256:${hash.digest("hex")}`, diffId);
    return this.#unpacked.since(start);
  }

  #archive(label: string) {
    return openArchive({ fd: this.#stored.since(0).fd, label }, LARGE_WINDOW);
  }

  close(): void {
    this.#stored.close();
  }
}
