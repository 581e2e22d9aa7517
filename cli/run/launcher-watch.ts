// Ends this process when the launcher that started it is gone: one that is killed cannot hand its signal on.

const ORPHAN_WATCH_MS = 250;

/** Called first of all. The launcher names itself in the environment when it starts a process of its own. */
export function endWithLauncher(): void {
  const launcher = process.env.SERIATIM_LAUNCHER_PID;
  if (launcher === undefined) return;
  // What is started from here is not the launcher's.
  delete process.env.SERIATIM_LAUNCHER_PID;
  const watch = setInterval(() => {
    if (String(process.ppid) === launcher) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, ORPHAN_WATCH_MS);
  watch.unref();
}
