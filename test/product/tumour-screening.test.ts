// The pipeline tumour-screening end to end: every recorded answer, by API and by batch, through three containers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agree, ask, csvOf, runBatch, samples } from './callers.ts';
import { type Product, startProduct } from './product.ts';

const PIPELINE = 'tumour-screening';
type Biopsy = Readonly<Record<string, unknown>>;
interface Answer {
  readonly label: number;
  readonly probability: number;
}
interface Screening extends Answer {
  readonly diagnosis: string;
  readonly calibrated: number;
  readonly reasons: readonly { readonly measurement: string; readonly weight: number }[];
}

const biopsies = samples<{ instances: [Biopsy] }>(`${PIPELINE}/requests.ndjson`).map(
  ({ instances }) => instances[0],
);
const answers = samples<Answer>(`${PIPELINE}/answers.ndjson`);
const isRight = (found: Answer, i: number): boolean =>
  found.label === answers[i]!.label && agree(found.probability, answers[i]!.probability);

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 60_000);
afterAll(() => product.stop());

/** As many as the limit on a request's bytes lets through at once. */
const CHUNK = 100;

describe('tumour-screening', () => {
  it('gives each recorded answer, with a reason', async () => {
    const screenings: Screening[] = [];
    for (let at = 0; at < biopsies.length; at += CHUNK) {
      const instances = biopsies.slice(at, at + CHUNK);
      const { json } = await ask<{ predictions: Screening[] }>(product, PIPELINE, { instances });
      screenings.push(...json.predictions);
    }

    expect(screenings).toHaveLength(285);
    expect(screenings.filter((one, i) => !isRight(one, i))).toEqual([]);
    expect(screenings.filter(({ reasons }) => reasons.length === 0)).toEqual([]);
  });

  it('answers one record with one, its diagnosis and reasons in their order', async () => {
    const { json, headers } = await ask<Screening>(product, PIPELINE, biopsies[0]);

    expect(isRight(json, 0)).toBe(true);
    expect(json.diagnosis).toBe('malignant');
    expect(json.calibrated).toBeGreaterThan(0);
    const weights = json.reasons.map(({ weight }) => weight);
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
    expect(json.reasons.map(({ measurement }) => measurement)).not.toContain('worst_radius');
    expect(headers.get('server-timing')).toMatch(/^Screen;dur=\d+$/);
  });

  it.each([
    ['a missing field', { ...biopsies[0], mean_area: undefined }, /^mean_area: is missing$/],
    [
      'a negative measurement',
      { ...biopsies[0], mean_area: -1 },
      /^mean_area: expected a number from 0 to 100000 or null/,
    ],
    [
      'an unknown class',
      { ...biopsies[0], size_class: 'giant' },
      /^size_class: expected small or medium or large or huge/,
    ],
  ])('refuses %s by name', async (_, biopsy, message) => {
    const { status, json } = await ask<{ error: { code: string; message: string } }>(
      product,
      PIPELINE,
      biopsy,
    );

    expect({ status, code: json.error.code }).toEqual({ status: 400, code: 'InvalidPayload' });
    expect(json.error.message).toMatch(message);
  });

  it('gives the same by batch, from JSON Lines and from CSV', async () => {
    const text = biopsies.map((one) => JSON.stringify(one)).join('\n');
    const [lines, rows] = await Promise.all([
      runBatch(product, PIPELINE, { name: 'b.ndjson', text }),
      runBatch(product, PIPELINE, { name: 'b.csv', text: csvOf(biopsies) }),
    ]);

    expect([...lines.errors, ...rows.errors]).toEqual([]);
    expect(lines.out.filter((line, i) => !isRight(JSON.parse(line) as Answer, i))).toEqual([]);
    const [header, ...cells] = rows.out.map((row) => row.split(','));
    expect(header!.slice(0, 2)).toEqual(['label', 'probability']);
    expect(cells).toHaveLength(285);
    expect(
      cells.filter(
        ([label, probability], i) => !isRight({ label: Number(label), probability: Number(probability) }, i),
      ),
    ).toEqual([]);
  });
});
