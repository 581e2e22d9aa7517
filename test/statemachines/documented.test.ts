// The example of docs/composition.md, compiled and run as it stands there.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '../../statemachines/pipeline.ts';
import { type ComposedSystem, startComposedSystem } from './composed-system.ts';

const ROOT = join(import.meta.dirname, '../..');

let system: ComposedSystem;

beforeAll(async () => {
  system = await startComposedSystem({ pipelines: [await documented()] });
}, 60_000);

afterAll(() => system.close());

/** The page's one block of TypeScript, as a file of `statemachines/` would have it. */
async function documented(): Promise<Pipeline> {
  const page = await readFile(join(ROOT, 'docs/composition.md'), 'utf8');
  const [, code] = /```ts\n(.*?)```/s.exec(page)!;
  const folder = await mkdtemp(join(tmpdir(), 'seriatim-documented-'));
  const at = (path: string): string => pathToFileURL(join(ROOT, path)).href;
  const file = join(folder, 'customer-scores.ts');
  const text = code!
    .replaceAll("from './", `from '${at('statemachines')}/`)
    .replace("'valibot'", `'${at('node_modules/valibot/dist/index.mjs')}'`);
  await writeFile(file, text);
  const { customerScores } = (await import(pathToFileURL(file).href)) as { customerScores: Pipeline };
  await rm(folder, { recursive: true });
  return customerScores;
}

describe('the documented example', () => {
  it('scores by tier, and goes on where a soft branch fails', async () => {
    const customers = [
      { customer: 'c1', tier: 'plain', features: {} },
      { customer: 'c2', tier: 'closed', features: {} },
      { customer: 'c3', tier: 'plain', features: { fail: 500, whom: 'Churn' } },
    ];

    const { predictions } = await system.ask('customer-scores', customers);

    expect(predictions).toEqual([
      { score: 5, fraud: 5, churn: 5, churnMissing: null },
      { score: null, reason: 'The account is closed.' },
      { score: 5, fraud: 5, churn: null, churnMissing: expect.stringContaining('ModelError') },
    ]);
  });

  it('lets a tenth of the gold customers meet the next version', async () => {
    const customers = Array.from({ length: 60 }, (_, i) => ({
      customer: `g${i}`,
      tier: 'gold',
      features: {},
    }));

    const { predictions } = await system.ask('customer-scores', customers);

    const next = predictions.filter(({ score }) => score === 'GoldNext'.length);
    expect(predictions.filter(({ score }) => score === 'Gold'.length)).toHaveLength(60 - next.length);
    expect(next.length).toBeGreaterThan(0);
    expect(next.length).toBeLessThan(18);
  });
});
