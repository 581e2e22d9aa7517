// The work of `GET /executions/{id}`: id in, answer out.

import { errorAnswer, type HttpAnswer, jsonAnswer } from '../../layers/seriatim/inspection/answers.ts';
import { parseExecutionArn } from '../../layers/seriatim/inspection/arn.ts';
import type { Inspection } from '../../layers/seriatim/inspection/inspection.ts';

/** What an execution's name may be: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

/** 200 with the view, 400 for what cannot be an id, 404 for an execution that does not exist. */
export async function getExecution(inspection: Inspection, pathParameter: string): Promise<HttpAnswer> {
  const id = decode(pathParameter);
  if (id === undefined || (!NAME.test(id) && parseExecutionArn(id) === undefined)) {
    return errorAnswer(
      400,
      'InvalidQuery',
      "The id must be an execution's name or its ARN, percent-encoded.",
    );
  }
  const view = await inspection.readExecution(id);
  return view === undefined
    ? errorAnswer(404, 'ExecutionNotFound', `There is no execution "${id}" in the last 14 days.`)
    : jsonAnswer(200, view);
}

/** API Gateway decodes path parameters once; an ARN may come encoded twice. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
