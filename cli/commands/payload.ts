// `seriatim payload <id> [stage]`: what went into an execution or a stage, or came out, drawn by its content type or
// written to a file as it is.
import type { Command } from 'commander';
import type { RenderedPayload } from '../../layers/seriatim/inspection/api.ts';
import { usageError, withExitCodes } from '../exit.ts';
import { type Api, executionPath } from '../inspect/api.ts';
import { idOf, openSource, type SourceFlags, withSource } from '../inspect/source.ts';

interface Flags extends SourceFlags {
  readonly in?: boolean;
  readonly out?: boolean;
  readonly visit?: string;
  readonly attempt?: string;
  readonly claim?: string;
  readonly part?: string;
  readonly output?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = withExitCodes(program.command('payload'))
    .description('Show what went into an execution or a stage, or came out')
    .argument('<id>', "the execution's id, or its ARN; with --history it may be left out")
    .argument('[stage]', "a stage's name; the execution itself unless given")
    .option('--in', 'what went in')
    .option('--out', 'what came out (unless told)')
    .option('--visit <number>', 'of a stage that was entered several times; the last unless told')
    .option('--attempt <number>', "of one attempt, by its place in the stage's list, from 1")
    .option('--claim <path>', 'fetch the claim at this path, and draw what it holds')
    .option('--part <path>', 'with -o: the part at this path')
    .option('-o, --output <file>', 'write the bytes to a file; - for standard output')
    .option('--json', 'one JSON object: the payload as the page draws it')
    .addHelpText(
      'after',
      '\nExit codes: 0 shown, 1 not reached, 2 wrong usage, 3 no such payload, 4 not allowed.',
    );
  withSource(command, { offline: true }).action((id: string, stage: string | undefined, flags: Flags) => {
    if (flags.in && flags.out) usageError(command, 'give one of --in and --out');
    return run(id, stage, flags);
  });
}

async function run(asked: string, named: string | undefined, flags: Flags): Promise<void> {
  const api = await openSource(flags);
  const isStage = named === undefined && (await isStageOfFile(api, asked, flags));
  const id = idOf(asked === '-' || isStage ? undefined : asked, flags);
  const stage = isStage ? asked : named;
  const { visit, attempt, claim, part, output } = flags;
  const address = { stage, side: flags.in ? 'in' : 'out', visit, attempt };
  if (output !== undefined) {
    const content = await api.bytes(executionPath('payloads', id, '/content'), {
      ...address,
      part: part ?? claim,
    });
    await write(output, content.body);
    return;
  }
  const rendered = await api.get<RenderedPayload>(executionPath('payloads', id, '/rendered'), {
    ...address,
    claim,
  });
  const { payloadText } = await import('../format/payload.ts');
  console.log(flags.json ? JSON.stringify(rendered) : payloadText(rendered));
}

/** A file has one execution: what is not its name is the name of a stage. */
async function isStageOfFile(api: Api, asked: string, { history }: Flags): Promise<boolean> {
  if (history === undefined || asked === '-') return false;
  return api.get(executionPath('executions', asked)).then(
    () => false,
    () => true,
  );
}

async function write(file: string, body: Buffer): Promise<void> {
  if (file === '-') {
    process.stdout.write(body);
    return;
  }
  const { writeFile } = await import('node:fs/promises');
  await writeFile(file, body);
  console.error(`${file}: ${body.length} bytes`);
}
