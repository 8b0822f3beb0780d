/** What a process outside of a container does for the one that becomes the container's. */
import { bundleState } from "../hooks/state.ts";
import type { OutsideTask } from "../model.ts";
import defer * as idMaps from "../namespaces/id-maps.ts";
import type { Bundle } from "./model.ts";

interface For {
  readonly id: string;
  readonly bundle: Bundle;
  /** As the machine counts. */
  readonly pid: number;
}

const TASKS: Readonly<Record<OutsideTask, (container: For) => void>> = {
  idMaps({ bundle, pid }) {
    const { namespaces } = bundle.parts;
    if (namespaces?.maps) idMaps.writeIdMaps(pid, namespaces.maps);
  },
  createHooks(container) {
    const { hooks } = container.bundle.parts;
    const creating = bundleState(container, "creating", container.pid);
    hooks?.run("prestart", creating);
    hooks?.run("createRuntime", creating);
  },
  poststartHooks(container) {
    container.bundle.parts.hooks?.run("poststart", bundleState(container, "running", container.pid));
  },
};

export function isOutsideTask(word: string): word is OutsideTask {
  return Object.hasOwn(TASKS, word);
}

/** @throws VzError where it cannot be done, or a hook fails */
export function doOutside(task: OutsideTask, container: For): void {
  TASKS[task](container);
}
