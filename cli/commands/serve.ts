// `seriatim serve <artefact>`: one model served at once by the inference container, in this process.
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('serve')
    .description('Serve one model: a model.tar.gz, a folder or a bare .onnx file')
    .argument('<artefact>', 'what to serve')
    .option('-p, --port <port>', 'port on 127.0.0.1; 0 takes a free one', '8080')
    .action(async (path: string, options: { port: string }) => {
      const { serve } = await import('../../container/tools/actions.ts');
      await serve(path, options);
    });
}
