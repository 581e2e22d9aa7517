// `GET /executions`: query in, page out.
import type { Inspection } from '../inspection.ts';
import { ApiError, jsonAnswer, type Routes } from './answers.ts';
import { readQuery } from './list-query.ts';

export interface ListContext {
  readonly inspection: Pick<Inspection, 'listExecutions'>;
  /** Names of all pipelines there are. */
  readonly pipelines: readonly string[];
  readonly now: () => number;
}

/** 200 with `{"executions":[…],"nextToken"?}`, 400 for a bad query, 404 for an unknown pipeline. */
export function listRoutes({ inspection, pipelines, now }: ListContext): Routes {
  return {
    'GET /executions': async ({ query }) => {
      const asked = readQuery(query, now());
      checkPipeline(asked.pipeline, pipelines);
      return jsonAnswer(200, await inspection.listExecutions(asked));
    },
  };
}

/** @throws ApiError 404 that names the known ones */
export function checkPipeline(pipeline: string | undefined, known: readonly string[]): void {
  if (pipeline === undefined || known.includes(pipeline)) return;
  const there = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`;
  throw new ApiError(404, 'PipelineNotFound', `There is no pipeline "${pipeline}": ${there}.`);
}
