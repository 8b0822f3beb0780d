/**
 * Command lines of OpenSSH's client, all of them. The operator's own ssh configuration has no say (`-F none`): what a fleet
 * file says is what happens. No connection is shared (ControlMaster), since a key that may do little would ride on the
 * connection of one that may do all; nothing is compressed, since images are already.
 */
import { quoteWord } from "../../common/shell-words.ts";
import type { Fleet, Host } from "../fleet/fleet.ts";

/** Seconds to wait for a TCP connection and its greeting. */
export const CONNECT_TIMEOUT = 10;

/** The account on a slave that images are uploaded to; `ansible/` makes it. */
const UPLOAD_USER = "vzup";

/** Who logs in where, with what. */
export interface Login {
  readonly host: Host;
  readonly user: string;
  readonly key: string;
  readonly knownHosts: string;
  /** Which of the fleet's two keys it is. */
  readonly rights: "daily" | "root";
}

export interface SshSettings {
  /** Takes the key of a host that has none in the known hosts; a changed key is refused all the same. */
  readonly acceptNew?: boolean;
  /** Has ssh tell of the keys it meets, on standard error. */
  readonly debug?: boolean;
}

/** With the daily key: the verbs of vzexec. */
export function dailyLogin(fleet: Fleet, host: Host): Login {
  return { host, user: fleet.user, key: fleet.dailyKey, knownHosts: fleet.knownHosts, rights: "daily" };
}

/** With the daily key: files into `incoming/`. */
export function uploadLogin(fleet: Fleet, host: Host): Login {
  return { ...dailyLogin(fleet, host), user: UPLOAD_USER };
}

/** With the root key: everything. For `deploy` and emergencies. */
export function rootLogin(fleet: Fleet, host: Host): Login {
  return { host, user: fleet.user, key: fleet.rootKey, knownHosts: fleet.knownHosts, rights: "root" };
}

/** A path as ssh_config(5) reads it: quoted, and with no token to expand. */
function pathValue(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}

/** Options that hold for every login, whatever runs it. Key, user, host and port are not among them. */
export function commonOptions(knownHosts: string, settings: SshSettings = {}): string[] {
  const options: Readonly<Record<string, string | number>> = {
    BatchMode: "yes",
    IdentitiesOnly: "yes",
    PreferredAuthentications: "publickey",
    StrictHostKeyChecking: settings.acceptNew ? "accept-new" : "yes",
    UserKnownHostsFile: pathValue(knownHosts),
    GlobalKnownHostsFile: "/dev/null",
    UpdateHostKeys: "no",
    ConnectTimeout: CONNECT_TIMEOUT,
    // Seconds until a link that went silent is given up: 5 x 3.
    ServerAliveInterval: 5,
    ServerAliveCountMax: 3,
    ControlMaster: "no",
    ControlPath: "none",
    ForwardAgent: "no",
    ForwardX11: "no",
    LogLevel: settings.debug ? "DEBUG1" : "ERROR",
  };
  return ["-F", "none", ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

function loginOptions(login: Login, settings: SshSettings): string[] {
  return [
    ...commonOptions(login.knownHosts, settings),
    "-T",
    ...["-p", String(login.host.port)],
    ...["-i", login.key.replaceAll("%", "%%")],
    ...["-l", login.user],
  ];
}

/** `ssh` that runs `words` on the host, each reaching the other side as it is. */
export function sshCommand(login: Login, words: readonly string[], settings: SshSettings = {}): string[] {
  return ["ssh", ...loginOptions(login, settings), "--", login.host.address, words.map(quoteWord).join(" ")];
}

/** `ssh` whose standard input and output speak SFTP. */
export function sftpCommand(login: Login, settings: SshSettings = {}): string[] {
  return ["ssh", ...loginOptions(login, settings), "-s", "--", login.host.address, "sftp"];
}

/** `ssh` that logs in, tells the host's key on standard error, and does nothing. */
export function probeKeyCommand(login: Login): string[] {
  return sshCommand(login, ["true"], { debug: true });
}

/** `ssh-keygen` for a key without a passphrase. */
export function keygenCommand(file: string, comment: string): string[] {
  return ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file];
}
