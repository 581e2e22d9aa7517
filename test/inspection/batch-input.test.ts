// What a batch reads, offered beside the payloads that name it and drawn as a table of its first rows.
import { describe, expect, it } from 'vitest';
import { answerRoute } from '../../layers/seriatim/inspection/http/answers.ts';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';
import { createRedactor } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { DESCRIPTION } from './recorded.ts';

const FILE = 'id,city\n1,Houston_TX\n2,Dallas_TX\n';
const RUN = {
  bucket: 'b',
  key: 'houses/in/a.csv',
  sizeBytes: FILE.length,
  format: 'csv',
  workPrefix: 'houses/work/a/',
};
const CHUNK = {
  task: {
    run: RUN,
    reading: { format: 'csv', columns: ['id', 'city'] },
    chunk: { n: 1, from: 21, to: FILE.length },
  },
};

async function rendered(input: unknown, query: Record<string, string>) {
  const details = { input: JSON.stringify(input) };
  const events = [{ id: 1, previousId: 0, type: 'ExecutionStarted', timeMs: 1, details }];
  const routes = payloadRoutes({
    inspection: { readRecord: async () => ({ events, description: DESCRIPTION, mapRuns: [] }) },
    redactor: createRedactor({ fields: ['**.city'], patterns: [] }),
    readClaim: async () => Buffer.from(''),
    readHead: async ({ from = 0, bytes }) => Buffer.from(FILE).subarray(from, from + bytes),
  });
  const asked = { parameters: { id: 'x' }, query: { side: 'in', ...query } };
  return JSON.parse((await answerRoute(routes, 'GET /payloads/{id}/rendered', asked)).body);
}

describe('the object that a batch reads', () => {
  it('is offered as a claim beside its input', async () => {
    const { parts } = await rendered(RUN, {});

    expect(parts.at(-1)).toMatchObject({ kind: 'claim', path: 'input-object', claim: { key: RUN.key } });
  });

  it.each([
    ['of a batch', RUN, ['1', '2']],
    ['of a chunk', CHUNK, ['2']],
  ])('is a table of its first rows, with hidden columns hidden: %s', async (_of, input, ids) => {
    const { parts } = await rendered(input, { claim: 'input-object' });

    expect(parts).toMatchObject([
      { kind: 'table', columns: ['id', 'city'], rows: ids.map((id) => [id, '[redacted]']) },
    ]);
  });
});
