// Two executions, and two result files, compared.
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { comparisonText, differs } from '../../cli/format/compare.ts';
import { compareBatches } from '../../layers/seriatim/inspection/compare/batches.ts';
import { compareExecutions } from '../../layers/seriatim/inspection/compare/executions.ts';
import { decodePng } from '../../layers/seriatim/inspection/compare/pixels.ts';
import { compareResults } from '../../layers/seriatim/inspection/compare/results.ts';
import { structuralSimilarity } from '../../layers/seriatim/inspection/compare/ssim.ts';
import { compareValues } from '../../layers/seriatim/inspection/compare/values.ts';
import { foldExecution } from '../../layers/seriatim/inspection/fold.ts';
import { createRedactor, NO_REDACTION } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { failedHistory, housePricesHistory } from './house-prices.ts';
import { DESCRIPTION } from './recorded.ts';

async function picture(width: number, height: number, noise: number): Promise<Buffer> {
  const raw = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, at) => (at * 7 + (at % 11) * noise) % 256),
  );
  return sharp(raw, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

describe('values', () => {
  it('that are equal are the same, whatever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(compareValues(value, structuredClone(value)).same).toBe(true);
      }),
    );
  });

  it('differ by numbers, by labels and by what only one has; times do not count', () => {
    const a = { price: 3, label: 'cat', old: 1, at: '2026-11-22T17:00:00Z', body: '{"p":[1,0]}' };
    const b = { price: 4, label: 'dog', fresh: 1, at: '2026-11-22T18:00:00Z', body: '{"p":[0,1]}' };

    expect(compareValues(a, b)).toEqual({
      same: false,
      numbers: {
        count: 3,
        largestAbsolute: 1,
        at: 'price',
        meanAbsolute: 1,
        cosine: expect.closeTo(12 / Math.sqrt(170), 10),
      },
      flips: { compared: 1, flipped: 1, first: [{ path: 'label', a: 'cat', b: 'dog' }] },
      onlyInA: ['old'],
      onlyInB: ['fresh'],
    });
  });
});

describe('images', () => {
  it('are decoded as the library decodes them', async () => {
    const png = await picture(19, 13, 3);
    const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });

    const image = (await decodePng(png))!;

    expect([image.width, image.height]).toEqual([19, 13]);
    for (let at = 0; at < image.values.length; at += 1) {
      const luma = 0.299 * data[at * 3]! + 0.587 * data[at * 3 + 1]! + 0.114 * data[at * 3 + 2]!;
      expect(image.values[at]).toBeCloseTo(luma, 3);
    }
  });

  it('are as similar as they look', async () => {
    const [one, same, near, small] = await Promise.all(
      [picture(32, 32, 0), picture(32, 32, 0), picture(32, 32, 9), picture(8, 8, 0)].map(
        async (png) => (await decodePng(await png))!,
      ),
    );

    expect(structuralSimilarity(one!, same!)).toBeCloseTo(1, 10);
    expect(structuralSimilarity(one!, near!)).toBeLessThan(0.99);
    expect(structuralSimilarity(one!, small!)).toBeNull();
    expect(await decodePng(Buffer.from('not a png at all, and long enough'))).toBeUndefined();
  });
});

describe('executions', () => {
  const view = foldExecution(housePricesHistory(), DESCRIPTION);

  it('that ran again from a stage are compared by what went into that stage', async () => {
    const { name, input } = view.stages[1]!;
    const rerun = { of: view.arn, from: name, changed: {} };
    const again = { ...view, arn: `${view.arn}-again`, id: 'again', input, rerun };
    const context = { redactor: NO_REDACTION, readClaim: async () => new Uint8Array() };

    expect(view.input).not.toEqual(input);
    for (const [a, b] of [
      [view, again],
      [again, view],
    ] as const) {
      expect((await compareExecutions(a, b, context)).input.same).toBe(true);
    }
  });

  it('are compared stage by stage', async () => {
    const other = foldExecution(failedHistory(), DESCRIPTION);
    const context = { redactor: NO_REDACTION, readClaim: async () => new Uint8Array() };

    const comparison = await compareExecutions(view, other, context);

    expect(comparison.stages.map(({ name, in: where }) => [name, where])).toEqual([
      ['Preprocess', 'both'],
      ['Estimate', 'a'],
      ['Postprocess', 'a'],
    ]);
    expect(comparison.stages[0]).toMatchObject({ status: ['SUCCEEDED', 'FAILED'] });
    expect((await compareExecutions(view, view, context)).output.same).toBe(true);
  });

  it('with images that differ tell their similarity; claims of one checksum are not fetched', async () => {
    const claim = (sha256: string) => ({
      claim: { bucket: 'b', key: sha256, bytes: 1, contentType: 'image/png', sha256 },
    });
    const fetched: string[] = [];
    const readClaim = async ({ key }: { key: string }) => {
      fetched.push(key);
      return picture(16, 16, key === 'one' ? 0 : 9);
    };
    const context = { redactor: NO_REDACTION, readClaim };

    const equal = await compareExecutions(
      { ...view, output: claim('one') },
      { ...view, output: claim('one') },
      context,
    );
    expect([equal.output.same, fetched]).toEqual([true, []]);
    const { output } = await compareExecutions(
      { ...view, output: claim('one') },
      { ...view, output: claim('two') },
      context,
    );

    expect(output).toMatchObject({
      same: false,
      images: [{ path: '$', a: '16×16', ssim: expect.any(Number) }],
    });
  });
});

