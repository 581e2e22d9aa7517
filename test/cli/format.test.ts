// What the commands print, as text.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executionsTable } from '../../cli/format/executions.ts';
import { stageTimes } from '../../cli/format/server-timing.ts';
import { formatBytes, formatMs, shorten, table, wrap } from '../../cli/format/text.ts';
import { waterfall } from '../../cli/format/waterfall.ts';
import { foldExecution } from '../../layers/seriatim/inspection/fold.ts';
import type { ExecutionSummary } from '../../layers/seriatim/inspection/view.ts';
import { failedHistory, housePricesHistory } from '../inspection/house-prices.ts';
import { DESCRIPTION, RECORDED_NAMES, recorded } from '../inspection/recorded.ts';

describe('a waterfall', () => {
  const histories = [
    ...RECORDED_NAMES.map((name) => recorded(name).events),
    housePricesHistory(),
    failedHistory(),
  ];

  it('fits 100 columns, whatever was recorded and wherever it breaks off', () => {
    for (const events of histories) {
      for (let length = 0; length <= events.length; length += 1) {
        const lines = waterfall(foldExecution(events.slice(0, length), DESCRIPTION)).split('\n');

        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(100);
      }
    }
  });

  it('shows the bars in the order and place of the stages', () => {
    const bars = waterfall(foldExecution(housePricesHistory(), DESCRIPTION))
      .split('\n')
      .map((line) => /[·█]{30}/.exec(line)?.[0])
      .filter((bar) => bar !== undefined);

    expect(bars).toHaveLength(3);
    expect(bars.map((bar) => bar.indexOf('█'))).toEqual([0, 0, 29]);
    expect(bars[1]!.split('█').length - 1).toBeGreaterThan(25);
  });

  it('lists the attempts of a stage that needed more than one, with the wait between', () => {
    const text = waterfall(foldExecution(recorded('retried-and-caught').events, DESCRIPTION));

    expect(text.match(/attempt \d/g)).toEqual(['attempt 1', 'attempt 2', 'attempt 3', 'attempt 4']);
    expect(text).toContain('then waited 10 ms');
  });

  it('keeps the wait and the policy beside a long error', () => {
    const view = foldExecution(recorded('retried-and-caught').events, DESCRIPTION);
    const stages = view.stages.map((stage) => ({
      ...stage,
      attempts: stage.attempts.map((attempt) => ({
        ...attempt,
        target: 'a-function-with-a-rather-long-name',
        error: { code: 'EndpointUnavailable', message: 'x'.repeat(200) },
        waitMs: 10,
        policy: {
          intervalSeconds: 1,
          backoffRate: 2,
          maxAttempts: 3,
          decision: 'retried' as const,
          errorEquals: [],
        },
      })),
    }));
    const text = waterfall({ ...view, stages } as typeof view);

    expect(text).toContain('then waited 10 ms');
    expect(text).toContain('(policy 1 s × 2, at most 3)');
    for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(100);
  });

  it('names the states inside a stage, and the execution of a nested pipeline', () => {
    const view = foldExecution(housePricesHistory(), DESCRIPTION);
    const [stage] = view.stages;
    const [attempt] = stage!.attempts;
    const ExecutionArn = 'arn:aws:states:us-east-1:0:express:m:771198f6:9f5ce248';
    const of = (change: object): string =>
      waterfall({ ...view, stages: [{ ...stage!, attempts: [{ ...attempt!, ...change }] }] });

    expect(of({ state: 'FindChurn', status: 'FAILED' })).toMatch(/✗ FindChurn attempt 1 {2}/);
    expect(of({ output: { ExecutionArn } })).toMatch(/✓ attempt 1 {2}\S+ ms {2}execution 771198f6\n/);
  });
});

describe('a table of executions', () => {
  const of = (more: object): ExecutionSummary => ({
    id: '01a2059d-af1f-7ee9-ac2e-5c7bae8dedf1',
    arn: 'arn:aws:states:us-east-1:0:execution:seriatim-dev-diabetes-progression-batch-rerun-0123abcd:x',
    pipeline: 'diabetes-progression',
    type: 'STANDARD',
    status: 'SUCCEEDED',
    start: '2026-11-22T17:00:00.123Z',
    durationMs: 1234,
    ...more,
  });

  it('fits 100 columns with long names and long errors', () => {
    const failure = { code: 'EndpointUnavailable', stage: 'AVeryLongNameOfAStageThatSomebodyGave' };
    const text = executionsTable([of({ failure }), of({ id: `street-${'x'.repeat(60)}` })]);

    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).toContain('EndpointUnavailable in AVeryLongName');
  });

  it('calls a rerun that', () => {
    expect(executionsTable([of({})])).toContain('rerun');
    expect(executionsTable([of({ arn: 'arn:aws:states:us-east-1:0:execution:houses-batch:x' })])).toContain(
      'batch',
    );
  });
});

describe('text', () => {
  it('is never longer than asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect([...shorten(text, width)].length).toBeLessThanOrEqual(width);
        for (const line of wrap(text, width)) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('wraps without losing a word', () => {
    expect(wrap('a model refused the body', 10)).toEqual(['a model', 'refused', 'the body']);
    expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  });

  it.each([
    [undefined, '–'],
    [0.114, '0.11 ms'],
    [21.3, '21 ms'],
    [1250, '1.25 s'],
    [125_000, '2 m 05 s'],
    [3_720_000, '1 h 02 m'],
  ])('writes %s ms as %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it.each([
    [999, '999 B'],
    [3400, '3.4 KB'],
    [1_200_000, '1.2 MB'],
  ])('writes %s bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('lines up the columns of a table', () => {
    expect(table(['A', 'B'], [['long', 'x']])).toBe('A     B\nlong  x');
  });

  it('reads Server-Timing', () => {
    expect(stageTimes('Preprocess;dur=1.5;desc="x", Estimate')).toEqual([
      { name: 'Preprocess', durationMs: 1.5 },
      { name: 'Estimate', durationMs: undefined },
    ]);
  });
});
