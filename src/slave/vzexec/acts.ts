/** What only some verbs need, loaded when one of them is called: `ps`, `logs` and `version` start at once. */
export { remove, startContainer, stop } from "../container/containers.ts";
export { readRequest } from "../container/request.ts";
export { repair } from "../container/tree.ts";
export { readFacts } from "../probe/facts.ts";
export { openStore } from "../store/real-system.ts";
export { loadUpload } from "./load-upload.ts";
export { serve } from "./subsystem.ts";
