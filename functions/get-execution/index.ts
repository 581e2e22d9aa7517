// `GET /executions/{id}` and what lies below it: one execution without its payloads. The id is an execution's name, or
// its ARN with its colons and slashes percent-encoded. Its role may read histories, definitions, Map Runs and the state
// machines' log groups. A long history takes several calls: 29 seconds of timeout.
import { lambdaHandler, surroundings } from '../../layers/seriatim/inspection/http/lambda.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';

export const handler = lambdaHandler(viewRoutes(surroundings()));
