/** Whose a cgroup is: one that outlives its container may have become another's, whose processes we must not end. */
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { listIds } from "../state/register.ts";
import { isAlive, readState } from "../state/state-store.ts";

/** Whether `inner` is the cgroup `outer` or lies in it. */
function isWithin(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}

/**
 * The cgroups of a container that may be emptied and removed with it. As long as its process is there nobody else gets in
 * (createCgroup refuses); afterwards the cgroups that hold another running container are left out.
 * @param root where the states are kept
 */
export function ownCgroups(root: string, state: ContainerStateFile): readonly string[] {
  const { cgroups = [], id } = state;
  if (cgroups.length === 0 || isAlive(state)) return cgroups;
  const taken = listIds(root).flatMap((other) => {
    const one = other === id ? null : readState(root, other);
    return one?.cgroups?.length && isAlive(one) ? one.cgroups : [];
  });
  return cgroups.filter((directory) => !taken.some((inner) => isWithin(directory, inner)));
}
