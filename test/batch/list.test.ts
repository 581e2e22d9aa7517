// The list of runs: pipelines that are left out have none, and a failed run tells what its manifest says.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRuns } from '../../functions/batches/list.ts';
import { type Running, serveJson, serveS3, useEndpoint } from '../functions/servers.ts';

const machinePrefix = 'arn:aws:states:us-east-1:000000000000:stateMachine:seriatim-dev-';
const arnOf = (name: string) =>
  `${machinePrefix.replace(':stateMachine:', ':execution:')}house-prices-batch:${name}`;
const error = { stage: 'WritePart', code: 'TooManyFailures', message: 'At least 3 of 9 records failed.' };

describe('the list of runs', () => {
  let s3: Awaited<ReturnType<typeof serveS3>>;
  let states: Running;
  let restore: () => void;
  beforeAll(async () => {
    s3 = await serveS3();
    await s3.s3.createBucket('batch');
    states = await serveJson(({ operation, body }) => {
      if (operation === 'DescribeExecution')
        return {
          status: 200,
          body: {
            status: 'FAILED',
            startDate: 1,
            error: 'States.ExceedToleratedFailureThreshold',
            cause: 'x',
          },
        };
      if (!body.includes('house-prices-batch'))
        return { status: 400, body: { __type: 'StateMachineDoesNotExist', message: 'no' } };
      const executions = ['told', 'older-r2'].map((name, i) => ({
        name,
        status: 'FAILED',
        startDate: 9 - i,
      }));
      return { status: 200, body: { executions } };
    });
    restore = useEndpoint(s3.url);
    process.env.AWS_ENDPOINT_URL_SFN = states.url;
  });
  afterAll(async () => {
    restore();
    delete process.env.AWS_ENDPOINT_URL_SFN;
    await states.close();
    await s3.close();
  });

  it('leaves out pipelines without a machine, and says of a failed start what its own manifest says', async () => {
    for (const [id, start] of [
      ['told', 'told'],
      ['older', 'older'],
    ])
      await s3.s3.putObject(
        { bucket: 'batch', key: `house-prices/work/${id}/manifest.json` },
        JSON.stringify({ executionArn: arnOf(start!), error }),
        {},
      );

    const { body } = await listRuns({}, { bucket: 'batch', machinePrefix });

    expect(body).toMatchObject({
      batches: [
        { id: 'told', error: { code: 'TooManyFailures', message: error.message } },
        { id: 'older', error: { code: 'ExecutionFailed' } },
      ],
    });
  });
});
