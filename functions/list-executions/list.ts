// The work of `GET /executions`: query in, answer out.
import { errorAnswer, type HttpAnswer, jsonAnswer } from '../../layers/seriatim/inspection/answers.ts';
import type { Inspection } from '../../layers/seriatim/inspection/inspection.ts';
import { readQuery } from './query.ts';

export interface ListContext {
  readonly inspection: Inspection;
  /** Names of all pipelines there are. */
  readonly pipelines: readonly string[];
  readonly nowMs: number;
}

/** 200 with `{"executions":[…],"nextToken"?}`, 400 for a bad query, 404 for an unknown pipeline. */
export async function listExecutions(
  { inspection, pipelines, nowMs }: ListContext,
  parameters: Readonly<Record<string, string | undefined>>,
): Promise<HttpAnswer> {
  try {
    const query = readQuery(parameters, nowMs);
    if (query.pipeline !== undefined && !pipelines.includes(query.pipeline)) {
      const known = pipelines.length === 0 ? 'there are none' : `there are ${pipelines.join(', ')}`;
      return errorAnswer(404, 'PipelineNotFound', `There is no pipeline "${query.pipeline}": ${known}.`);
    }
    return jsonAnswer(200, await inspection.listExecutions(query));
  } catch (thrown) {
    if (thrown instanceof RangeError) return errorAnswer(400, 'InvalidQuery', thrown.message);
    throw thrown;
  }
}
