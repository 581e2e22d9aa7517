// A child of a batch: which models answered its records, and which execution it belongs to.
import type { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { waterfall } from '../../cli/format/waterfall.ts';
import { foldExecution } from '../../layers/seriatim/inspection/fold.ts';
import { findParent } from '../../layers/seriatim/inspection/parent.ts';
import type { ExecutionRecord } from '../../layers/seriatim/inspection/record.ts';

const ARN = 'arn:aws:states:us-east-1:000000000000:express:houses-batch/Chunks:child:1';
const START = 1_700_000_000_000;
const RUN = { id: 'street', name: 'street.csv', attempt: 1 };
const INPUT = JSON.stringify({ task: { run: RUN } });

function record(): ExecutionRecord {
  const event = (id: number, type: string, details: object) => ({
    id,
    previousId: id - 1,
    type,
    timeMs: START + id,
    details: details as Record<string, unknown>,
  });
  const Payload = { stage: 'Estimate', endpointName: 'houses', groups: {} };
  const models = [
    {
      stage: 'Estimate',
      variant: 'V',
      targetModel: 'A.tar.gz',
      artefacts: [{ sha256: 'f0' }, { sha256: 'aa' }],
      records: 3,
    },
    { stage: 'Estimate', variant: 'V', targetModel: 'B.tar.gz', artefacts: [{ sha256: 'bb' }], records: 5 },
  ];
  const task = { resourceType: 'lambda', resource: 'invoke' };
  const parameters = JSON.stringify({ FunctionName: 'invoke-records', Payload });
  const events = [
    event(1, 'ExecutionStarted', { input: INPUT }),
    event(2, 'TaskStateEntered', { name: 'Estimate', input: INPUT }),
    event(3, 'TaskScheduled', { ...task, parameters }),
    event(4, 'TaskSucceeded', { ...task, output: JSON.stringify({ Payload: { models } }) }),
    event(5, 'TaskStateExited', { name: 'Estimate', output: '{}' }),
    event(6, 'ExecutionSucceeded', { output: '{}' }),
  ];
  const description = { id: 'child', arn: ARN, type: 'EXPRESS' as const, stateMachineName: 'houses-batch' };
  return { events, description, mapRuns: [] };
}

describe('a child of a batch', () => {
  it('tells endpoint, variant, models, checksums and the records of each', () => {
    const { events, description } = record();
    const view = foldExecution(events, description);
    const [stage] = view.stages;

    expect(stage).toMatchObject({ kind: 'inference' });
    expect(stage!.inference).toMatchObject({
      endpoint: 'houses',
      variants: ['V'],
      targetModels: ['A.tar.gz', 'B.tar.gz'],
      checksums: ['aa', 'bb'],
    });
    expect(stage!.attempts[0]!.inference!.marks.map(({ records }) => records)).toEqual([3, 5]);
    expect(waterfall(view)).toContain('B.tar.gz: 5 records');
  });

  it('is called a child, with its parent beside it', () => {
    const { events, description } = record();
    const parentArn = 'arn:aws:states:us-east-1:000000000000:execution:houses-batch:street-1';
    const view = foldExecution(events, { ...description, parentArn });

    expect(view.parent).toMatchObject({ mapRunLabel: 'Chunks', execution: parentArn });
    expect(waterfall(view)).toMatch(/\(child\)[\s\S]*child of street-1/);
  });

  it('belongs to the execution that ran then with the same run', async () => {
    const listed = (name: string, from: number, to: number) => ({
      executionArn: name,
      startDate: new Date(START + from),
      stopDate: new Date(START + to),
    });
    const executions = [listed('other', -10, 100), listed('before', -900, -500), listed('mine', -20, 90)];
    const sfn = {
      send: async (command: { constructor: { name: string }; input: { executionArn?: string } }) =>
        command.constructor.name === 'ListExecutionsCommand'
          ? { executions }
          : { input: JSON.stringify(command.input.executionArn === 'mine' ? RUN : { ...RUN, id: 'x' }) },
    } as unknown as SFNClient;

    expect(await findParent(sfn, record(), 'arn')).toBe('mine');
  });
});
