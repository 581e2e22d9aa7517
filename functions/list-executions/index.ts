// `GET /executions?pipeline=&status=&since=&until=&error=&stage=&limit=&token=`: the executions of all pipelines, newest
// first. Its role may call states:ListExecutions and states:DescribeExecution on the batch machines,
// states:ListStateMachines, and logs:FilterLogEvents on the state machines' log groups.
import { lambdaHandler, surroundings } from '../../layers/seriatim/inspection/http/lambda.ts';
import { listRoutes } from '../../layers/seriatim/inspection/http/list-routes.ts';

export const handler = lambdaHandler(listRoutes({ ...surroundings(), now: Date.now }));
