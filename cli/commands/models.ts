// `seriatim models pack | inspect | invoke`: artefacts of models, made, looked into and called.
import type { Command } from 'commander';
import type { InspectCommand, InvokeCommand } from '../../container/tools/actions.ts';

export function register(program: Command): void {
  const models = program.command('models').description('Pack, inspect and invoke artefacts of models');
  models
    .command('pack')
    .description('Make a model.tar.gz with a manifest: the same bytes for the same files')
    .argument('<source>', 'folder or .onnx file')
    .requiredOption('-o, --output <file>', 'the archive to write')
    .action(async (source: string, options: { output: string }) => (await actions()).pack(source, options));
  models
    .command('inspect')
    .description('Show inputs, outputs, size, opset and provider, and hold the files against their checksums')
    .argument('<artefact>', 'model.tar.gz, folder or .onnx file')
    .option('--json', 'as JSON')
    .option('--providers <list>', 'execution providers to try, in order', 'cpu')
    .action(async (path: string, options: InspectCommand) => (await actions()).inspect(path, options));
  models
    .command('invoke')
    .description('Send a file to a served model')
    .argument('<file>', 'the request: .json, .jsonl, .csv, .npy, .npz, .png, .jpg or .webp')
    .option('--url <url>', 'where it is served', 'http://127.0.0.1:8080/invocations')
    .option('--content-type <type>', 'instead of what the name of the file tells')
    .option('--accept <type>', 'the format of the answer', '*/*')
    .option('-o, --output <file>', 'write the answer there')
    .action(async (file: string, options: InvokeCommand) => (await actions()).invoke(file, options));
}

const actions = () => import('../../container/tools/actions.ts');
