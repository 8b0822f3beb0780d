/** Version, commit and engine: the bundler writes the first two in. */

declare const __VZ_VERSION__: string;
declare const __VZ_COMMIT__: string;

export interface Version {
  version: string;
  /** Abbreviated commit, "-dirty" behind it when the tree had changes. */
  commit: string;
  engine: string;
  /** As compilers and uname(1) name it: "i686". */
  arch: string;
  /** Which of the roles this executable has. */
  part: Part;
}

declare global {
  namespace NodeJS {
    interface ProcessRelease {
      /** The base's own (runtime/node/internal/process-object.ts). */
      part?: Part;
    }
  }
}

/** "operator" has all roles; "slave" has what a slave needs, and is what `vz master deploy` installs there. */
export type Part = "operator" | "slave";

const ARCHITECTURES: Readonly<Record<string, string>> = { ia32: "i686", x64: "x86_64", arm64: "aarch64" };

export function version(): Version {
  return {
    version: __VZ_VERSION__,
    commit: __VZ_COMMIT__,
    engine:
      process.versions["quickjs"] === undefined
        ? `Node ${process.versions.node}`
        : `QuickJS ${process.versions["quickjs"]}`,
    arch: ARCHITECTURES[process.arch] ?? process.arch,
    part: part(),
  };
}

/** Which roles this executable has: all under Node, else those that the base says it was packed with. */
export function part(): Part {
  return process.release.part ?? "operator";
}

export function versionLine(): string {
  const { version: number, commit, engine, arch, part: own } = version();
  return `vz ${number} (${commit}, ${engine}, ${arch}, ${own})`;
}
