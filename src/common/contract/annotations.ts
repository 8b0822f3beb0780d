/**
 * Annotations of `config.json` by which `vzexec` tells `runch start BUNDLE` what init cannot: an inittab line holds a
 * command and nothing else.
 *
 * - log: file that standard output and error go to, appended
 * - logLimit: bytes at which the log file is cut back
 * - backoff: "true" where fast failures are to be slowed down before init starts the container again
 * - isolation: auto, strict or chroot
 * - sharedRoot: "true" where files of the root filesystem are hard links to a store's, so that a write would change them for
 *   all that share them: a root filesystem that cannot be made read-only is then an error in every isolation
 */
export const Annotation = {
  log: "vz.log",
  logLimit: "vz.log.limit",
  backoff: "vz.backoff",
  isolation: "vz.isolation",
  sharedRoot: "vz.root.shared",
} as const;
