// What rules hide stays hidden where it is found by other ways than a payload's own JSON: messages about fields that
// the execution itself never held, frames of many bodies, and names of target models made of a field.
import { describe, expect, it } from 'vitest';
import { encodeFrames, FRAMES_TYPE } from '../../layers/seriatim/batch/frames.ts';
import type { HistoryEvent } from '../../layers/seriatim/inspection/history.ts';
import { answerRoute } from '../../layers/seriatim/inspection/http/answers.ts';
import { hostingRoutes } from '../../layers/seriatim/inspection/http/hosting-routes.ts';
import { logRoutes } from '../../layers/seriatim/inspection/http/log-routes.ts';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';
import { createRedactor } from '../../layers/seriatim/inspection/payloads/redact.ts';
import type { ExecutionRecord } from '../../layers/seriatim/inspection/record.ts';
import { DESCRIPTION } from './recorded.ts';

const redactor = createRedactor({
  fields: ['**.city', '**.deck', '**.s5'],
  patterns: ['\\b\\d{3}-\\d{2}-\\d{4}\\b'],
});

const DEFINITION = JSON.stringify({
  StartAt: 'Preprocess',
  States: {
    Preprocess: { Type: 'Task', Arguments: { Payload: { next: { targetModel: '{city}.tar.gz' } } } },
  },
});

const FRAMES = encodeFrames([
  {
    head: { targetModel: 'LosAngeles_CA.tar.gz', positions: [0] },
    body: Buffer.from('{"instances":[{"city":"Zanzibar_QQ","squareFeet":900}]}'),
  },
]);
const MESSAGE = 'records[0].deck: expected a boolean, "y" or "n", got "sekretdeck"';
const ANSWER = {
  records: {
    payload: {
      contentType: 'application/json',
      text: JSON.stringify([{ position: 0, error: { message: MESSAGE } }]),
    },
  },
  groups: { payload: { contentType: FRAMES_TYPE, base64: FRAMES.toString('base64') } },
  claimed: {
    claim: { bucket: 'batch', key: 'k', bytes: FRAMES.length, contentType: FRAMES_TYPE, sha256: 'f' },
  },
  models: [{ stage: 'Estimate', targetModel: 'LosAngeles_CA.tar.gz', records: 1 }],
};

function child(): HistoryEvent[] {
  const event = (id: number, type: string, details: object): HistoryEvent => ({
    id,
    previousId: id - 1,
    type,
    timeMs: 1_700_000_000_000 + id,
    details: details as Record<string, unknown>,
  });
  const input = JSON.stringify({ task: { chunk: { from: 0, to: 400 } } });
  const output = JSON.stringify(ANSWER);
  const task = { resourceType: 'lambda', resource: 'invoke' };
  return [
    event(1, 'ExecutionStarted', { input }),
    event(2, 'TaskStateEntered', { name: 'Preprocess', input }),
    event(3, 'TaskScheduled', {
      ...task,
      parameters: JSON.stringify({ FunctionName: 'f', Payload: ANSWER }),
    }),
    event(4, 'TaskSucceeded', { ...task, output: JSON.stringify({ Payload: ANSWER }) }),
    event(5, 'TaskStateExited', { name: 'Preprocess', output }),
    event(6, 'TaskStateEntered', { name: 'Estimate', input: output }),
    event(7, 'TaskScheduled', {
      ...task,
      parameters: JSON.stringify({ FunctionName: 'f', Payload: ANSWER }),
    }),
    event(8, 'TaskFailed', { ...task, error: 'ModelNotFound', cause: `No LosAngeles_CA.tar.gz. ${MESSAGE}` }),
    event(9, 'ExecutionFailed', { error: 'ModelNotFound', cause: `No LosAngeles_CA.tar.gz. ${MESSAGE}` }),
  ];
}

const LINES = [`${MESSAGE}`, JSON.stringify({ level: 'WARN', city: 'Zanzibar_QQ', message: MESSAGE })];

function ask(route: string, query: Record<string, string> = {}, definition: string | undefined = DEFINITION) {
  const description = { ...DESCRIPTION, ...(definition === undefined ? {} : { definition }) };
  const record: ExecutionRecord = { events: child(), description, mapRuns: [] };
  const inspection = {
    readRecord: async () => record,
    listChildren: async () => ({ mapRuns: [], children: [], errors: [] }),
  };
  const logs = { send: async () => ({ events: LINES.map((message) => ({ message, timestamp: 1 })) }) };
  const routes = {
    ...viewRoutes({ inspection, redactor }),
    ...logRoutes({ inspection, redactor, logs: logs as never, now: () => 1_700_000_001_000 }),
    ...payloadRoutes({
      inspection,
      redactor,
      readClaim: async () => FRAMES,
      readHead: async () => undefined,
    }),
  };
  return answerRoute(routes, `GET ${route}`, { parameters: { id: 'x' }, query });
}

