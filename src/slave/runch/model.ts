/** What the folders of runch hand to one another: types only. */
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

/** A namespace to enter, by a file of /proc/PID/ns or a file that the namespace is bound to. */
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
  /** All other options, as they are written. */
  readonly extended: readonly string[];
}

/** What to make where nothing is found; "nothing" only looks. */
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
  /** Called before a user namespace is entered: from inside, our ids and rights may not reach what they open. */
  readonly openings: readonly (() => void)[];
  /** Called in the container's namespaces, before its mounts. */
  readonly sysctl: SysctlAct | null;
  /** Called while the machine's /proc is in reach: they set attributes of the process that execve(2) keeps. */
  readonly attributes: readonly Act[];
  readonly seccomp: SeccompPart | null;
  readonly terminal: TerminalPart | null;
}

/** Something to do at one point of a start: throws errors, and adds shortfalls. */
export type Act = (short: Shortfalls) => void;

/** @param own types of namespaces that the container has to itself */
export type SysctlAct = (own: readonly string[], short: Shortfalls) => void;

export interface HookPart {
  has(...kinds: readonly HookKind[]): boolean;
  /**
   * Runs the hooks of one kind in their order, each with `state` on its standard input.
   * @throws VzError 125 when one fails, naming it; the hooks behind it do not run
   */
  run(kind: HookKind, state: string): void;
  /** As run, but all of them whatever happens. @returns what failed */
  runAll(kind: HookKind, state: string): string[];
}

/** What a process outside does while a container is made (life/outside-task.ts). */
export type OutsideTask = "idMaps" | "createHooks" | "poststartHooks";

export interface CgroupPart {
  /** To be written down before `create`, so that they can be removed whatever happens. */
  readonly directories: readonly string[];
  /** Refuses cgroups that others are in. Called before `directories` are written down: what is written down is removed later. */
  check(): void;
  /** Makes them and sets the limits. */
  create(short: Shortfalls): void;
  /** Moves a process into them. */
  join(pid: number): void;
  /** Makes a mount of type cgroup or cgroup2. @returns false where this machine has none */
  mount(step: MountStep, root: number): boolean;
}

export interface NamespacePart {
  /** Id maps of the new user namespace; null where none is made. */
  readonly maps: IdMaps | null;
  /**
   * Enters the namespaces that are joined, except the mount namespace, and makes the user namespace.
   * @param ask has the process outside do a task for this one
   * @returns the credentials, changed where the user namespace is refused
   */
  enter(credentials: Credentials, ask: (task: OutsideTask) => void, short: Shortfalls): Credentials;
  /**
   * Forks where there is a pid or time namespace, which holds for new processes only; the old process ends with `leave(pid)`.
   * @returns whether this is the new process; false too where no fork is needed
   */
  hop(short: Shortfalls, leave: (pid: number) => never): boolean;
  /** Enters the mount namespace of `joins`. Comes last: paths mean something else afterwards. */
  enterMounts(): void;
  /** Types of the namespaces that were entered. */
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
  /** @returns whether the mount was made; if not, the shortfall has been added */
  mount(step: MountStep, root: number, short: Shortfalls): boolean;
  /** Applies the options that need a mount to be there. */
  finish(step: MountStep, root: number, short: Shortfalls): void;
}

/** Device nodes that are made outside of a user namespace. */
export interface NodePart {
  open(): void;
  /** Puts the node of `step` on the file at its path inside. @returns false where there is no such node */
  place(step: DeviceStep, root: number): boolean;
}

export interface NotifyPart {
  /** For the program's environment: "NOTIFY_SOCKET=PATH". */
  readonly variable: string;
  open(): void;
  /** Puts the socket where the variable says. */
  mount(root: number, short: Shortfalls): void;
}

export interface SeccompPart {
  /** Descriptor that has to stay open until `load`; -1 for none. */
  readonly socket: number;
  /**
   * Puts the filter on this process: as the last step before execve(2), or the last that still has rights.
   * @param processState gives the fields of the message that goes with a listener
   */
  load(short: Shortfalls, processState: () => object): void;
}

export interface TerminalPart {
  /** Makes the terminal and hands its master to whoever waits for it. @returns the slave's descriptor */
  open(root: number, short: Shortfalls): number;
  attach(slave: number): void;
}