describe('result files', () => {
  it('have a histogram of differences for each field, and flips of labels', () => {
    const rows = Array.from({ length: 100 }, (_, n) => n);
    const a = `price,city\n${rows.map((n) => `${n},A`).join('\n')}`;
    const b = `price,city\n${rows.map((n) => `${n + n / 100},${n === 7 ? 'B' : 'A'}`).join('\n')}`;

    const { records, differing, fields } = compareResults(a, b);

    expect([records, differing]).toEqual([[100, 100], 99]);
    expect(fields[0]).toMatchObject({
      field: 'price',
      count: 100,
      at: 99,
      largestAbsolute: expect.closeTo(0.99, 10),
    });
    expect(fields[0]!.histogram.reduce((sum, bin) => sum + bin.count, 0)).toBe(100);
    expect(fields[0]!.histogram).toHaveLength(10);
    expect(fields[1]!.flips).toMatchObject({ flipped: 1, first: [{ path: '7.city', a: 'A', b: 'B' }] });
  });

  it('of JSON Lines are matched by line', () => {
    expect(compareResults('{"p":{"x":1}}\n{"p":{"x":2}}\n', '{"p":{"x":1}}\n{"p":{"x":4}}\n')).toMatchObject({
      differing: 1,
      fields: [{ field: 'p.x', largestAbsolute: 2, at: 1 }],
    });
  });
});

describe('two batches', () => {
  const run = (name: string) => ({ input: { bucket: 'b', pipeline: 'houses', name } });
  const objects: Record<string, string> = {
    'houses/out/a.csv.out': 'price,label,error\n10,x,\n20,x,\n,,ModelFailed: it broke\n40,x,\n',
    'houses/out/a-rerun-1.csv.out': 'price,label,error\n11,x,\n20,y,\n30,x,\n44,x,\n',
  };
  const readHead = async ({ key }: { key: string }) =>
    objects[key] === undefined ? undefined : Buffer.from(objects[key]);
  const context = { redactor: NO_REDACTION, readHead };

  it('are compared by their results, each record with the one at its position', async () => {
    const results = await compareBatches(
      run('a.csv'),
      { input: { run: run('a-rerun-1.csv').input } },
      context,
    );
    const price = results!.fields.find(({ field }) => field === 'price')!;

    expect(results).toMatchObject({ records: [4, 4], differing: 4 });
    expect(price).toMatchObject({ count: 3, largestAbsolute: 4, at: 3 });
    expect(price.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  it('show a histogram, and are the same when their results are', async () => {
    const execution = foldExecution(housePricesHistory(), DESCRIPTION);
    const stages = await compareExecutions(execution, execution, {
      redactor: NO_REDACTION,
      readClaim: async () => Buffer.from(''),
    });
    const results = await compareBatches(run('a.csv'), run('a-rerun-1.csv'), context);
    const same = await compareBatches(run('a.csv'), run('a.csv'), context);

    expect(comparisonText({ ...stages, results: results! })).toMatch(/price[\s\S]*█/);
    expect(differs({ ...stages, results: results! })).toBe(true);
    expect(differs({ ...stages, output: { same: false }, results: same! })).toBe(false);
  });

  it('without results, or that are no batches, are not compared so', async () => {
    expect(await compareBatches(run('a.csv'), run('none.csv'), context)).toBeUndefined();
    expect(await compareBatches({ input: { records: [] } }, run('a.csv'), context)).toBeUndefined();
  });

  it('tell nothing of fields that a rule hides', async () => {
    const redactor = createRedactor({ fields: ['**.price'], patterns: [] });
    const results = await compareBatches(run('a.csv'), run('a-rerun-1.csv'), { ...context, redactor });

    expect(results!.fields.map(({ field }) => field)).toEqual(['label', 'error']);
  });
});
