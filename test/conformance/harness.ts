/**
 * A case is a name and a function; what the function gives is printed, on Node and on the base, and must be the same text.
 * Nothing is expected here: Node is what is right. So a case must give something that could come out wrong.
 */
type Case = [name: string, run: () => unknown];
const cases: Case[] = [];

/** Adds a case; an error that it throws is its result, told by name, code, message and the like. */
export function check(name: string, run: () => unknown): void {
  cases.push([name, run]);
}

function plain(value: unknown): unknown {
  if (value === undefined) return "(undefined)";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return "(function)";
  if (value instanceof Error) return failure(value);
  if (value instanceof Uint8Array)
    return `bytes ${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

const TOLD = ["code", "errno", "syscall", "path", "dest", "status", "signal", "spawnargs"] as const;

function failure(error: Error): unknown {
  const told: Record<string, unknown> = { name: error.name, message: error.message };
  for (const key of TOLD)
    if (key in error) told[key] = plain((error as unknown as Record<string, unknown>)[key]);
  return told;
}

async function runCase([name, run]: Case): Promise<void> {
  let line: string;
  try {
    line = `ok\t${name}\t${JSON.stringify(plain(await run()))}`;
  } catch (error) {
    line = `threw\t${name}\t${JSON.stringify(plain(error))}`;
  }
  process.stdout.write(`${line}\n`);
}

/** Runs the cases one after the other. */
export async function runCases(): Promise<void> {
  for (const one of cases) await runCase(one);
  if (cases.length > 0) process.stdout.write(`done\tall cases\t${cases.length}\n`);
}

/** What `run` throws, for a case that looks at several errors. */
export function thrown(run: () => unknown): unknown {
  try {
    return { gave: run() };
  } catch (error) {
    return error;
  }
}
