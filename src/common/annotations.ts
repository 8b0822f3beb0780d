/**
 * Annotations of `config.json` by which `vzexec` tells `runch start BUNDLE` what init cannot: an inittab line holds a
 * command and nothing else.
 */
export const Annotation = {
  /** File that standard output and error go to, appended. */
  log: "vz.log",
  /** Bytes at which the log file is cut back. */
  logLimit: "vz.log.limit",
  /** Set to "true" where fast failures are to be slowed down before init starts the container again. */
  backoff: "vz.backoff",
  /** auto, strict or chroot. */
  isolation: "vz.isolation",
} as const;