/** The text, and what base64 and hexadecimal in it say. */
function readable(body: string): string {
  const encoded = body.match(/[A-Za-z0-9+/]{24,}={0,2}/g) ?? [];
  const ways = encoded.flatMap((text) => [Buffer.from(text, 'base64'), Buffer.from(text, 'hex')]);
  return [body, ...ways.map((bytes) => bytes.toString('utf8'))].join('\n');
}

const AT = { stage: 'Preprocess', side: 'out' };

describe('what rules hide', () => {
  it.each([
    ['/payloads/{id}', {}],
    ['/payloads/{id}/events', {}],
    ['/payloads/{id}/history', {}],
    ['/payloads/{id}/rendered', AT],
    ['/payloads/{id}/rendered', { ...AT, claim: 'groups.payload' }],
    ['/payloads/{id}/rendered', { ...AT, claim: 'records.payload' }],
    ['/payloads/{id}/rendered', { ...AT, claim: 'claimed' }],
    ['/payloads/{id}/content', AT],
    ['/payloads/{id}/content', { ...AT, part: 'claimed' }],
    ['/payloads/{id}/content', { ...AT, part: 'groups.payload' }],
    ['/payloads/{id}/logs', {}],
    ['/executions/{id}', {}],
    ['/executions/{id}/events', {}],
  ] as const)('is in no answer of a child that read its records from a file: %s %o', async (route, query) => {
    const { statusCode, body } = await ask(route, query);

    expect(statusCode).toBe(200);
    expect(readable(body)).not.toMatch(/sekretdeck|Zanzibar|LosAngeles/);
  });

  it('leaves what was expected in a message', () => {
    expect(redactor.text(MESSAGE)).toBe('records[0].deck: expected a boolean, "y" or "n", got [redacted]');
    expect(redactor.text('squareFeet: expected a number, got "big"')).toContain('"big"');
  });

  it('is taken for told by any model name when no definition says what it is made of', async () => {
    const { body } = await ask('/payloads/{id}/rendered', AT, '');

    expect(body).not.toContain('LosAngeles');
  });

  it('does not touch model names that are made of other fields', () => {
    const other = createRedactor({ fields: ['**.patientId'], patterns: [] }).ofDefinition(DEFINITION);

    expect(other.value({ targetModel: 'LosAngeles_CA.tar.gz' }).redacted).toEqual([]);
  });

  it('draws frames by their heads', async () => {
    const { body } = await ask('/payloads/{id}/rendered', { ...AT, claim: 'claimed' });
    const [part] = JSON.parse(body).parts;

    expect(part).toMatchObject({ kind: 'json', contentType: FRAMES_TYPE });
    expect(part.value[0]).toMatchObject({
      head: { targetModel: '[redacted].tar.gz', positions: [0] },
      body: { instances: [{ city: '[redacted]', squareFeet: 900 }] },
    });
  });

  it('holds back bytes that no rule can be applied to', () => {
    const { value, redacted } = redactor.value({
      x: { contentType: 'application/x-parquet', base64: 'c2VrcmV0' },
    });

    expect(JSON.stringify(value)).not.toContain('c2VrcmV0');
    expect(value).toMatchObject({ x: { bytes: 6, withheld: expect.stringContaining('cannot be redacted') } });
    expect(redacted).toEqual(['x']);
  });

  it('is not told by the models that an endpoint has loaded', async () => {
    const containers = [{ name: 'primary', mode: 'MultiModel' as const, loaded: ['LosAngeles_CA.tar.gz'] }];
    const cacheEvents = [
      {
        time: '',
        what: 'load' as const,
        targetModel: 'Zanzibar_QQ.tar.gz',
        evicted: ['LosAngeles_CA.tar.gz'],
      },
    ];
    const endpoint = {
      name: 'e',
      status: 'InService',
      variants: [{ name: 'AllTraffic', containers }],
      cacheEvents,
    };
    const routes = hostingRoutes({
      inspection: { readRecent: async () => ({ views: [], isSample: false }) },
      readEndpoints: async () => ({ endpoints: [endpoint] }),
      pipelines: [],
      redactor,
      now: Date.now,
    });

    const { body } = await answerRoute(routes, 'GET /endpoints', { parameters: {}, query: {} });

    expect(body).not.toMatch(/LosAngeles|Zanzibar/);
  });
});
