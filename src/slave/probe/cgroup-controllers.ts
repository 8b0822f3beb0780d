/** Which cgroup controllers this machine offers, as `runch features` and `vz probe` tell it. */

import { findHierarchies, type Hierarchies } from "../runch/cgroup/hierarchies.ts";

export interface Controllers {
  /** Those of mounted v1 hierarchies. */
  readonly v1: readonly string[];
  /** Those that the v2 hierarchy can hand down; null where it is not mounted. */
  readonly v2: readonly string[] | null;
}

export function controllersOf(hierarchies: Hierarchies): Controllers {
  const unified = hierarchies.find(({ version }) => version === 2);
  const names = hierarchies.filter(({ version }) => version === 1).flatMap(({ controllers }) => controllers);
  // a hierarchy without a controller is known by a name of its own, as systemd's
  return { v1: names.filter((name) => !name.startsWith("name=")), v2: unified?.controllers ?? null };
}

export function findControllers(): Controllers {
  return controllersOf(findHierarchies());
}
