// `GET /payloads/…`: what only those may see who may read payloads. Its role may do what `get-execution` may, and read
// the objects of the buckets in CLAIM_BUCKET and BATCH_BUCKET, and the log groups of functions and endpoints.
import { lambdaHandler, surroundings } from '../../layers/seriatim/inspection/http/lambda.ts';
import { logRoutes } from '../../layers/seriatim/inspection/http/log-routes.ts';
import { objectReaders } from '../../layers/seriatim/inspection/http/objects.ts';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';

const buckets = [process.env.CLAIM_BUCKET, process.env.BATCH_BUCKET].filter((bucket) => bucket !== undefined);

const around = surroundings();

export const handler = lambdaHandler({
  ...payloadRoutes({ ...around, ...objectReaders(buckets) }),
  ...logRoutes({ ...around, now: Date.now }),
});
