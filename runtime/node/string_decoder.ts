/** `node:string_decoder` for UTF-8. */
import { TextDecoder } from "./lib/text.ts";

export class StringDecoder {
  readonly #decoder = new TextDecoder("utf-8");
  readonly encoding = "utf8";

  write(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }

  end(bytes?: Uint8Array): string {
    return this.#decoder.decode(bytes);
  }
}

export default { StringDecoder };
