// `seriatim open [id]`: the page of an execution, or of all, in the browser where there is one.
import type { Command } from 'commander';
import { withExitCodes } from '../exit.ts';

interface Flags {
  readonly url?: string;
  readonly stage?: string;
  readonly print?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  withExitCodes(program.command('open'))
    .description(
      'Open the page of an execution, or of all: prints its URL, and opens it where there is a browser',
    )
    .argument('[id]', "the execution's id, or its ARN")
    .option('--stage <name>', 'at this stage')
    .option('--print', 'print the URL only')
    .option('--json', 'one JSON object: {"url"}; opens nothing')
    .option('--url <url>', 'the HTTP API (http://127.0.0.1:$SERIATIM_HTTP_PORT, else port 3000)')
    .addHelpText('after', '\nExit codes: 0 printed, 1 no such URL, 2 wrong usage.')
    .action(run);
}

async function run(id: string | undefined, flags: Flags): Promise<void> {
  const { apiUrl } = await import('../http-api.ts');
  const stage = flags.stage === undefined ? '' : `/stages/${encodeURIComponent(flags.stage)}`;
  const below = id === undefined ? '' : `#/executions/${encodeURIComponent(id)}${stage}`;
  const url = `${apiUrl(flags.url)}/console/${below}`;
  console.log(flags.json ? JSON.stringify({ url }) : url);
  if (!flags.print && !flags.json) await openBrowser(url);
}

/** By the desktop's own opener; where there is no desktop, the printed URL is all. */
async function openBrowser(url: string): Promise<void> {
  const hasDesktop = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasDesktop || !process.stdout.isTTY) return;
  const { spawn } = await import('node:child_process');
  const [command, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[
    process.platform as string
  ] ?? ['xdg-open'];
  const child = spawn(command!, [...args, url], { stdio: 'ignore', detached: true });
  // Without an opener the URL has been printed.
  child.on('error', () => {});
  child.unref();
}
