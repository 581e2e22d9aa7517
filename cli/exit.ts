// Exit codes of the commands that talk to the HTTP API: 0 it went well, 1 it did not, 2 the command was not understood.
import type { Command, CommanderError } from 'commander';

export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;
/** By Ctrl-C, as shells have it: 128 and the signal's number. */
export const EXIT_INTERRUPTED = 130;

/** Commander ends with 1 when it does not understand; that is for failures. */
export function withExitCodes(command: Command): Command {
  return command.exitOverride((error: CommanderError) => {
    process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
  });
}

/** A mistake in what was typed, told in one line. Never returns. */
export function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`, { exitCode: EXIT_USAGE, code: 'seriatim.usage' });
}
