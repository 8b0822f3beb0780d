/** What the rooms of runch hand to one another: types only. */
import type { HookKind } from "./hooks/kinds.ts";
import type { Shortfalls } from "./shortfalls.ts";

/**
 * - exec: runch becomes the container's process, so that no parent of ours is left
 * - fork: the container's process is a child
 */
export type Form = "exec" | "fork";

export interface PlanOptions {
  /** Absolute path of the bundle. */
  readonly bundle: string;
  readonly form: Form;
}

/** What has to be done for every container, worked out of its config.json. */
export interface Plan {
  readonly bundle: string;
  readonly rootfs: string;
  readonly readonlyRoot: boolean;
  /** Namespaces to make: types in `NAMESPACES`. */
  readonly namespaces: readonly string[];
  readonly joins: readonly Join[];
  /** Propagation of "/" in a mount namespace of its own. */
  readonly propagation: number;
  readonly hostname: string | undefined;
  readonly domainname: string | undefined;
  readonly mounts: readonly MountStep[];
  readonly devices: readonly DeviceStep[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly credentials: Credentials;
}

/** A namespace to enter, by a file of /proc/PID/ns or one that it was bound to. */
export interface Join {
  readonly type: string;
  readonly path: string;
}

export interface MountStep extends MountOptions {
  /** For messages: "mounts[2] (/data)". */
  readonly at: string;
  /** Inside the container. */
  readonly destination: string;
  readonly type: string;
  /** A path outside for a bind mount, any word otherwise. */
  readonly source: string;
  readonly uidMappings: unknown;
  readonly gidMappings: unknown;
}

export interface MountOptions {
  /** MS_* of mount(2). */
  readonly flags: number;
  /** MS_SHARED and its like, each for a call of its own. */
  readonly propagation: readonly number[];
  /** The filesystem's own options, parted by commas. */
  readonly data: string;
  /** Options as they are written that are neither. */
  readonly extended: readonly string[];
}

/** What is to be made where nothing is found; "nothing" looks only. */
export type Missing = "nothing" | "directory" | "file";

export interface DeviceStep {
  readonly path: string;
  /** S_IFCHR, S_IFBLK or S_IFIFO, and the permissions. */
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the set that every container gets: to lack it is a shortfall and no error. */
  readonly usual: boolean;
}

/** Who the container's process is and what it may do. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  /** null: those of whoever starts it. */
  readonly groups: readonly number[] | null;
  readonly umask: number;
  readonly rlimits: readonly RlimitStep[];
  readonly capabilities: CapabilitySets;
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj: number | undefined;
  /** personality(2), or undefined to leave it. */
  readonly personality: number | undefined;
}

/** A call of setrlimit(2). */
export interface RlimitStep {
  readonly name: string;
  readonly resource: number;
  readonly soft: number;
  readonly hard: number;
}

