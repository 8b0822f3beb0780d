/** Readers of the values in a YAML file: what is not as it should be is refused with its line. */
import { suggest } from "../../common/command/suggest.ts";
import type { YamlFile, YamlPath } from "../../common/yaml-file.ts";

/** A value in the file, with where it stands. */
export class YamlNode {
  readonly #file: YamlFile;
  readonly #path: YamlPath;
  readonly value: unknown;

  constructor(file: YamlFile, path: YamlPath = [], value: unknown = file.value) {
    this.#file = file;
    this.#path = path;
    this.value = value;
  }

  /** @throws VzError 78 */
  refuse(why: string, hint?: string): never {
    return this.#file.refuse(this.#path, why, hint);
  }

  /** Runs `read`; where that throws a VzError, refuses with its message. */
  reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Error) || !("status" in error)) throw error;
      return this.refuse(error.message);
    }
  }

  text(): string {
    if (typeof this.value !== "string" || this.value === "") return this.refuse("not a text");
    if (this.value.includes("\0")) return this.refuse("holds a NUL");
    return this.value;
  }

  /** A text, or a number as it would be typed. */
  word(): string {
    return typeof this.value === "number" ? String(this.value) : this.value === "" ? "" : this.text();
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.refuse("neither true nor false");
  }

  seconds(): number {
    const { value } = this;
    return typeof value === "number" && value > 0 && value <= 1_000_000
      ? value
      : this.refuse("not a number of seconds");
  }

  list(): YamlNode[] {
    if (!Array.isArray(this.value)) return this.refuse("not a list");
    return this.value.map((one: unknown, i) => new YamlNode(this.#file, [...this.#path, i], one));
  }

  /** Entries in the order of the file. @param known keys that may be there; all where it is not given */
  map(known?: readonly string[]): Map<string, YamlNode> {
    if (!this.#file.isMap(this.#path)) return this.refuse("not a map");
    const values = Object.entries(Object(this.value));
    const entries = new Map<string, YamlNode>();
    for (const key of this.#file.keys(this.#path)) {
      const value: unknown = values.find(([name]) => name === key)?.[1];
      const node = new YamlNode(this.#file, [...this.#path, key], value);
      if (known !== undefined && !known.includes(key)) {
        const near = suggest(key, [...known]);
        node.refuse(
          "unknown key",
          near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`,
        );
      }
      entries.set(key, node);
    }
    return entries;
  }
}
