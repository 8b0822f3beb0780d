/** The six moments of hooks ("POSIX-platform Hooks" of the specification). */

/** In the order in which a container comes to them. */
export const HOOK_KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type HookKind = (typeof HOOK_KINDS)[number];
