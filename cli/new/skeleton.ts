// The files of a new pipeline, by their paths in the project: the parts that all patterns share. Pure.
import { pascal } from '../../statemachines/names.ts';
import { PATTERN_PARTS } from './patterns.ts';
import { describe, inputSchema, type ModelSignature, member, outputSchema, sampleOf } from './signature.ts';

export type Pattern = 1 | 2 | 3 | 4;

export interface Plan {
  readonly name: string;
  readonly pattern: Pattern;
  /** Of the model that the pipeline is about. */
  readonly signature: ModelSignature;
  readonly model: Buffer;
  /** A record in place of one made from the signature. */
  readonly sample?: Readonly<Record<string, unknown>>;
}

export type Files = Readonly<Record<string, string | Buffer>>;

/** What a pattern adds to the model's own record. */
export interface Parts {
  readonly description: string;
  /** Fields of a record besides the model's inputs, as code, with a value each. */
  readonly fields: Readonly<Record<string, { readonly schema: string; readonly sample: unknown }>>;
  /** Fields of the answer besides the model's outputs, as code. */
  readonly answers: Readonly<Record<string, string>>;
  readonly startsWithInference: boolean;
  readonly definition: string;
  readonly files: Files;
}

export function skeleton(plan: Plan): Files {
  const { name } = plan;
  const parts = PATTERN_PARTS[plan.pattern](plan);
  const record = plan.sample ?? sampleRecord(plan, parts);
  return {
    [`statemachines/${name}.ts`]: parts.definition,
    [`layers/seriatim/contracts/${name}.ts`]: contract(plan, parts, record),
    [`models/${name}/README.md`]: card(plan, parts),
    [`models/${name}/requests.ndjson`]: `${JSON.stringify(record)}\n`,
    [`test/product/${name}.test.ts`]: test(name),
    ...parts.files,
  };
}

export function sampleRecord({ signature }: Plan, { fields }: Parts): Record<string, unknown> {
  return {
    ...Object.fromEntries(Object.entries(fields).map(([field, { sample }]) => [field, sample])),
    ...Object.fromEntries(signature.inputs.map((input) => [input.name, sampleOf(input)])),
  };
}

function contract(
  { name, signature }: Plan,
  parts: Parts,
  record: Readonly<Record<string, unknown>>,
): string {
  const type = pascal(name);
  const fields = Object.entries(parts.fields).map(([field, { schema }]) => `  ${field}: ${schema},`);
  const inputs = signature.inputs.map((input) => `  ${member(input.name)}: ${inputSchema(input)},`);
  const outputs = signature.outputs.map((output) => `  ${member(output.name)}: ${outputSchema(output)},`);
  const answers = Object.entries(parts.answers).map(([field, schema]) => `  ${field}: ${schema},`);
  const body = [...fields, ...inputs, ...outputs, ...answers].join('\n');
  const helpers = ['listOf', 'numeric', 'objectMessage'].filter(
    (helper) => helper === 'objectMessage' || body.includes(`${helper}(`),
  );
  return `// The contracts of the pipeline \`${name}\`: one record in, its answer out, and the pipeline's entry at the API.
import * as v from 'valibot';
import type { PipelineEntry } from '../pipelines.ts';
import { ${helpers.join(', ')} } from './fields.ts';

/** The model's inputs, from its own signature: narrow the ranges to what makes sense. */
export const ${type}InputSchema = v.object({
${inputs.join('\n')}
}, objectMessage);

/** One record as a caller gives it. */
export const ${type}RecordSchema = ${fields.length === 0 ? `${type}InputSchema` : `v.object({ ${fields.map((line) => line.trim()).join(' ')} ...${type}InputSchema.entries }, objectMessage)`};

/** What the model answers for one record. */
export const ${type}PredictionSchema = v.object({
${outputs.join('\n')}
});

/** The pipeline's answer. */
export const ${type}AnswerSchema = ${answers.length === 0 ? `${type}PredictionSchema` : `v.object({ ...${type}PredictionSchema.entries, ${answers.map((line) => line.trim()).join(' ')} })`};

export const ${entryName(name)}: PipelineEntry = {
  name: '${name}',
  description: '${parts.description}',
  input: ${type}RecordSchema,
  output: ${type}AnswerSchema,
  outputFields: Object.keys(${type}AnswerSchema.entries),
${parts.startsWithInference ? '  startsWithInference: true,\n' : ''}  example: ${JSON.stringify(record)},
};
`;
}

/** \`wine-quality\` → \`wineQualityEntry\` */
export function entryName(name: string): string {
  return `${variable(name)}Entry`;
}

export function variable(name: string): string {
  const words = pascal(name);
  return words[0]!.toLowerCase() + words.slice(1);
}

function card({ name, signature }: Plan, { description }: Parts): string {
  return `# ${pascal(name)}

${description} A skeleton: say here what the model is.

| | |
|---|---|
| Takes | ${signature.inputs.map(describe).join(', ')} |
| Gives | ${signature.outputs.map(describe).join(', ')} |
| \`requests.ndjson\` | sample requests, for \`npx seriatim advise ${name}\` and the test |

**Data.** What it was trained on, and from where.

**Metrics.** How good it is, on what.

**Licence.** Of the data and of the model.
`;
}

/** Of the written test; this file imports no such thing. */
const RUNNER_IMPORT = ['import { afterAll, beforeAll, describe, expect, it } from', "'vitest';"].join(' ');

function test(name: string): string {
  const type = pascal(name);
  return `// The pipeline ${name} end to end: its sample requests by API and by batch, and records that do not fit.
import { safeParse } from 'valibot';
${RUNNER_IMPORT}
import { ${type}AnswerSchema } from '../../layers/seriatim/contracts/${name}.ts';
import { ask, runBatch, samples } from './callers.ts';
import { type Product, startProduct } from './product.ts';

const PIPELINE = '${name}';
const records = samples<Record<string, unknown>>(\`\${PIPELINE}/requests.ndjson\`);

let product: Product;
beforeAll(async () => {
  product = await startProduct({ environment: { SERIATIM_PIPELINES: PIPELINE } });
}, 60_000);
afterAll(() => product.stop());

describe(PIPELINE, () => {
  it('answers each sample request as its contract says', async () => {
    for (const record of records) {
      const { status, json } = await ask(product, PIPELINE, record);

      expect({ status, json }).toMatchObject({ status: 200 });
      expect(safeParse(${type}AnswerSchema, json).issues).toBeUndefined();
    }
  });

  it('gives the same by batch', async () => {
    const { json } = await ask<{ predictions: unknown[] }>(product, PIPELINE, { instances: records });
    const text = records.map((record) => JSON.stringify(record)).join('\\n');

    const { out, errors } = await runBatch(product, PIPELINE, { name: 'samples.jsonl', text });

    expect(errors).toEqual([]);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual(json.predictions);
  });

  it.each(Object.keys(records[0]!))('refuses a record without %s by name', async (field) => {
    const { status, json } = await ask(product, PIPELINE, { ...records[0], [field]: undefined });

    expect({ status, json }).toMatchObject({
      status: 400,
      json: { error: { code: 'InvalidPayload', message: \`\${field}: is missing\` } },
    });
  });
});
`;
}
