// A batch that was stopped, and one that was gone on with: its Map Run is aborted, then runs as a second attempt.
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../layers/seriatim/inspection/history.ts';
import { viewOf } from '../../layers/seriatim/inspection/record.ts';
import { DESCRIPTION } from './recorded.ts';

const ARN = 'arn:aws:states:us-east-1:000000000000:mapRun:houses-batch/Chunks:1234';
const INPUT = JSON.stringify({ todo: { key: 'k', count: 1200 } });

function history(...more: [type: string, details: object][]): HistoryEvent[] {
  const all: [string, object][] = [
    ['ExecutionStarted', { input: '{}' }],
    ['MapStateEntered', { name: 'RunChunks', input: INPUT }],
    ['MapStateStarted', {}],
    ['MapRunStarted', { mapRunArn: ARN }],
    ...more,
  ];
  return all.map(([type, details], at) => ({
    id: at + 1,
    previousId: at,
    type,
    timeMs: 1_700_000_000_000 + at * 1000,
    details: details as Record<string, unknown>,
  }));
}

const STOPPED: [string, object][] = [
  ['MapRunAborted', {}],
  ['ExecutionAborted', {}],
];
const REDRIVEN: [string, object][] = [
  ['ExecutionRedriven', {}],
  ['MapRunRedriven', { mapRunArn: ARN, redriveCount: 1 }],
];

function stageOf(events: HistoryEvent[], status: 'ABORTED' | 'RUNNING' | 'SUCCEEDED') {
  const none = { running: 0, failed: 0, timedOut: 0, aborted: 0 };
  const items = { ...none, total: 85, pending: 1, succeeded: 84 };
  const description = { ...DESCRIPTION, type: 'STANDARD' as const, status };
  const view = viewOf({ events, description, mapRuns: [{ arn: ARN, status, items }] });
  return { view, stage: view.stages[0]! };
}

describe('a batch', () => {
  it('that was stopped has an aborted stage without an error', () => {
    const { stage, view } = stageOf(history(...STOPPED), 'ABORTED');

    expect(stage).toMatchObject({ name: 'RunChunks', status: 'ABORTED', durationMs: 3000, attempts: [] });
    expect(stage.error).toBeUndefined();
    expect(view.error).toMatchObject({ reported: 'ExecutionAborted' });
  });

  it('that is gone on with runs its chunks again as a second attempt', () => {
    const { stage, view } = stageOf(history(...STOPPED, ...REDRIVEN), 'RUNNING');

    expect(view).toMatchObject({ redriveCount: 1, stages: [{}] });
    expect(stage).toMatchObject({ kind: 'map', status: 'RUNNING' });
    expect(stage.attempts.map(({ number, status }) => [number, status])).toEqual([
      [1, 'ABORTED'],
      [2, 'RUNNING'],
    ]);
  });

  it('that went through then has ended its second attempt', () => {
    const end: [string, object][] = [
      ['MapRunSucceeded', {}],
      ['MapStateSucceeded', {}],
      ['MapStateExited', { name: 'RunChunks', output: '{}' }],
      ['ExecutionSucceeded', { output: '{}' }],
    ];
    const { stage } = stageOf(history(...STOPPED, ...REDRIVEN, ...end), 'SUCCEEDED');

    expect(stage.status).toBe('SUCCEEDED');
    expect(stage.attempts.map(({ status }) => status)).toEqual(['ABORTED', 'SUCCEEDED']);
  });

  it('counts all chunks that its split listed, not only those that were read so far', () => {
    const { stage } = stageOf(history(...STOPPED), 'ABORTED');

    expect(stage.mapRun!.items).toMatchObject({ total: 1200, succeeded: 84, pending: 1116 });
  });
});
