/**
 * The command line that runs a bundle under strace, which shows all calls that take a name, also those that fail. Otherwise
 * strace is called as for the trace: what that changes for the command is the same in both runs.
 */
export function checkArgv(bundle: string, log: string, seccomp: boolean): string[] {
  return [
    "strace",
    "-f",
    "-y",
    ...["-s", "0"],
    ...["-a", "1"],
    ...(seccomp ? ["--seccomp-bpf"] : []),
    "--quiet=attach,personality,path-resolution,thread-execve",
    ...["-e", "signal=none"],
    ...["-e", "inject=?io_uring_setup:error=ENOSYS"],
    ...["-e", "trace=%file,?io_uring_setup"],
    ...["-o", log],
    "--",
    // this very program, by a name that stays right whatever becomes of its file
    ...[`/proc/${process.pid}/exe`, "runch", "start", bundle],
  ];
}
