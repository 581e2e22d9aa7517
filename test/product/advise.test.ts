// `seriatim advise` as a person runs it: it starts what it needs, says what it found, and leaves nothing behind.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Advice } from '../../cli/advise/advise.ts';
import { PROJECT, runSeriatim } from './product.ts';

/** Where it keeps what it throws away. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advise-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function advise(args: readonly string[], onProgress = (_text: string, _stop: () => void): void => {}) {
  const child = runSeriatim(['advise', ...args], PROJECT, { TMPDIR: folder });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
      onProgress(printed[name], () => child.kill('SIGINT'));
    });
  }
  const [code] = await exited;
  return { code, ...printed };
}

describe('seriatim advise', () => {
  it('gives figures for each placement as JSON, with its progress apart', async () => {
    const { code, stdout, stderr } = await advise([
      'diabetes-progression',
      '--requests',
      '5',
      '--rate',
      '2',
      '--json',
    ]);

    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('container: starting'),
    });
    const advice = JSON.parse(stdout) as Advice;
    expect(advice.tried.map(({ placement }) => placement)).toEqual(['container']);
    expect(advice.same).toHaveLength(2);
    const [{ measured, cost, endpoints }] = advice.tried as [Advice['tried'][number]];
    expect(measured).toMatchObject({ requests: 5, failures: [] });
    expect(Object.keys(measured.stages)).toEqual(['Predict']);
    expect(measured.travelled.hops.map(({ to }) => to)).toEqual(['Predict', 'the caller']);
    expect(measured.travelled.hops.every(({ bytes }) => bytes > 0)).toBe(true);
    expect(cost.endpoints).toMatchObject([{ requestsPerSecond: 2, instances: endpoints }]);
    expect(readdirSync(folder).filter((name) => name.startsWith('seriatim-advise-'))).toEqual([]);
  }, 60_000);

  it('ends what it started when it is interrupted', async () => {
    let isStopped = false;

    const { code, stdout } = await advise(['tumour-screening', '--requests', '100000'], (text, stop) => {
      if (isStopped || !text.includes('to warm up')) return;
      isStopped = true;
      stop();
    });

    expect({ code, stdout }).toMatchObject({ code: 1, stdout: '' });
    expect(readdirSync(folder).filter((name) => name.startsWith('seriatim-advise-'))).toEqual([]);
  }, 60_000);

  it.each([
    [['nothing'], /there is no pipeline "nothing"; there are house-prices, /],
    [['house-prices', '--requests', 'many'], /--requests takes a whole number from 1, not "many"/],
    [['house-prices', '--rate', '1,0'], /--rate takes numbers over 0, not "1,0"/],
  ])('does not understand %j', async (args, message) => {
    const { code, stderr } = await advise(args);

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
