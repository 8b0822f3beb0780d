/** What `ansible/plugins/callback/vz_events.py` prints: one JSON object a line. */
import * as v from "valibot";
import { readAnswer } from "../wire/answers.ts";

const result = v.object({
  event: v.picklist(["ok", "failed", "unreachable", "skipped"]),
  host: v.string(),
  task: v.string(),
  tags: v.array(v.string()),
  /** `id` of a loop's item. */
  item: v.nullable(v.number()),
  ignored: v.boolean(),
  changed: v.boolean(),
  changes: v.array(v.string()),
  rc: v.nullable(v.number()),
  stdout: v.string(),
  stderr: v.string(),
  msg: v.string(),
  /** Of a host that cannot be reached. */
  hint: v.string(),
});
const start = v.object({ event: v.literal("start"), host: v.string(), task: v.string() });
const end = v.object({ event: v.literal("stats") });
const events = v.variant("event", [result, start, end]);

export type PlaybookEvent = v.InferOutput<typeof events>;
export type TaskResult = v.InferOutput<typeof result>;

/** The event in a line, or undefined for anything else that Ansible says. */
export function readEvent(line: string): PlaybookEvent | undefined {
  return line.startsWith("{") ? readAnswer(events, line) : undefined;
}
