/** util.inspect for messages: Node's words and, for what fits on a line, its layout. */

interface Options {
  /** How many levels are shown; null for all. */
  depth?: number | null;
}

const LINE = 72;
/** Levels of nesting that may share one line. */
const COMPACT = 3;

interface Context {
  depth: number;
  seen: object[];
  /** Deepest level reached below the object at hand. */
  reached: number;
}

export function inspect(value: unknown, options: Options = {}): string {
  const depth = options.depth === null ? Number.POSITIVE_INFINITY : (options.depth ?? 2);
  return show(value, { depth, seen: [], reached: 0 }, 0, false);
}
inspect.custom = Symbol.for("nodejs.util.inspect.custom");

function quote(text: string): string {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") ? "`" : "'";
  const named: Record<string, string> = {
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  const body = text.replace(/[\x00-\x1f\x7f-\x9f\\]/g, (c) => {
    if (c === "\\") return "\\\\";
    return named[c] ?? `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return mark + (mark === "'" ? body.replaceAll("'", "\\'") : body) + mark;
}

function show(value: unknown, context: Context, level: number, inside: boolean): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return showObject(value, context, level, inside);
    case "object":
      return value === null ? "null" : showObject(value, context, level, inside);
    default:
      return String(value);
  }
}

function className(value: object): string | null {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof own === "function" && own.name !== "") return own.name;
  }
  return null;
}

/** A class, as far as can be told without its text, which is not kept: what is built in is no class to Node either. */
function isClass(value: { name: string }): boolean {
  const prototype = Object.getOwnPropertyDescriptor(value, "prototype");
  return prototype?.writable === false && Reflect.get(globalThis, value.name) !== value;
}

function showFunction(value: { name: string }): string {
  if (!isClass(value)) {
    const kind = className(value) ?? "Function";
    return value.name === "" ? `[${kind} (anonymous)]` : `[${kind}: ${value.name}]`;
  }
  const parent: unknown = Object.getPrototypeOf(value);
  const base = typeof parent === "function" && parent.name !== "" ? ` extends ${parent.name}` : "";
  return `[class ${value.name || "(anonymous)"}${base}]`;
}

function showObject(value: object, context: Context, level: number, inside: boolean): string {
  if (context.seen.includes(value)) return "[Circular *1]";
  context.reached = Math.max(context.reached, level);
  const leaf = showLeaf(value);
  const keys = ownKeys(value);
  if (leaf !== undefined && keys.length === 0) return inside && value instanceof Error ? `[${leaf}]` : leaf;
  const name = className(value);
  if (level > context.depth)
    return `[${Array.isArray(value) ? "Array" : (name ?? "Object: null prototype")}]`;
  context.seen.push(value);
  const before = context.reached;
  context.reached = level;
  const [prefix, open, items, close] = parts(value, name, context, level);
  for (const key of keys) items.push(property(value, key, context, level));
  const nested = context.reached - level;
  context.reached = Math.max(before, context.reached);
  context.seen.pop();
  const head = leaf ?? prefix;
  return layOut(head === "" ? open : `${head} ${open}`, items, close, level, nested);
}

/** What an object shows apart from its properties, where that is all there is to most of its kind. */
function showLeaf(value: object): string | undefined {
  if (typeof value === "function") return showFunction(value as { name: string } & object);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) return showError(value);
  if (value instanceof Uint8Array && className(value) === "Buffer") return showBuffer(value);
  return undefined;
}

function showError(error: Error): string {
  const head = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  const stack = typeof error.stack === "string" ? error.stack.trimEnd() : "";
  return stack === "" ? `[${head}]` : `${head}\n${stack}`;
}

function showBuffer(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 50), (byte) => ` ${byte.toString(16).padStart(2, "0")}`).join(
    "",
  );
  const more = bytes.length - 50;
  return `<Buffer${shown}${more > 0 ? ` ... ${more} more byte${more > 1 ? "s" : ""}` : ""}>`;
}

function ownKeys(value: object): (string | symbol)[] {
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  const names = Object.keys(value).filter((key) => !isList || !/^\d+$/.test(key));
  const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key),
  );
  return value instanceof Error
    ? names.filter((key) => key !== "stack" && key !== "message")
    : [...names, ...symbols];
}

function property(value: object, key: string | symbol, context: Context, level: number): string {
  const plain = typeof key === "string" && /^[A-Za-z_][A-Za-z_0-9]*$/.test(key);
  const name = typeof key === "symbol" ? `[${String(key)}]` : plain ? key : quote(key);
  const { get, set, value: content } = Object.getOwnPropertyDescriptor(value, key) ?? {};
  if (get !== undefined) return `${name}: [Getter${set === undefined ? "" : "/Setter"}]`;
  if (set !== undefined) return `${name}: [Setter]`;
  return `${name}: ${show(content, context, level + 1, true)}`;
}

type Parts = [prefix: string, open: string, items: string[], close: string];

function parts(value: object, name: string | null, context: Context, level: number): Parts {
  const nested = (one: unknown) => show(one, context, level + 1, true);
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    const list = value as unknown as ArrayLike<unknown>;
    const items = Array.from({ length: Math.min(list.length, 100) }, (_, i) =>
      i in list ? nested(list[i]) : "<1 empty item>",
    );
    const more = list.length - items.length;
    if (more > 0) items.push(`... ${more} more item${more > 1 ? "s" : ""}`);
    return [name === "Array" ? "" : `${name}(${list.length})`, "[", items, "]"];
  }
  if (value instanceof Map) {
    const items = Array.from(value, ([key, item]) => `${nested(key)} => ${nested(item)}`);
    return [`${name}(${value.size})`, "{", items, "}"];
  }
  if (value instanceof Set) return [`${name}(${value.size})`, "{", Array.from(value, nested), "}"];
  if (name === null) return ["[Object: null prototype]", "{", [], "}"];
  return [name === "Object" ? "" : name, "{", [], "}"];
}

/** On one line where Node would: few levels, and no more than fits. Else an item a line. */
function layOut(
  open: string,
  items: readonly string[],
  close: string,
  level: number,
  nested: number,
): string {
  if (items.length === 0) return open + close;
  const length = items.reduce((sum, item) => sum + item.length + 2, 0) + open.length;
  const fits = nested < COMPACT && length <= LINE && !items.some((item) => item.includes("\n"));
  if (fits) return `${open} ${items.join(", ")} ${close}`;
  const indent = "  ".repeat(level + 1);
  return `${open}\n${indent}${items.join(`,\n${indent}`)}\n${"  ".repeat(level)}${close}`;
}
