/** What the steps of a container's life hand to one another: types only. */

import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import type { OciConfig } from "../../../common/oci/oci.ts";
import type { Form, Parts, Plan } from "../model.ts";
import type { Isolation, Shortfalls } from "../shortfalls.ts";

export interface VzAnnotations {
  readonly log: string | undefined;
  /** Bytes; Infinity for no limit. */
  readonly logLimit: number;
  readonly backoff: boolean;
  readonly isolation: Isolation;
}

export interface Bundle {
  /** config.json as it was read. */
  readonly text: string;
  readonly config: OciConfig;
  readonly vz: VzAnnotations;
  readonly plan: Plan;
  readonly parts: Parts;
  readonly short: Shortfalls;
  /** Fields in config.json that no version of the specification has. */
  readonly unknown: readonly string[];
}

export interface BundleOptions {
  readonly id: string;
  readonly form: Form;
  /** What the command line asks for, before the annotation. */
  readonly isolation: Isolation | undefined;
  /** Unix socket that takes the terminal's master, -1 where nobody does; asked for once it is known that there is one. */
  console(): number;
  readonly cgroups: boolean;
  /** Another file than the bundle's config.json. */
  readonly file?: string | undefined;
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

export interface LaunchOptions {
  /** Where the states are kept. */
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  /** Another file than the bundle's config.json. */
  readonly config: string | undefined;
  readonly isolation: Isolation | undefined;
  readonly pidFile: string | undefined;
  /** Called while the container's process sets up what needs nothing from outside. */
  meanwhile(): void;
  /** How many descriptors, from 3 on, the container's process inherits. */
  readonly preserve: number;
  /** Park the process until `start`. */
  readonly create: boolean;
  /** Whether the command line names a socket for the terminal. */
  readonly consoleSocket: boolean;
  /** Unix socket that takes the terminal's master; called once it is known that there is a terminal. */
  console(): number;
  /** Whether it gets a session keyring of its own. */
  readonly keyring: boolean;
  /** Whether pivot_root(2) may be used. */
  readonly pivot: boolean;
  readonly cgroups: boolean;
}

export interface Launched {
  readonly state: ContainerStateFile;
  readonly bundle: Bundle;
}
