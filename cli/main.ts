// `npx seriatim …`: every file in `commands/` registers one command or one group of them.
import { readdirSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { endWithLauncher } from './run/parent-watch.ts';

endWithLauncher();

/** What a file in `commands/` exports as `register`. Its heavy imports belong inside the action. */
export type RegisterCommand = (program: Command) => void;

const folder = new URL('./commands/', import.meta.url);
const { version, description } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as {
  version: string;
  description: string;
};

/** Of a command that was not understood; commands inherit it. */
const MISUSED = 2;
const program = new Command('seriatim')
  .description(description)
  .version(version)
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : MISUSED));
for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .sort()) {
  const { register } = (await import(new URL(file, folder).href)) as { register: RegisterCommand };
  register(program);
}

try {
  await program.parseAsync();
} catch (thrown) {
  console.error(`seriatim: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exitCode = (thrown as { exitCode?: number }).exitCode ?? 1;
}
