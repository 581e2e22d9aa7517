// `GET /endpoints` and `GET /metrics`. Its role may list and describe endpoints and models, and read the endpoints' and
// state machines' log groups. Environment: ENDPOINT_PREFIX, which this deployment's endpoints' names begin with.
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { readEndpoints } from '../../layers/seriatim/inspection/hosting/endpoints.ts';
import { hostingRoutes } from '../../layers/seriatim/inspection/http/hosting-routes.ts';
import { lambdaHandler, surroundings } from '../../layers/seriatim/inspection/http/lambda.ts';

const around = surroundings();
const sagemaker = new SageMakerClient({});
const prefix = process.env.ENDPOINT_PREFIX ?? 'seriatim-';

export const handler = lambdaHandler(
  hostingRoutes({
    ...around,
    readEndpoints: () => readEndpoints({ sagemaker, logs: around.logs, prefix, nowMs: Date.now() }),
    now: Date.now,
  }),
);
