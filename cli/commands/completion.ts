// `seriatim completion <shell>`: a script for bash, zsh or fish, made from the commands themselves, so that it knows
// every option there is.
import type { Command } from 'commander';
import { withExitCodes } from '../exit.ts';

export function register(program: Command): void {
  withExitCodes(program.command('completion'))
    .description('Print a completion script for bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .option('--json', 'one JSON object: {"script"}')
    .addHelpText(
      'after',
      '\nUse: source <(npx seriatim completion bash)\nExit codes: 0 printed, 2 no such shell.',
    )
    .action(async (shell: string, flags: { readonly json?: boolean }, command: Command) => {
      const { completionScript } = await import('../format/completion.ts');
      const script = completionScript(shell, program);
      if (script === undefined)
        command.error(`error: no completion for ${shell}: there is bash, zsh and fish`, { exitCode: 2 });
      else console.log(flags.json ? JSON.stringify({ script }) : script);
    });
}
