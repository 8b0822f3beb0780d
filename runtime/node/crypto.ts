/** `node:crypto`: SHA-256 and random bytes. */
import * as sys from "vz:sys";
import { Buffer } from "./buffer.ts";
import { codedError } from "./lib/errors.ts";

type Encoding = "hex" | "base64" | "base64url" | "latin1";

class Hash {
  readonly #state = new sys.Sha256();
  #spent = false;

  update(data: string | Uint8Array): this {
    if (this.#spent) throw codedError(new Error("Digest already called"), "ERR_CRYPTO_HASH_FINALIZED");
    this.#state.update(typeof data === "string" ? sys.utf8Encode(data) : data);
    return this;
  }

  digest(encoding?: Encoding) {
    if (this.#spent) throw codedError(new Error("Digest already called"), "ERR_CRYPTO_HASH_FINALIZED");
    this.#spent = true;
    const bytes = Buffer.from(this.#state.digest());
    return encoding === undefined ? bytes : bytes.toString(encoding as "hex");
  }
}

export function createHash(algorithm: string): Hash {
  if (algorithm.toLowerCase() !== "sha256")
    throw codedError(new Error("Digest method not supported"), "ERR_CRYPTO_INVALID_DIGEST");
  return new Hash();
}

export function randomBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  const fd = sys.open("/dev/urandom", 0);
  try {
    for (let done = 0; done < size; ) done += sys.read(fd, bytes, done, size - done);
  } finally {
    sys.close(fd);
  }
  return bytes;
}

/** RFC 9562, version 4. */
export function randomUUID(): string {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export default { createHash, randomBytes, randomUUID };
