/**
 * Reads YAML files that people write: every fault is an error with its line and column. A bundle of its own, since the package
 * `yaml` is large and more than one role reads such files.
 */
import { readFileSync } from "node:fs";
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { reason, Status, VzError } from "./errors.ts";

/** Keys and indices from the top of the document. */
export type YamlPath = readonly (string | number)[];

export interface YamlFile {
  /** The document as plain values. */
  readonly value: unknown;
  isMap(path: YamlPath): boolean;
  /** Keys of a map as they stand in the file: a JavaScript object would put "10" before "a". */
  keys(path: YamlPath): readonly string[];
  /** @throws VzError 78 with `FILE:LINE:COLUMN: PLACE: WHY`, at the key where `path` has one */
  refuse(path: YamlPath, why: string, hint?: string): never;
}

/**
 * @param hint what to do where the file cannot be read
 * @throws VzError 78
 */
export function readYamlFile(file: string, hint: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new VzError(Status.badConfig, `${file}: ${reason(cause)}`, { cause, hint });
  }
}

/** @param file its name, for errors */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const wrong = document.errors[0] ?? document.warnings[0];
  if (wrong !== undefined) {
    throw new VzError(Status.badConfig, `${at(wrong.pos[0])}: ${wrong.message}`, { cause: wrong });
  }
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || !(String(key.value) in {})) return;
      throw new VzError(Status.badConfig, `${at(key.range?.[0] ?? 0)}: ${key.value}: cannot be a name here`);
    },
  });
  const nodeAt = (path: YamlPath) => (path.length === 0 ? document.contents : document.getIn(path, true));
  return {
    value: plain(document, file),
    isMap: (path) => isMap(nodeAt(path)),
    keys(path) {
      const node = nodeAt(path);
      return isMap(node)
        ? node.items.map((item) => String(isScalar(item.key) ? item.key.value : item.key))
        : [];
    },
    refuse(path, why, hint) {
      const place = path.length === 0 ? "" : `${path.join(".")}: `;
      throw new VzError(Status.badConfig, `${at(offsetOf(document, path))}: ${place}${why}`, {
        ...(hint !== undefined && { hint }),
      });
    },
  };
}

/** @throws VzError 78 for a few lines of aliases that would become millions of values */
function plain(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new VzError(Status.badConfig, `${file}: ${reason(cause)}`, { cause });
  }
}

/** Where `path` stands in the text: at its key where it has one, so that an error shows the line of an unknown key. */
function offsetOf(document: Document.Parsed, path: YamlPath): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isScalar(node) || isMap(node)) return node.range?.[0] ?? 0;
  }
  return 0;
}
