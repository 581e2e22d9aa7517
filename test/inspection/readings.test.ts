// What the routes answer with and without the permission to read payloads, and what may be done to an execution.
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../layers/seriatim/inspection/history.ts';
import {
  type ApiRequest,
  answerRoute,
  type HttpAnswer,
} from '../../layers/seriatim/inspection/http/answers.ts';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';
import { unquoted } from '../../layers/seriatim/inspection/payloads/readings.ts';
import { createRedactor, NO_REDACTION } from '../../layers/seriatim/inspection/payloads/redact.ts';
import type { ExecutionRecord } from '../../layers/seriatim/inspection/record.ts';
import { failedHistory } from './house-prices.ts';
import { DESCRIPTION, RECORDED_NAMES, recorded } from './recorded.ts';

const CLAIM = { bucket: 'claims', key: 'k', bytes: 3, contentType: 'text/plain', sha256: 'f' };

function recordOf(events: ExecutionRecord['events']): ExecutionRecord {
  return { events, description: DESCRIPTION, mapRuns: [] };
}

const RECORDS = JSON.stringify({
  records: [{ value: { city: 'Houston_TX', squareFeet: 2900, owner: 'Springfield Estates' } }, {}],
});

/** A request of one stage, with a payload to find again. */
function history(): HistoryEvent[] {
  const event = (id: number, type: string, details: object): HistoryEvent => ({
    id,
    previousId: id - 1,
    type,
    timeMs: 1_700_000_000_000 + id,
    details: details as Record<string, unknown>,
  });
  const parameters = JSON.stringify({ FunctionName: 'preprocess', Payload: JSON.parse(RECORDS) });
  const output = JSON.stringify({ Payload: JSON.parse(RECORDS) });
  return [
    event(1, 'ExecutionStarted', { input: RECORDS }),
    event(2, 'TaskStateEntered', { name: 'Preprocess', input: RECORDS }),
    event(3, 'TaskScheduled', { resourceType: 'lambda', resource: 'invoke', parameters }),
    event(4, 'TaskSucceeded', { resourceType: 'lambda', resource: 'invoke', output }),
    event(5, 'TaskStateExited', {
      name: 'Preprocess',
      output: RECORDS,
      assignedVariables: { kept: RECORDS },
    }),
    event(6, 'ExecutionSucceeded', { output: RECORDS }),
  ];
}

function api(record: ExecutionRecord, redactor = NO_REDACTION) {
  const inspection = {
    readRecord: async (id: string) => (id === 'none' ? undefined : record),
    listChildren: async () => ({ mapRuns: [], children: [], errors: [] }),
  };
  const readClaim = async () => Buffer.from('abc');
  const routes = {
    ...viewRoutes({ inspection, redactor }),
    ...payloadRoutes({
      inspection,
      redactor,
      readClaim,
      readHead: async () => undefined,
      buckets: ['claims'],
    }),
  };
  return (routeKey: string, query: ApiRequest['query'] = {}): Promise<HttpAnswer> =>
    answerRoute(routes, `GET ${routeKey}`, { parameters: { id: 'x' }, query });
}

/** Every text of an execution's payloads that is long enough to be told from anything else. */
function payloadTexts(events: ExecutionRecord['events']): string[] {
  const texts = events.flatMap(({ details }) =>
    ['input', 'output', 'parameters'].map((name) => details[name]).filter((text) => typeof text === 'string'),
  );
  const found = new Set(texts.flatMap((text) => text.match(/"[A-Za-z][\w .!]{7,}"(?!\s*:)/g) ?? []));
  return [...found].filter((text) => text !== `"${DESCRIPTION.id}"`);
}

describe('one who may look but not read', () => {
  it('sees no payload, in the view nor in the events', async () => {
    const ask = api(recordOf(history()));

    const view = (await ask('/executions/{id}')).body;
    const events = (await ask('/executions/{id}/events')).body;

    for (const body of [view, events]) expect(body).not.toMatch(/squareFeet|Springfield|Houston/);
    expect(JSON.parse(view)).toMatchObject({
      inputBytes: expect.any(Number),
      stages: [{ name: 'Preprocess', inputBytes: RECORDS.length }],
    });
    expect(view).not.toMatch(/"(input|output|cause)":/);
    expect(JSON.parse(events).events[0].details.input).toEqual({ bytes: expect.any(Number) });
  });

  it.each(RECORDED_NAMES)('sees none of the texts of %s, but for names of what was called', async (name) => {
    const { events } = recorded(name);
    const ask = api(recordOf(events));

    const view = JSON.parse((await ask('/executions/{id}')).body) as object;
    const shown = JSON.stringify(view, (key, value) =>
      ['name', 'stage', 'target', 'arn', 'message', 'reported'].includes(key) ? undefined : value,
    );

    for (const text of payloadTexts(events)) expect(shown).not.toContain(text);
  });

  it.each([
    ['The JSONPath \'$.a\' could not be found in the input \'{"name":"Ann"}\'', 'Ann'],
    ['city: Expected "A" but received "Springfield"', 'Springfield'],
    ['age: expected a number, got 47', '47'],
  ])('is told %j without what it quotes', (message, quoted) => {
    expect(unquoted(message)).not.toContain(quoted);
  });
});

