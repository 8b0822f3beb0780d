/**
 * What a command may touch of the process: a test gives it buffers, `src/main.ts` the real terminal (src/cli/process-io.ts).
 */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output: results only. */
  out(text: string): void;
  /** Writes to standard error: progress, warnings. */
  err(text: string): void;
  /** Width of the terminal behind the stream, or undefined where there is none. */
  readonly outColumns: number | undefined;
  readonly errColumns: number | undefined;
}

/** An `Io` that keeps what was written; for tests. */
export function memoryIo(env: Record<string, string> = {}): Io & { stdout: string; stderr: string } {
  return {
    env,
    stdout: "",
    stderr: "",
    outColumns: undefined,
    errColumns: undefined,
    out(text) {
      this.stdout += text;
    },
    err(text) {
      this.stderr += text;
    },
  };
}
