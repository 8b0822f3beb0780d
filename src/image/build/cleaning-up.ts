/** What must be gone when work fails or a signal ends it. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Runs `work`; when a signal would end this process meanwhile, calls `clean` before it does.
 * @param isBusy whether a signal now is meant for a command that runs, and not for this process
 */
export async function cleaningUp<T>(
  clean: () => void,
  work: () => Promise<T>,
  isBusy: () => boolean = () => false,
): Promise<T> {
  const leave = () => {
    for (const name of SIGNALS) process.removeListener(name, die);
  };
  const die = (signal: NodeJS.Signals) => {
    if (isBusy()) return;
    clean();
    leave();
    process.kill(process.pid, signal);
  };
  for (const name of SIGNALS) process.on(name, die);
  try {
    return await work();
  } finally {
    leave();
  }
}
