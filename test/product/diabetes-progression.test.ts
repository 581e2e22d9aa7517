// The pipeline diabetes-progression end to end: every recorded answer, by API and by batch.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agree, ask, csvOf, runBatch, samples } from './callers.ts';
import { type Product, startProduct } from './product.ts';

const PIPELINE = 'diabetes-progression';
type Patient = Readonly<Record<string, unknown>>;
type Progression = { readonly value: number; readonly imputed: readonly string[] };

const patients = samples<{ instances: [Patient] }>(`${PIPELINE}/requests.ndjson`).map(
  ({ instances }) => instances[0],
);
const answers = samples<{ value: number }>(`${PIPELINE}/answers.ndjson`);

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 60_000);
afterAll(() => product.stop());

describe('diabetes-progression', () => {
  it('runs no container until it is called, and says so', async () => {
    const health = async () => {
      const response = await fetch(`${product.awsUrl}/_seriatim/health`);
      const { endpoints } = (await response.json()) as {
        endpoints: { endpointName: string; instances: number }[];
      };
      return endpoints.find(({ endpointName }) => endpointName === `seriatim-dev-${PIPELINE}`)!.instances;
    };
    const before = await health();

    await Promise.all([ask(product, PIPELINE, patients[0]), ask(product, PIPELINE, patients[1])]);

    expect({ before, after: await health() }).toEqual({ before: 0, after: 1 });
  });

  it('gives each recorded answer', async () => {
    const { json } = await ask<{ predictions: Progression[] }>(product, PIPELINE, { instances: patients });

    expect(json.predictions).toHaveLength(221);
    expect(json.predictions.filter(({ value }, i) => !agree(value, answers[i]!.value))).toEqual([]);
  });

  it('answers one record with one, names what was imputed, and is one call', async () => {
    const { json, headers } = await ask<Progression>(product, PIPELINE, patients[1]);

    expect(agree(json.value, answers[1]!.value)).toBe(true);
    expect(json.imputed).toEqual(['bp']);
    expect(headers.get('server-timing')).toMatch(/^Predict;dur=\d+$/);
  });

  it.each([
    ['a missing field', { ...patients[0], bmi: undefined }, /^bmi: is missing$/],
    [
      'a mistyped field',
      { ...patients[0], bmi: 'high' },
      /^bmi: expected a number from 5 to 150 or null, got "high"$/,
    ],
    ['an unknown sex', { ...patients[0], sex: 'X' }, /^sex: expected F or M, got "X"$/],
  ])('refuses %s by name', async (_, patient, message) => {
    const { status, json } = await ask<{ error: { code: string; message: string } }>(
      product,
      PIPELINE,
      patient,
    );

    expect({ status, code: json.error.code }).toEqual({ status: 400, code: 'InvalidPayload' });
    expect(json.error.message).toMatch(message);
  });

  it('gives the same by batch, from JSON Lines and from CSV, a bad line apart', async () => {
    const broken = { ...patients[0], age: 'old' };
    const [lines, rows] = await Promise.all([
      runBatch(product, PIPELINE, {
        name: 'p.jsonl',
        text: patients.map((one) => JSON.stringify(one)).join('\n'),
      }),
      runBatch(product, PIPELINE, {
        name: 'p.csv',
        text: csvOf([patients[0]!, broken, ...patients.slice(1)]),
      }),
    ]);

    expect(lines.errors).toEqual([]);
    expect(
      lines.out.filter((line, i) => !agree((JSON.parse(line) as Progression).value, answers[i]!.value)),
    ).toEqual([]);
    expect(rows.out[0]).toBe('value,imputed,error');
    const values = rows.out.slice(1).map((row) => row.split(',')[0]!);
    expect(values.toSpliced(1, 1).filter((value, i) => !agree(Number(value), answers[i]!.value))).toEqual([]);
    expect(rows.errors.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ position: 1, record: expect.objectContaining({ age: 'old' }) }),
    ]);
  });
});
