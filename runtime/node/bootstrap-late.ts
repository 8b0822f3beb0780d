/**
 * bootstrap.ts for the executable, goes into its first bundle and no other. `process` is a bundle of its own here, shared by
 * all and read when one of them first names it: at the start of a container none does.
 */
import * as sys from "vz:sys";

const define = (name: string, value: unknown): unknown =>
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

define("global", globalThis);
Object.defineProperty(globalThis, "process", {
  configurable: true,
  get() {
    const { process } = sys.readBundle("vz:lib/process") as typeof import("./internal/process.ts");
    define("process", process);
    return process;
  },
  set: (value: unknown) => define("process", value),
});
