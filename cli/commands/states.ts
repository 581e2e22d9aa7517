// `seriatim states`: the Step Functions engine alone, with S3 and its log groups on the same port. Lambda calls go to a URL that speaks
// Lambda's Invoke API.
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('states')
    .description('run the Step Functions engine alone, with S3 and its log groups on the same port')
    .option('--port <port>', 'port of the AWS APIs', '8083')
    .option('--lambda-endpoint <url>', 'where Lambda invocations are sent')
    .option('--folder <folder>', 'where state is kept; a temporary folder unless told')
    .action(async (options: { port: string; lambdaEndpoint?: string; folder?: string }) => {
      const { serveStates } = await import('../../local/states/standalone.ts');
      await serveStates({
        port: Number(options.port),
        lambdaEndpoint: options.lambdaEndpoint,
        folder: options.folder,
      });
    });
}
