// Where the commands read: the HTTP API, AWS itself by a profile or AWS_ENDPOINT_URL, or a history in a file.
import type { Command } from 'commander';
import { CommandError } from '../http-api.ts';
import { type Api, apiOver } from './api.ts';

export interface SourceFlags {
  readonly url?: string;
  readonly aws?: boolean;
  readonly profile?: string;
  readonly region?: string;
  readonly prefix?: string;
  readonly history?: string;
}

/** The options by which every command of inspection is told where to read. */
export function withSource(command: Command, { offline = false } = {}): Command {
  command
    .option('--url <url>', 'the HTTP API (http://127.0.0.1:$SERIATIM_HTTP_PORT, else port 3000)')
    .option('--aws', 'read AWS itself; also when AWS_ENDPOINT_URL is set')
    .option('--profile <name>', 'read AWS itself, by this profile')
    .option('--region <region>', 'of AWS')
    .option('--prefix <prefix>', 'of the state machines’ names on AWS (seriatim-)');
  return offline ? command.option('--history <file>', 'read an exported history, offline') : command;
}

/** @throws CommandError */
export async function openSource(flags: SourceFlags): Promise<Api> {
  if (flags.history !== undefined) {
    const { fileRoutes } = await import('./file-source.ts');
    return local(await fileRoutes(flags.history));
  }
  if (readsAws(flags)) {
    const { awsRoutes } = await import('./aws-source.ts');
    return local(await awsRoutes(flags));
  }
  const { askHttp } = await import('./http-source.ts');
  return apiOver(askHttp(flags.url));
}

export function readsAws({ url, aws, profile }: SourceFlags): boolean {
  return (
    url === undefined && (aws === true || profile !== undefined || Boolean(process.env.AWS_ENDPOINT_URL))
  );
}

async function local(
  routes: import('../../layers/seriatim/inspection/http/answers.ts').Routes,
): Promise<Api> {
  const { askRoutes } = await import('./ask-routes.ts');
  return apiOver(askRoutes(routes));
}

/** With `--history` the file has one execution, and its id may be left out. */
export function idOf(id: string | undefined, { history }: SourceFlags): string {
  if (id !== undefined) return id;
  if (history !== undefined) return 'history';
  throw new CommandError('Which execution? Give its id, as the list has it, or its ARN.', 2);
}
