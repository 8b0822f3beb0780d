/** The command line of strace(1), and what its lines are to hold. */
import { handlers } from "./trace-calls.ts";

/**
 * - `-y -xx`: directories of descriptors are shown, and every byte of a name as `\xHH`.
 * - `-z`: only what succeeded, each call in one line.
 * - io_uring is refused, as on a kernel without it: what a ring opens, no tracer sees. Programs fall back.
 * - exits of processes are shown, so that ids can be forgotten.
 *
 * @param log file that strace is to write
 * @param seccomp stop only at the calls that matter; sets no_new_privs, under which setuid programs lose their rights
 */
export function straceArgv(command: readonly string[], log: string, seccomp: boolean): string[] {
  const calls = [...handlers.keys(), "io_uring_setup"].map((name) => `?${name}`);
  return [
    "strace",
    "-f",
    "-y",
    "-z",
    "-xx",
    ...["-s", "0"],
    ...(seccomp ? ["--seccomp-bpf"] : []),
    "--quiet=attach,personality,path-resolution,thread-execve",
    ...["-e", "signal=none"],
    ...["-e", "inject=?io_uring_setup:error=ENOSYS"],
    ...["-e", `trace=${calls.join(",")}`],
    ...["-o", log],
    "--",
    ...command,
  ];
}