/** A request whose record's city names the model that is missing. */
function missingModel(): HistoryEvent[] {
  const [started, entered, scheduled] = history();
  const input = RECORDS.replace('Houston_TX', 'Broken_XX');
  const parameters = { EndpointName: 'prices', TargetModel: 'Broken_XX.tar.gz', Body: { city: 'Broken_XX' } };
  const cause = 'Failed to download model data for Broken_XX.tar.gz; value 2900';
  const failed = { resourceType: 'aws-sdk:sagemakerruntime', resource: 'invokeEndpoint', cause };
  const error = 'SageMakerRuntime.ModelErrorException';
  return [
    { ...started!, details: { input } },
    { ...entered!, details: { name: 'Preprocess', input } },
    { ...scheduled!, details: { ...failed, cause: undefined, parameters: JSON.stringify(parameters) } },
    { ...scheduled!, id: 4, previousId: 3, type: 'TaskFailed', details: { ...failed, error } },
    { ...scheduled!, id: 5, previousId: 4, type: 'ExecutionFailed', details: { error, cause } },
  ];
}

describe('redaction of what repeats a payload', () => {
  it.each([
    ['a pattern', createRedactor({ fields: [], patterns: ['Broken_XX'] })],
    ['a field', createRedactor({ fields: ['**.city'], patterns: [] })],
  ])('hides what %s names in messages, causes and names of models', async (_by, redactor) => {
    const ask = api(recordOf(missingModel()), redactor);
    const routes = ['/executions/{id}', '/executions/{id}/events', '/payloads/{id}'];
    for (const route of [...routes, '/payloads/{id}/events', '/payloads/{id}/history']) {
      expect((await ask(route)).body).not.toContain('Broken_XX');
    }
    expect(JSON.parse((await ask('/payloads/{id}')).body)).toMatchObject({
      error: { model: '[redacted].tar.gz' },
      stages: [{ inference: { targetModels: ['[redacted].tar.gz'] } }],
    });
  });

  it('quotes no value of the input to one without payloads, though no rule names it', async () => {
    const view = JSON.parse((await api(recordOf(missingModel()))('/executions/{id}')).body);
    expect(view.error.message).not.toMatch(/Broken_XX|2900/);
    expect(view.error.message).toContain('Failed to download');
  });
});

describe('one who may read', () => {
  it('sees payloads with what rules name hidden, in view, events and export', async () => {
    const redactor = createRedactor({ fields: ['**.city'], patterns: ['Houston\\w*'] });
    const ask = api(recordOf(history()), redactor);

    for (const route of ['/payloads/{id}', '/payloads/{id}/events', '/payloads/{id}/history']) {
      const { body } = await ask(route);
      expect(body).toContain('squareFeet');
      expect(body).toContain('[redacted]');
      expect(body).not.toContain('Houston');
    }
  });

  it('gets a stage’s payload drawn, and as bytes', async () => {
    const ask = api(recordOf(history()));

    const rendered = JSON.parse(
      (await ask('/payloads/{id}/rendered', { stage: 'Preprocess', side: 'in' })).body,
    );
    const content = await ask('/payloads/{id}/content', { stage: 'Preprocess', side: 'in' });

    expect(rendered).toMatchObject({ stage: 'Preprocess', side: 'in', parts: [{ kind: 'json' }] });
    expect(content.headers['content-type']).toBe('application/json');
    expect(JSON.parse(Buffer.from(content.body, 'base64').toString())).toMatchObject({ records: [{}, {}] });
    expect(content.headers['content-disposition']).toContain('attachment');
  });

  it('fetches a claim when asked, from this deployment’s buckets only', async () => {
    const events = (bucket: string) => [
      {
        id: 1,
        previousId: 0,
        type: 'ExecutionStarted',
        timeMs: 0,
        details: { input: JSON.stringify({ a: { claim: { ...CLAIM, bucket } } }) },
      },
    ];
    const query = { side: 'in', claim: 'a' };

    const own = await api(recordOf(events('claims')))('/payloads/{id}/rendered', query);
    const other = await api(recordOf(events('elsewhere')))('/payloads/{id}/rendered', query);

    expect(JSON.parse(own.body)).toMatchObject({ parts: [{ kind: 'text', path: 'a', text: 'abc' }] });
    expect(other.statusCode).toBe(403);
  });

  it.each([
    [{ stage: 'NoSuch' }, 404, 'there are Preprocess'],
    [{ stage: 'Preprocess', attempt: '99' }, 404, 'attempts'],
    [{ side: 'up' }, 400, 'side'],
    [{ stage: 'Preprocess', visit: 'x' }, 400, 'visit'],
    [{ claim: 'b' }, 404, 'part'],
  ])('is told what is wrong with %j', async (query, status, word) => {
    const answer = await api(recordOf(history()))('/payloads/{id}/rendered', query);

    expect(answer.statusCode).toBe(status);
    expect(answer.body).toContain(word);
  });

  it('pages through events without losing one', async () => {
    const ask = api(recordOf(failedHistory()));
    const ids: number[] = [];
    for (let token: string | undefined = '0'; token !== undefined; ) {
      const page = JSON.parse((await ask('/executions/{id}/events', { limit: '2', token })).body);
      ids.push(...page.events.map(({ id }: { id: number }) => id));
      token = page.nextToken;
    }

    expect(ids).toEqual(failedHistory().map(({ id }) => id));
  });
});
