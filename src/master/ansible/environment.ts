/** The environment in which Ansible runs: the operator's own settings of Ansible have no say. */
import { join } from "node:path";
import type { Io } from "../../common/io.ts";
import { quoteWord } from "../../common/shell-words.ts";
import { CONNECT_TIMEOUT, commonOptions, type SshSettings } from "../wire/ssh.ts";

/** Variables that are passed on; none of ANSIBLE_* is among them. */
const KEPT = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "SSH_AUTH_SOCK", "VIRTUAL_ENV"];

export interface PlaybookPlace {
  /** Where the playbooks lie. */
  readonly files: string;
  /** A directory of this run alone. */
  readonly scratch: string;
  readonly knownHosts: string;
  readonly ssh: SshSettings;
}

export function playbookEnvironment(
  env: Io["env"],
  { files, scratch, knownHosts, ssh }: PlaybookPlace,
): Record<string, string> {
  const kept = KEPT.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    // Ansible refuses to run under C and POSIX.
    LC_ALL: "C.UTF-8",
    // The cache stays as it was unpacked.
    PYTHONDONTWRITEBYTECODE: "1",
    ANSIBLE_CONFIG: join(files, "ansible.cfg"),
    ANSIBLE_HOME: scratch,
    // The callback plugin removes it when this process is no longer there to do it.
    VZ_SCRATCH: scratch,
    ANSIBLE_LOCAL_TEMP: join(scratch, "tmp"),
    ANSIBLE_STDOUT_CALLBACK: "vz_events",
    // Otherwise `raw` and its like ask for a pty. `restrict` refuses that, and the host would count as UNREACHABLE.
    ANSIBLE_SSH_USETTY: "no",
    ANSIBLE_SSH_RETRIES: "0",
    // ANSIBLE_SSH_ARGS settle what happens to an unknown key; this keeps Ansible from adding its own option.
    ANSIBLE_HOST_KEY_CHECKING: "True",
    ANSIBLE_SSH_ARGS: commonOptions(knownHosts, ssh).map(quoteWord).join(" "),
    ANSIBLE_TIMEOUT: String(CONNECT_TIMEOUT),
    ANSIBLE_FORKS: "20",
    ANSIBLE_NOCOLOR: "1",
    ANSIBLE_RETRY_FILES_ENABLED: "False",
    ANSIBLE_DEPRECATION_WARNINGS: "False",
    ANSIBLE_LOCALHOST_WARNING: "False",
  };
}
