// The container's program, started by `main.ts`: reads the settings, serves until SIGTERM.

import { startContainer } from './container.ts';
import { InferenceError } from './errors.ts';
import { createLogger } from './logger.ts';
import { readSettings } from './settings.ts';

const logger = createLogger(process.stdout, process.stderr);

async function serve(): Promise<void> {
  const settings = readSettings(process.env);
  const container = await startContainer(settings, logger);
  const stop = async () => {
    await container.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  if (settings.exitsWithParent) endWithParent();
  await container.ready;
  logger.info(`Serving on ${container.url}.`);
}

/** The parent holds the other end of standard input; it closes however the parent ends. */
function endWithParent(): void {
  process.stdin.once('end', () => process.exit(0));
  process.stdin.once('error', () => process.exit(0));
  process.stdin.resume();
}

serve().catch((thrown: unknown) => {
  logger.error(
    thrown instanceof InferenceError || thrown instanceof RangeError
      ? thrown.message
      : describeFailure(thrown),
  );
  process.exit(1);
});

function describeFailure(thrown: unknown): string {
  const error = thrown as NodeJS.ErrnoException;
  if (error.code === 'EADDRINUSE') return `The port is in use: ${error.message}`;
  return error.message ?? String(thrown);
}
