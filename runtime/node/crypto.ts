/** `node:crypto`: SHA-256 and random bytes. */
import * as sys from "vz:sys";
import { Buffer } from "./buffer.ts";
import { encode, encodingOf } from "./internal/encodings.ts";
import { codedError, invalidType } from "./internal/errors.ts";
import { randomBytes } from "./internal/random.ts";

function spent(): Error {
  return codedError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
}

class Hash {
  #state: sys.Sha256 | undefined = new sys.Sha256();

  update(data: string | ArrayBufferView, encoding?: string): this {
    if (this.#state === undefined) throw spent();
    if (typeof data === "string") this.#state.update(encode(data, encodingOf(encoding)));
    else if (data instanceof Uint8Array) this.#state.update(data);
    else if (ArrayBuffer.isView(data)) {
      this.#state.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    } else {
      throw invalidType("data", "of type string or an instance of Buffer, TypedArray, or DataView", data);
    }
    return this;
  }

  digest(encoding?: string): string | Buffer {
    if (this.#state === undefined) throw spent();
    const bytes = Buffer.from(this.#state.digest().buffer);
    this.#state = undefined;
    return encoding === undefined || encoding === "buffer" ? bytes : bytes.toString(encoding);
  }
}

/** Of "sha256"; there is no other. */
export function createHash(algorithm: string): Hash {
  if (typeof algorithm !== "string") throw invalidType("algorithm", "of type string", algorithm);
  if (!/^sha-?256$/i.test(algorithm)) throw new Error("Digest method not supported");
  return new Hash();
}

export { randomBytes };

/** RFC 9562, version 4. */
export function randomUUID(): string {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
