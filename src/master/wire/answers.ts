/** Checks what slaves answer. A slave may belong to somebody else by now: nothing that it says is taken unchecked. */
import * as v from "valibot";
import { isName } from "../../common/contract/names.ts";
import type { ContainerRow, FactsAnswer } from "../../common/contract/protocol.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const name = v.pipe(v.string(), v.check(isName));
const id = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/));
/** Seconds, bytes and the like, where a fraction does no harm. */
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));

/** Not told by a slave of an older version. */
const architecture = v.optional(v.nullable(v.string()), null);

const image = v.object({ id, name, created: v.string(), architecture, files: count, bytes: count });

const space = v.object({ total: amount, available: amount });
const facts = {
  hostname: v.string(),
  kernel: v.string(),
  machine: v.string(),
  init: v.picklist(["sysvinit", "busybox", "systemd", "upstart", "openrc", "runit", "unknown"]),
  uptime: amount,
  memory: space,
  disk: space,
  mountNamespace: v.boolean(),
  images: v.array(image),
};
/** What the widths of programs mean: an older vz on a slave knew x86 only, and told widths. */
const ARCHITECTURE_OF: Readonly<Record<number, string>> = { 32: "i386", 64: "amd64" };
export const factsAnswer: v.GenericSchema<unknown, FactsAnswer> = v.union([
  v.object({ ...facts, architectures: v.array(v.string()) }),
  v.pipe(
    v.object({ ...facts, elfClasses: v.array(count) }),
    v.transform(({ elfClasses, ...rest }) => ({
      ...rest,
      architectures: elfClasses.flatMap((bits) => ARCHITECTURE_OF[bits] ?? []),
    })),
  ),
]);
export const containerRow: v.GenericSchema<unknown, ContainerRow> = v.object({
  container: name,
  state: v.picklist(["running", "restarting", "stopped", "failed"]),
  pid: v.nullable(count),
  restarts: count,
  since: v.nullable(v.string()),
  image: v.string(),
  imageName: v.string(),
  architecture,
  rss: v.nullable(amount),
  spec: v.string(),
  fleet: v.string(),
  reason: v.nullable(v.string()),
});
export const psAnswer: v.GenericSchema<unknown, ContainerRow[]> = v.array(containerRow);

/** Reads JSON text by `schema`; undefined where it is something else. */
export function readAnswer<T>(schema: v.GenericSchema<unknown, T>, text: string): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}
