// `seriatim start`: the whole system on this machine, one line of progress per part, then where everything is, a
// request to paste and where to look next. Ctrl-C ends it.
import type { Command } from 'commander';

export interface StartFlags {
  readonly fresh?: boolean;
  readonly httpPort?: string;
  readonly awsPort?: string;
  readonly stateFolder?: string;
  readonly quiet?: boolean;
}

export function register(program: Command): void {
  withStartOptions(program.command('start'))
    .description('Run every pipeline on this machine: functions, state machines, endpoints and their APIs')
    .action(async (flags: StartFlags) => {
      const { runUntilStopped } = await import('../run/until-stopped.ts');
      await runUntilStopped(flags);
    });
}

/** The options that `start` and `dev` share. */
export function withStartOptions(command: Command): Command {
  return command
    .option('--fresh', 'forget everything kept in .seriatim/ first')
    .option('--http-port <port>', 'port of the HTTP API (SERIATIM_HTTP_PORT, else 3000)')
    .option('--aws-port <port>', 'port of the AWS APIs (SERIATIM_AWS_PORT, else 4566)')
    .option('--state-folder <folder>', 'where state is kept (.seriatim in the project)')
    .option('--quiet', 'print the URLs only');
}