/** Bit masks, of the sets of capabilities(7). */
export interface CapabilitySets {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/**
 * What of config.json only some bundles have: each part reads, checks and plans its own fields, and is loaded only when they
 * are there. All of it is loaded before anything is set up, so that a mistake in it is told while there is nothing to undo.
 */
export interface Parts {
  readonly hooks: HookPart | null;
  readonly cgroup: CgroupPart | null;
  readonly namespaces: NamespacePart | null;
  readonly mounts: MountExtras | null;
  readonly nodes: NodePart | null;
  readonly notify: NotifyPart | null;
  /** What has to be opened before a user namespace is entered, behind which our ids and rights may not reach it. */
  readonly openings: readonly (() => void)[];
  /** In the container's namespaces, before its mounts. */
  readonly sysctl: SysctlAct | null;
  /** While the machine's /proc is in reach: attributes of the process that execve(2) keeps. */
  readonly attributes: readonly Act[];
  readonly seccomp: SeccompPart | null;
  readonly terminal: TerminalPart | null;
}

/** Something to be done at one place of a start; it throws what is an error, and adds what falls short. */
export type Act = (short: Shortfalls) => void;

/** @param own types of namespaces that the container has to itself */
export type SysctlAct = (own: readonly string[], short: Shortfalls) => void;

export interface HookPart {
  has(...kinds: readonly HookKind[]): boolean;
  /**
   * Runs the hooks of one kind in their order, each with `state` on its standard input.
   * @throws VzError 125 when one fails, naming it; those behind it are not run
   */
  run(kind: HookKind, state: string): void;
  /** As run, but all of them whatever happens. @returns what failed */
  runAll(kind: HookKind, state: string): string[];
}

/** What has to be done from outside while a container is made (life/outside-task.ts). */
export type OutsideTask = "idMaps" | "createHooks" | "poststartHooks";

export interface CgroupPart {
  /** To be written down before `create`, so that they can be removed whatever happens. */
  readonly directories: readonly string[];
  /** Refuses those that are there and not for us. To be called before they are written down: whatever is, is removed later. */
  check(): void;
  /** Makes them and sets the limits. */
  create(short: Shortfalls): void;
  /** Moves a process into them. */
  join(pid: number): void;
  /** Makes a mount of type cgroup or cgroup2. @returns false where this machine has none */
  mount(step: MountStep, root: number): boolean;
}

export interface NamespacePart {
  /** Of the user namespace that is made; null where none is. */
  readonly maps: IdMaps | null;
  /**
   * Enters those that are joined, but for the mount namespace, and makes the user namespace.
   * @param ask has the process outside do something for this one
   * @returns the credentials, changed where the user namespace is refused
   */
  enter(credentials: Credentials, ask: (task: OutsideTask) => void, short: Shortfalls): Credentials;
  /**
   * Makes, where a pid or time namespace asks for it, the process that lives in it; the caller ends with `leave(pid)`.
   * @returns whether we are that process
   */
  hop(short: Shortfalls, leave: (pid: number) => never): boolean;
  /** Enters the mount namespace of `joins`, as the last: paths mean something else behind it. */
  enterMounts(): void;
  /** Types of those that were entered. */
  readonly entered: readonly string[];
}

export interface IdMaps {
  readonly uid: readonly IdMap[];
  readonly gid: readonly IdMap[];
}

export interface IdMap {
  readonly containerID: number;
  readonly hostID: number;
  /** How many ids from these on; above 0. */
  readonly size: number;
}

/** Mounts that are more than one call of mount(2). */
export interface MountExtras {
  /** Opens the sources of bind mounts. One of `openings`. */
  openSources(): void;
  /** Whether `mount` has to be called instead of mount(2). */
  replaces(step: MountStep): boolean;
  /** @returns whether it is there now; what is lacking has been told then */
  mount(step: MountStep, root: number, short: Shortfalls): boolean;
  /** The options that are applied to a mount that is there. */
  finish(step: MountStep, root: number, short: Shortfalls): void;
}

/** Device nodes that were made outside of a user namespace. */
export interface NodePart {
  open(): void;
  /** Puts one on the file at its path inside. @returns false where there is none */
  place(step: DeviceStep, root: number): boolean;
}

export interface NotifyPart {
  /** For the program's environment. */
  readonly variable: string;
  open(): void;
  /** Puts the socket where the variable says. */
  mount(root: number, short: Shortfalls): void;
}

export interface SeccompPart {
  /** Descriptor that has to stay open until `load`; -1 for none. */
  readonly socket: number;
  /**
   * Puts the filter on this process: the last thing before execve(2), or the last that still has rights.
   * @param processState gives the fields of the message that goes with a listener
   */
  load(short: Shortfalls, processState: () => object): void;
}

export interface TerminalPart {
  /** Makes the terminal and hands its master to whoever waits for it. @returns the slave's descriptor */
  open(root: number, short: Shortfalls): number;
  attach(slave: number): void;
}
