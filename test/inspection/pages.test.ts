// Lists of executions as pages: queries, tokens, and several sources as one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExecutionArn, pipelineOf } from '../../layers/seriatim/inspection/arn.ts';
import { answerRoute, jsonAnswer } from '../../layers/seriatim/inspection/http/answers.ts';
import { readQuery } from '../../layers/seriatim/inspection/http/list-query.ts';
import { listRoutes } from '../../layers/seriatim/inspection/http/list-routes.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';
import type { Inspection } from '../../layers/seriatim/inspection/inspection.ts';
import { readStateMachines } from '../../layers/seriatim/inspection/machines.ts';
import { mergeNewest } from '../../layers/seriatim/inspection/merge.ts';
import { readToken, writeToken } from '../../layers/seriatim/inspection/page-token.ts';
import { NO_REDACTION } from '../../layers/seriatim/inspection/payloads/redact.ts';
import type { ExecutionRecord } from '../../layers/seriatim/inspection/record.ts';
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
  const inspection: Pick<Inspection, 'listExecutions'> = {
    listExecutions: async (query) => {
      asked.push(query);
      if (query?.token !== undefined) readToken(query.token);
      return { executions: [] };
    },
  };
  const routes = listRoutes({ inspection, pipelines: ['house-prices'], now: () => NOW });
  const listExecutions = (query: Record<string, string>) =>
    answerRoute(routes, 'GET /executions', { parameters: {}, query });

  it('hands the query on, its words turned into values', async () => {
    const parameters = { pipeline: 'house-prices', status: 'failed', limit: '7', since: '2h' };

    const answer = await listExecutions(parameters);

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
    { until: 'tomorrow' },
    { stage: '' },
    { token: 'made-up' },
    { colour: 'red' },
  ])('answers 400 to %j, naming the parameter', async (parameters) => {
    const answer = await listExecutions(parameters);

    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'InvalidQuery' } });
    expect(answer.body).toContain(Object.keys(parameters)[0]);
  });

  it('answers 404 to an unknown pipeline, naming the known', async () => {
    const answer = await listExecutions({ pipeline: 'no-such' });

    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain('house-prices');
  });

  it('takes a time in ISO 8601', () => {
    expect(readQuery({ since: '2026-11-22T17:00:00Z' }, NOW)).toEqual({ sinceMs: NOW - 3_600_000 });
  });
});

describe('GET /executions/{id}', () => {
  const arn = 'arn:aws:states:us-east-1:000000000000:express:m:name:id';
  const answer = (id: string, readRecord: (id: string) => Promise<ExecutionRecord | undefined> = found) => {
    const listChildren = async () => ({ mapRuns: [], children: [], errors: [] });
    const routes = viewRoutes({ inspection: { readRecord, listChildren }, redactor: NO_REDACTION });
    return answerRoute(routes, 'GET /executions/{id}', { parameters: { id }, query: {} });
  };

  async function found(id: string): Promise<ExecutionRecord> {
    const description = { id, arn: id, type: 'EXPRESS' as const, stateMachineName: 'm' };
    return { events: [], description, mapRuns: [] };
  }

  it.each([
    ['name', 'name'],
    [arn, arn],
    [encodeURIComponent(arn), arn],
  ])('finds %s', async (parameter, id) => {
    expect(JSON.parse((await answer(parameter)).body)).toMatchObject({ id });
  });

  it.each(['', 'a b', 'a/../b', '%', 'arn:aws:s3:::bucket', 'x'.repeat(81)])(
    'answers 400 to %j',
    async (id) => {
      expect((await answer(id)).statusCode).toBe(400);
    },
  );

  it('answers 404 when there is none', async () => {
    expect(await answer('no-such', async () => undefined)).toMatchObject({ statusCode: 404 });
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
    expect(pipelineOf('seriatim-dev-house-prices-batch-rerun-0a1b2c3d')).toBe('house-prices');
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

describe('an answer that the caller has', () => {
  const routes = { 'GET /it': async () => jsonAnswer(200, { a: 1 }) };
  const ask = (ifNoneMatch?: string) =>
    answerRoute(routes, 'GET /it', { parameters: {}, query: {}, ifNoneMatch });

  it('is not sent again', async () => {
    const { headers } = await ask();

    expect(await ask(`W/"other", ${headers.etag}`)).toMatchObject({ statusCode: 304, body: '' });
    expect(await ask('"other"')).toMatchObject({ statusCode: 200, body: '{"a":1}' });
  });
});
