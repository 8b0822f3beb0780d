/**
 * What test/e2e/seccomp.test.ts runs on the base: puts filters on itself and becomes a program.
 * `FIRST PROFILE [PROGRAM ARGS…]`: FIRST is a profile that makes this kernel look older, or "-". Tells on standard error what
 * fell short, and whether there is a listener; without a program it tells the features on standard output.
 */
import * as sys from "vz:sys";
import { MACHINES } from "../../src/slave/runch/seccomp/abis.ts";
import { seccompFeatures } from "../../src/slave/runch/seccomp/kernel.ts";
import { loadSeccomp } from "../../src/slave/runch/seccomp/load-seccomp.ts";
import { planSeccomp } from "../../src/slave/runch/seccomp/plan-seccomp.ts";
import { readSeccomp } from "../../src/slave/runch/seccomp/read-seccomp.ts";
import { Shortfalls } from "../../src/slave/runch/shortfalls.ts";

const PR_SET_NO_NEW_PRIVS = 38;

function load(json: string, short: Shortfalls): number {
  const profile = readSeccomp(JSON.parse(json), "linux.seccomp", []);
  return loadSeccomp(planSeccomp(profile, MACHINES[sys.arch], short), short);
}

const [first = "-", profile = "", ...argv] = process.argv.slice(2);
const [program] = argv;
sys.prctl(PR_SET_NO_NEW_PRIVS, 1);
if (first !== "-") load(first, new Shortfalls("strict"));
if (program === undefined) {
  process.stdout.write(JSON.stringify(seccompFeatures()));
} else {
  const short = new Shortfalls("auto");
  const listener = load(profile, short);
  process.stderr.write(`${short.lines("c")}${listener === -1 ? "" : "a listener\n"}`);
  sys.execve(program, argv, ["LC_ALL=C"]);
}
