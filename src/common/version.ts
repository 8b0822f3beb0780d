/** Version, commit and engine: the bundler writes the first two in. */

declare const __VZ_VERSION__: string;
declare const __VZ_COMMIT__: string;

export interface Version {
  version: string;
  /** Abbreviated commit, "-dirty" behind it when the tree had changes. */
  commit: string;
  engine: string;
  arch: string;
}

export function version(): Version {
  return {
    version: __VZ_VERSION__,
    commit: __VZ_COMMIT__,
    engine:
      process.versions["quickjs"] === undefined
        ? `Node ${process.versions.node}`
        : `QuickJS ${process.versions["quickjs"]}`,
    arch: process.arch === "ia32" ? "i686" : process.arch,
  };
}

export function versionLine(): string {
  const { version: number, commit, engine, arch } = version();
  return `vz ${number} (${commit}, ${engine}, ${arch})`;
}
