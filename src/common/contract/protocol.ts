/**
 * What `vzexec VERB --json` answers: the words that master and slave share. Every answer is one JSON document on
 * standard output; a failure is the usual line on standard error and the status.
 */

/** `vzexec version` */
export interface VersionAnswer {
  version: string;
  commit: string;
  engine: string;
  /** "i686" */
  arch: string;
  part: "operator" | "slave";
}

/** `vzexec facts`: what this slave is and can do. */
export interface FactsAnswer {
  hostname: string;
  /** uname -r */
  kernel: string;
  machine: string;
  /** Architectures of programs that the kernel itself runs, found by running them: "i386", "amd64", "arm64". */
  architectures: string[];
  init: "sysvinit" | "busybox" | "systemd" | "upstart" | "openrc" | "runit" | "unknown";
  /** Seconds since boot. */
  uptime: number;
  memory: { total: number; available: number };
  disk: { total: number; available: number };
  /** Whether a process may have a mount namespace of its own and mount in it. */
  mountNamespace: boolean;
  images: ImageRow[];
}

/** An image in the slave's store. */
export interface ImageRow {
  /** sha256:… of the manifest file vz.json. */
  id: string;
  name: string;
  created: string;
  /** As in the manifest: "i386", "any"; null where the image was loaded by a vz that did not note it. */
  architecture: string | null;
  files: number;
  bytes: number;
}

/** `vzexec load FILE` */
export interface LoadAnswer {
  image: ImageRow;
  /** False when the store already held it. */
  added: boolean;
}

/** `vzexec logs NAME` */
export interface LogsAnswer {
  container: string;
  /** Without line ends. A program wrote them: they may hold any characters. */
  lines: string[];
}

export type ContainerState = "running" | "restarting" | "stopped" | "failed";

/** A row of `vzexec ps`. */
export interface ContainerRow {
  container: string;
  state: ContainerState;
  pid: number | null;
  /** Starts since the container was last started on purpose, the first not counted. */
  restarts: number;
  /** Start of the process that runs, ISO 8601 UTC; null when none does. */
  since: string | null;
  /** Image id. */
  image: string;
  imageName: string;
  /** The image's; null where nothing is known of it. */
  architecture: string | null;
  /** Resident bytes; null when it does not run. */
  rss: number | null;
  /** `startSpec` (start-request.ts) of the request, so that apply sees whether it changed. */
  spec: string;
  /** Fleet that owns it, as given to `start`. */
  fleet: string;
  /** Exit of the last run, where known: "exited 1", "cannot start: …". */
  reason: string | null;
}

/**
 * The request of `vzexec start CONTAINER`, as options of that verb:
 * `--image ID --fleet NAME [--env K=V]… [--volume NAME:/PATH]… [--memory BYTES] [--restart always|never]`.
 */
export interface StartRequest {
  image: string;
  fleet: string;
  env: Record<string, string>;
  /** "NAME:/path" each; the data lives in DATA_DIR/volumes/NAME. */
  volumes: string[];
  /** Bytes, or null for no limit. */
  memory: number | null;
  restart: "always" | "never";
}
