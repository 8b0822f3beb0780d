/** The command line of strace(1), and what its lines are to hold. */
import { handlers } from "./calls.ts";

/**
 * - `-y`: what descriptors stand for is shown, AT_FDCWD too.
 * - status: only what succeeded, each call in one line; "detached" is what becomes of the execve(2) of a thread that is not
 *   its process's first, which goes on under the first one's id.
 * - ids of a PID namespace come with the ids that strace itself uses.
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
    "--decode-pids=pidns",
    ...["-e", "status=successful,detached"],
    ...["-s", "0"],
    ...["-a", "1"],
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
