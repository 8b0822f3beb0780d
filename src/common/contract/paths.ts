/** Well-known places on a slave; the accounts and playbooks agree with them. */
export const RUNCH_BINARY = "/usr/local/bin/runch";
/** Persistent data. */
export const DATA_DIR = "/var/lib/vz";
/** The only directory that the upload account can write. */
export const INCOMING_DIR = `${DATA_DIR}/upload/incoming`;
/** One bundle a container. */
export const CONTAINERS_DIR = `${DATA_DIR}/containers`;
export const LOGS_DIR = `${DATA_DIR}/logs`;
/** State of running containers: gone after a boot. */
export const STATE_DIR = "/run/vz";
