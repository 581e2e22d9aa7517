// The inspection routes over one history in a file: what `seriatim export` wrote, what `aws stepfunctions
// get-execution-history` printed, or lines of a log group.
import { readFile } from 'node:fs/promises';
import { readHistoryFile } from '../../layers/seriatim/inspection/exported.ts';
import type { Routes } from '../../layers/seriatim/inspection/http/answers.ts';
import { listRoutes } from '../../layers/seriatim/inspection/http/list-routes.ts';
import { objectReaders } from '../../layers/seriatim/inspection/http/objects.ts';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';
import { readRedactor } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { viewOf } from '../../layers/seriatim/inspection/record.ts';
import { CommandError } from '../http-api.ts';
import { decodeImage } from './decode-image.ts';

/** What the execution in a file is called where its id is left out. */
export const THE_ONE = 'history';

/** @throws CommandError for a file that is no history */
export async function fileRoutes(file: string): Promise<Routes> {
  const text = await readFile(file, 'utf8').catch((thrown: Error) => {
    throw new CommandError(`${file} cannot be read: ${thrown.message}`);
  });
  const record = readHistoryFile(text);
  if (record === undefined) throw new CommandError(`${file} holds no history of an execution.`);
  const redactor = readRedactor(process.env.SERIATIM_REDACT);
  const inspection = {
    readRecord: async (id: string) =>
      [THE_ONE, record.description.id, record.description.arn].includes(id) ? record : undefined,
    listChildren: async () => ({ mapRuns: [], children: [], errors: [] }),
    listExecutions: async () => ({ executions: [viewOf(record)] }),
  };
  return {
    ...listRoutes({ inspection, pipelines: [record.description.pipeline ?? ''], now: Date.now }),
    ...viewRoutes({ inspection, redactor }),
    ...payloadRoutes({ inspection, redactor, ...objectReaders(), decodeImage }),
  };
}
