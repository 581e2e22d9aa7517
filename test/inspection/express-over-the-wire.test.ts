// Express executions read from the log service over its wire protocol, by the official client.
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInspection, type Inspection } from '../../layers/seriatim/inspection/inspection.ts';
import { readStateMachines } from '../../layers/seriatim/inspection/machines.ts';
import { failedHistory, housePricesHistory } from './house-prices.ts';
import { GROUP, type RealLog, startRealLog } from './real-log.ts';

const MACHINE = 'seriatim-dev-house-prices';
const COUNT = 700;
const nowMs = Date.now();
const machines = readStateMachines(
  JSON.stringify({
    'house-prices': {
      realTimeArn: `arn:aws:states:us-east-1:000000000000:stateMachine:${MACHINE}`,
      logGroup: GROUP,
    },
  }),
);

function arnOf(id: string): string {
  return `arn:aws:states:us-east-1:000000000000:express:${MACHINE}:${id}:11111111-1111-4111-8111-111111111111`;
}

let log: RealLog;
let inspection: Inspection;

beforeAll(async () => {
  log = await startRealLog();
  inspection = createInspection({ sfn: new SFNClient({}), logs: log.client, machines, now: () => nowMs });
  log.write(arnOf('old'), housePricesHistory(nowMs - 5 * 86_400_000));
  log.write(arnOf('failed'), failedHistory(nowMs - 60_000));
  for (let n = 0; n < COUNT; n += 1) log.write(arnOf(`n${n}`), housePricesHistory(nowMs - 30_000 + n));
});
afterAll(() => log.close());

describe('inspection over the wire', () => {
  it('pages through every execution, newest first, once each', async () => {
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await inspection.listExecutions({ limit: 200, ...(token === undefined ? {} : { token }) });
      seen.push(...page.executions.map(({ id }) => id));
      token = page.nextToken;
    } while (token !== undefined);

    const newest = Array.from({ length: COUNT }, (_, n) => `n${COUNT - 1 - n}`);
    expect(seen).toEqual([...newest, 'failed', 'old']);
  });

  it('reads one execution as its history has it', async () => {
    const view = await inspection.readExecution('n7');

    expect(view).toMatchObject({
      id: 'n7',
      arn: arnOf('n7'),
      status: 'SUCCEEDED',
      eventCount: housePricesHistory().length,
      stages: [{ name: 'Preprocess' }, { name: 'Estimate', inference: { cold: 1 } }, { name: 'Postprocess' }],
    });
    expect(await inspection.readExecution(arnOf('n7'))).toEqual(view);
  });

  it('finds an execution of days ago', async () => {
    expect(await inspection.readExecution('old')).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('lists failures alone', async () => {
    expect(await inspection.listExecutions({ status: 'FAILED' })).toMatchObject({
      executions: [{ id: 'failed', status: 'FAILED' }],
    });
  });

  it('knows nothing of an id that was never given, nor of another state machine', async () => {
    expect(await inspection.readExecution('no-such')).toBeUndefined();
    expect(await inspection.readExecution(arnOf('n7').replace(MACHINE, 'another'))).toBeUndefined();
  });
});
