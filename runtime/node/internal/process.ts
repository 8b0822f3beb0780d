/** The one `process` of a program of many bundles; read when somebody names it (late-process.ts). */
import { Process } from "./process-object.ts";

export const process = new Process();
