// `POST /executions/{id}/rerun`, `…/redrive` and `…/stop`. Its role may start, redrive and stop executions of the
// pipelines, and create the state machines that reruns derive from theirs.
import { lambdaHandler, surroundings } from '../../layers/seriatim/inspection/http/lambda.ts';
import { operateRoutes } from '../../layers/seriatim/inspection/http/operate-routes.ts';
import { createOperator } from '../../layers/seriatim/inspection/operate/operate.ts';

const { inspection, sfn } = surroundings();

export const handler = lambdaHandler(operateRoutes({ inspection, operator: createOperator(sfn, Date.now) }));
