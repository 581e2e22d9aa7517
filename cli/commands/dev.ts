// `seriatim dev`: the same as `start`, and changed functions, layers and state machines are picked up while it runs.
import type { Command } from 'commander';
import { type StartFlags, withStartOptions } from './start.ts';

export function register(program: Command): void {
  withStartOptions(program.command('dev'))
    .description('The same as start, and picks up changed code and pipelines within a second')
    .action(async (flags: StartFlags) => {
      const [{ runUntilStopped }, { watchProject }] = await Promise.all([
        import('../run/until-stopped.ts'),
        import('../run/watch.ts'),
      ]);
      await runUntilStopped(flags, watchProject);
    });
}
