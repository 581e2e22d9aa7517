// The function count-failure on the real S3 over a socket.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handler } from '../../functions/count-failure/index.ts';
import { readText } from '../../layers/seriatim/index.ts';
import { type Running, serveS3, useEndpoint } from './servers.ts';

const place = { bucket: 'claims', key: 'breakers/some/Ask.json' };
const failure = { Error: 'States.Timeout', Cause: '' };
const breaker = { ...place, failures: 5, openSeconds: 60 };

let s3: Running;
let restore: () => void;

beforeAll(async () => {
  const served = await serveS3();
  s3 = served;
  restore = useEndpoint(served.url);
  await served.s3.createBucket(place.bucket);
});

afterAll(async () => {
  restore();
  await s3.close();
});

describe('count-failure', () => {
  it('counts every one of failures at the same time, and opens the breaker with the last', async () => {
    const before = Date.now();

    await Promise.all(Array.from({ length: 5 }, () => handler({ breaker, stage: 'Ask', failure })));

    const state = JSON.parse(await readText(place)) as { failures: number; openUntil: number };
    expect(state.failures).toBe(5);
    expect(state.openUntil).toBeGreaterThanOrEqual(before + 60_000);
  });

  it('leaves the breaker alone for a record that was refused', async () => {
    const refused = { Error: 'InvalidPayload', Cause: '{"errorMessage":"city: missing"}' };

    expect(await handler({ breaker, stage: 'Ask', failure: refused })).toBeUndefined();
    expect(JSON.parse(await readText(place))).toMatchObject({ failures: 5 });
  });
});
