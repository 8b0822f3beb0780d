/**
 * A reporter for node:test (--test-reporter) that says nothing: it appends how long each test took to the file VZ_TEST_TIMES, if that
 * is set, as "MILLISECONDS\tNAME". scripts/test.sh shows the slowest of a whole run.
 */
import { appendFileSync } from "node:fs";

/** A suite's time is that of its tests. */
export function noteTime({ name, details }) {
  const file = process.env.VZ_TEST_TIMES;
  if (file === undefined || details.type === "suite") return;
  appendFileSync(file, `${Math.round(details.duration_ms)}\t${name.replaceAll(/\s+/g, " ")}\n`);
}

// biome-ignore lint/correctness/useYield: a reporter is a generator, and this one has nothing to print
export default async function* report(source) {
  for await (const { type, data } of source) if (type === "test:pass" || type === "test:fail") noteTime(data);
}
