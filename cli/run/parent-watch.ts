// Ends with the process that started this one. A parent that is killed, or an npm whose shell is, cannot hand the signal
// on: all that is seen of it here is another parent.

const WATCH_MS = 250;

/** Calls back once when the parent is not `parent` any more. */
export function onOrphaned(parent: number, orphaned: () => void): void {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    orphaned();
  }, WATCH_MS);
  watch.unref();
}

/** Called first of all. The launcher names itself in the environment when it starts a process of its own. */
export function endWithLauncher(): void {
  const launcher = process.env.SERIATIM_LAUNCHER_PID;
  if (launcher === undefined) return;
  // What is started from here is not the launcher's.
  delete process.env.SERIATIM_LAUNCHER_PID;
  onOrphaned(Number(launcher), () => process.kill(process.pid, 'SIGTERM'));
}
