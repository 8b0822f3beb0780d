/**
 * What of config.json only some bundles have: each part reads, checks and plans its own fields, and is loaded only when they
 * are there. All of it is loaded before anything is set up, so that a mistake in it is told while there is nothing to undo.
 */
import type { CgroupPart } from "./cgroup/part.ts";
import type { Form, MountStep } from "./config/plan.ts";
import type { DeviceStep } from "./devices/plan.ts";
import type { HookPart } from "./hooks/run.ts";
import type { NamespacePart } from "./namespaces/join.ts";
import type { Shortfalls } from "./shortfalls.ts";

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

/** Something to be done at one place of a start; it throws what is an error, and adds what falls short. */
export type Act = (short: Shortfalls) => void;

/** What a bundle has that asks for none. */
export const NO_PARTS: Parts = {
  hooks: null,
  cgroup: null,
  namespaces: null,
  mounts: null,
  nodes: null,
  notify: null,
  openings: [],
  sysctl: null,
  attributes: [],
  seccomp: null,
  terminal: null,
};

/** @param own types of namespaces that the container has to itself */
export type SysctlAct = (own: readonly string[], short: Shortfalls) => void;

export interface Parts {
  readonly hooks: HookPart | null;
  readonly cgroup: CgroupPart | null;
  readonly namespaces: NamespacePart | null;
  readonly mounts: MountExtras | null;
  readonly nodes: NodePart | null;
  readonly notify: NotifyPart | null;
  /** What has to be opened before a user namespace is entered, whose ids and rights need not get to it. */
  readonly openings: readonly (() => void)[];
  /** In the container's namespaces, before its mounts. */
  readonly sysctl: SysctlAct | null;
  /** While the machine's /proc is in reach: attributes of the process that execve(2) keeps. */
  readonly attributes: readonly Act[];
  readonly seccomp: SeccompPart | null;
  readonly terminal: TerminalPart | null;
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
  /** Descriptor that has to stay open until then; -1 for none. */
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

export interface PartsOptions {
  readonly id: string;
  readonly bundle: string;
  readonly form: Form;
  /** Whether cgroups may be used. */
  readonly cgroups: boolean;
  /** Gets the names of fields that the specification does not have. */
  readonly unknown: string[];
  /** Unix socket that takes the terminal's master, -1 where nobody does; asked for once it is known that there is one. */
  console(): number;
}
