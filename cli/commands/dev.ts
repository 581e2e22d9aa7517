// `seriatim dev`: the same as `start`, and changed functions, layers, state machines and the console are picked up while
// it runs.
import type { Command } from 'commander';
import { type StartFlags, withStartOptions } from './start.ts';

export function register(program: Command): void {
  withStartOptions(program.command('dev'))
    .description('The same as start, and picks up changed code and pipelines within a second')
    .action(async (flags: StartFlags) => {
      const { runUntilStopped } = await import('../run/until-stopped.ts');
      await runUntilStopped(flags, async (...running) => {
        const { watchProject } = await import('../run/watch.ts');
        return watchProject(...running);
      });
    });
}
