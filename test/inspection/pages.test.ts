// Lists of executions as pages: queries, tokens, and several sources as one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getExecution } from '../../functions/get-execution/get.ts';
import { listExecutions } from '../../functions/list-executions/list.ts';
import { readQuery } from '../../functions/list-executions/query.ts';
import { parseExecutionArn, pipelineOf } from '../../layers/seriatim/inspection/arn.ts';
import type { Inspection } from '../../layers/seriatim/inspection/inspection.ts';
import { readStateMachines } from '../../layers/seriatim/inspection/machines.ts';
import { mergeNewest } from '../../layers/seriatim/inspection/merge.ts';
import { readToken, writeToken } from '../../layers/seriatim/inspection/page-token.ts';
import type { ExecutionSummary } from '../../layers/seriatim/inspection/view.ts';

const NOW = Date.parse('2026-11-22T18:00:00.000Z');

function summary(id: string, startMs: number): ExecutionSummary {
  const start = new Date(startMs).toISOString();
  return { id, arn: `arn:${id}`, pipeline: 'p', type: 'EXPRESS', status: 'SUCCEEDED', start };
}

async function* inOrder(list: readonly ExecutionSummary[]): AsyncGenerator<ExecutionSummary> {
  yield* list;
}

describe('several lists as one', () => {
  it('are newest first, with nothing lost', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 4 }), async (lists) => {
        const sources = lists.map((list, n) =>
          list.sort((a, b) => b - a).map((time, at) => summary(`${n}-${at}`, NOW + time)),
        );
        const merged: ExecutionSummary[] = [];

        for await (const each of mergeNewest(sources.map(inOrder))) merged.push(each);

        expect(new Set(merged)).toEqual(new Set(sources.flat()));
        expect(merged.map(({ start }) => start)).toEqual(
          merged
            .map(({ start }) => start!)
            .sort()
            .reverse(),
        );
      }),
    );
  });
});

describe('a token', () => {
  it('remembers all that started in the last millisecond, over several pages', () => {
    const first = writeToken([summary('a', NOW + 1), summary('b', NOW)], undefined);
    const second = writeToken([summary('c', NOW)], readToken(first));

    expect(readToken(first)).toEqual({ untilMs: NOW, seen: ['arn:b'] });
    expect(readToken(second)).toEqual({ untilMs: NOW, seen: ['arn:b', 'arn:c'] });
  });

  it.each(['', 'nonsense', Buffer.from('{"untilMs":"x"}').toString('base64url')])('refuses %j', (token) => {
    expect(() => readToken(token)).toThrow(RangeError);
  });
});

describe('GET /executions', () => {
  const asked: unknown[] = [];
  const inspection: Inspection = {
    listExecutions: async (query) => {
      asked.push(query);
      if (query?.token !== undefined) readToken(query.token);
      return { executions: [] };
    },
    readExecution: async () => undefined,
  };
  const context = { inspection, pipelines: ['house-prices'], nowMs: NOW };

  it('hands the query on, its words turned into values', async () => {
    const parameters = { pipeline: 'house-prices', status: 'failed', limit: '7', since: '2h' };

    const answer = await listExecutions(context, parameters);

    expect(answer).toMatchObject({ statusCode: 200, body: '{"executions":[]}' });
    expect(asked.at(-1)).toEqual({
      pipeline: 'house-prices',
      status: 'FAILED',
      limit: 7,
      sinceMs: NOW - 7_200_000,
    });
  });

  it.each<Record<string, string>>([
    { limit: '0' },
    { limit: '1001' },
    { limit: 'ten' },
    { status: 'DONE' },
    { since: 'yesterday' },
    { token: 'made-up' },
    { colour: 'red' },
  ])('answers 400 to %j, naming the parameter', async (parameters) => {
    const answer = await listExecutions(context, parameters);

    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'InvalidQuery' } });
    expect(answer.body).toContain(Object.keys(parameters)[0]);
  });

  it('answers 404 to an unknown pipeline, naming the known', async () => {
    const answer = await listExecutions(context, { pipeline: 'no-such' });

    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain('house-prices');
  });

  it('takes a time in ISO 8601', () => {
    expect(readQuery({ since: '2026-11-22T17:00:00Z' }, NOW)).toEqual({ sinceMs: NOW - 3_600_000 });
  });
});

describe('GET /executions/{id}', () => {
  const found: Inspection = {
    listExecutions: async () => ({ executions: [] }),
    readExecution: async (id) => ({ ...summary(id, NOW), stages: [], eventCount: 0 }),
  };
  const arn = 'arn:aws:states:us-east-1:000000000000:express:m:name:id';

  it.each([
    ['name', 'name'],
    [arn, arn],
    [encodeURIComponent(arn), arn],
  ])('finds %s', async (parameter, id) => {
    expect(JSON.parse((await getExecution(found, parameter)).body)).toMatchObject({ id });
  });

  it.each(['', 'a b', 'a/../b', '%', 'arn:aws:s3:::bucket', 'x'.repeat(81)])(
    'answers 400 to %j',
    async (id) => {
      expect((await getExecution(found, id)).statusCode).toBe(400);
    },
  );

  it('answers 404 when there is none', async () => {
    const none = { ...found, readExecution: async () => undefined };

    expect(await getExecution(none, 'no-such')).toMatchObject({ statusCode: 404 });
  });
});

describe('names', () => {
  it.each([
    ['arn:aws:states:us-east-1:1:execution:m:n', { type: 'STANDARD', stateMachineName: 'm', id: 'n' }],
    ['arn:aws:states:us-east-1:1:express:m:n:u', { type: 'EXPRESS', stateMachineName: 'm', id: 'n' }],
    ['arn:aws:states:us-east-1:1:express:m/Csv:n:u', { stateMachineName: 'm', mapRunLabel: 'Csv', id: 'n' }],
  ])('reads %s', (arn, expected) => {
    expect(parseExecutionArn(arn)).toMatchObject(expected);
  });

  it('knows the pipeline of a state machine', () => {
    expect(pipelineOf('seriatim-dev-house-prices')).toBe('house-prices');
    expect(pipelineOf('seriatim-prod-house-prices-batch')).toBe('house-prices');
  });

  it('reads STATE_MACHINES as the template sets it', () => {
    const variable = '{"p":{ "realTimeArn":"arn:r", "batchArn":"arn:b","logGroup":"g","batchLogGroup":"h"}}';

    expect(readStateMachines(variable)).toEqual([
      { pipeline: 'p', arn: 'arn:r', type: 'EXPRESS', logGroup: 'g' },
      { pipeline: 'p', arn: 'arn:b', type: 'STANDARD', logGroup: 'h' },
    ]);
    expect(() => readStateMachines('{"p":1}')).toThrow(TypeError);
    expect(() => readStateMachines(undefined)).toThrow(TypeError);
  });
});
