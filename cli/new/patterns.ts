// What each of the four patterns adds to a new pipeline: its definition, functions, handlers and model folders. Pure.
import { pascal } from '../../statemachines/names.ts';
import { CommandError } from '../http-api.ts';
import { linearModel } from './placeholder-model.ts';
import { type ModelSignature, member } from './signature.ts';
import { type Files, type Parts, type Pattern, type Plan, variable } from './skeleton.ts';

export const PATTERN_PARTS: Readonly<Record<Pattern, (plan: Plan) => Parts>> = {
  1: oneContainer,
  2: inferencePipeline,
  3: serialEnsemble,
  4: targetModel,
};

const REFINED = 'refined';

function oneContainer(plan: Plan): Parts {
  const { name, model } = plan;
  const description = 'One model, with its handlers, in one container.';
  const stages = `    inferenceStage({
      name: 'Predict',
      endpoint: { placeholder: '${pascal(name)}Endpoint', containers: [{ name: 'model' }], starts: 'first-call' },
      gives: ${outputNames(plan.signature)},
    }),`;
  return {
    ...bare,
    description,
    startsWithInference: true,
    definition: definition(plan, { description, stages, kinds: ['inferenceStage'], placement: 'container' }),
    files: { ...modelFile(name, 'model', model), [`models/${name}/model/code/inference.ts`]: HANDLERS },
  };
}

function inferencePipeline(plan: Plan): Parts {
  const { name, model } = plan;
  const description = 'Containers in series on one endpoint.';
  const stages = `    inferenceStage({
      name: 'Predict',
      endpoint: {
        placeholder: '${pascal(name)}Endpoint',
        containers: [{ name: 'prepare' }, { name: 'model' }],
        starts: 'first-call',
      },
      gives: ${outputNames(plan.signature)},
    }),`;
  return {
    ...bare,
    description,
    startsWithInference: true,
    definition: definition(plan, {
      description,
      stages,
      kinds: ['inferenceStage'],
      placement: 'inference-pipeline',
    }),
    files: { ...modelFile(name, 'model', model), [`models/${name}/prepare/code/inference.ts`]: PREPARE },
  };
}

function serialEnsemble(plan: Plan): Parts {
  const { name, model, signature } = plan;
  const type = pascal(name);
  const score = signature.outputs.find(({ dtype }) => dtype !== 'string' && dtype !== 'bool');
  if (score === undefined)
    throw new CommandError(
      'pattern 3 hands a number of the first model to the second, and this one gives none',
    );
  const description = 'Two models, each an endpoint of its own, the second refining what the first one said.';
  const stages = `    functionStage({ name: 'Prepare', function: 'prepare-${name}', gives: ['inputs'] }),
    inferenceStage({
      name: 'First',
      endpoint: { placeholder: '${type}FirstEndpoint', containers: [{ name: 'model' }], starts: 'first-call' },
      instance: 'inputs',
      into: 'first',
    }),
    functionStage({ name: 'Combine', function: 'combine-${name}', takes: ['first'], gives: ['said', 'features'] }),
    inferenceStage({
      name: 'Second',
      endpoint: { placeholder: '${type}SecondEndpoint', containers: [{ name: 'model' }], starts: 'first-call' },
      instance: 'features',
      into: 'second',
    }),
    functionStage({
      name: 'Finish',
      function: 'finish-${name}',
      takes: ['said', 'second'],
      gives: ${outputNames(signature, REFINED)},
    }),`;
  return {
    ...bare,
    description,
    answers: { [REFINED]: 'v.number()' },
    definition: definition(plan, { description, stages, kinds: ['functionStage', 'inferenceStage'] }),
    files: {
      ...modelFile(`${name}-first`, 'model', model),
      ...modelFile(`${name}-second`, 'model', linearModel({ features: 1, output: REFINED, bias: 1 })),
      ...prepareFunction(plan),
      [`functions/combine-${name}/index.ts`]: combine(type, score.name),
      [`functions/finish-${name}/index.ts`]: finish(type),
    },
  };
}

function targetModel(plan: Plan): Parts {
  const { name, model, signature } = plan;
  const type = pascal(name);
  if (
    signature.inputs.some((input) => input.name === 'group') ||
    signature.outputs.some((output) => output.name === 'model')
  )
    throw new CommandError(
      'pattern 4 adds a field "group" to the record and "model" to the answer, which this model has already',
    );
  const description = 'A model out of a group, named by the record, on a multi-model endpoint.';
  const stages = `    functionStage({ name: 'Prepare', function: 'prepare-${name}', gives: ['group', 'inputs'] }),
    inferenceStage({
      name: 'Predict',
      endpoint: {
        placeholder: '${type}Endpoint',
        containers: [{ name: 'group', mode: 'MultiModel', environment: { SERIATIM_MAX_MODELS: '100' } }],
        starts: 'first-call',
      },
      instance: 'inputs',
      targetModel: '{group}.tar.gz',
      into: 'predicted',
    }),
    functionStage({
      name: 'Finish',
      function: 'finish-${name}',
      takes: ['predicted'],
      gives: ${outputNames(signature, 'model')},
    }),`;
  return {
    ...bare,
    description,
    fields: { group: { schema: `v.pipe(v.string(), v.regex(/^[\\w-]{1,60}$/))`, sample: 'one' } },
    answers: { model: 'v.string()' },
    definition: definition(plan, { description, stages, kinds: ['functionStage', 'inferenceStage'] }),
    files: {
      [`models/${name}/group/one.onnx`]: model,
      [`models/${name}/group/two.onnx`]: model,
      ...prepareFunction(plan),
      [`functions/finish-${name}/index.ts`]: named(type),
    },
  };
}

const bare = { fields: {}, answers: {}, startsWithInference: false } as const;

function outputNames({ outputs }: ModelSignature, ...more: string[]): string {
  return `[${[...outputs.map(({ name }) => name), ...more].map((name) => JSON.stringify(name)).join(', ')}]`;
}

function modelFile(endpoint: string, container: string, model: Buffer): Files {
  return { [`models/${endpoint}/${container}/model.onnx`]: model };
}

interface DefinitionParts {
  readonly description: string;
  readonly stages: string;
  readonly kinds: readonly string[];
  readonly placement?: string;
}

function definition(
  { name, pattern }: Plan,
  { description, stages, kinds, placement }: DefinitionParts,
): string {
  const type = pascal(name);
  return `// The pipeline \`${name}\` (pattern ${pattern} of docs/pipelines-patterns.md).
import { ${type}AnswerSchema, ${type}RecordSchema } from '../layers/seriatim/contracts/${name}.ts';
import { ${[...kinds, 'pipeline'].join(', ')} } from './pipeline.ts';

export const ${variable(name)} = pipeline({
  name: '${name}',
  description: '${description}',
  input: ${type}RecordSchema,
  output: ${type}AnswerSchema,
${placement === undefined ? '' : `  placement: '${placement}',\n`}  stages: [
${stages}
  ],
});
`;
}

function prepareFunction({ name, pattern, signature }: Plan): Files {
  const type = pascal(name);
  const inputs = signature.inputs
    .map((input) => `${member(input.name)}: record${access(input.name)}`)
    .join(', ');
  const group = pattern === 4 ? 'group: record.group, ' : '';
  return {
    [`functions/prepare-${name}/index.ts`]: `// The stage Prepare of \`${name}\`: lays out the inputs of the model.
import { ${type}RecordSchema, stage } from '../../layers/seriatim/index.ts';

export const handler = stage({
  input: ${type}RecordSchema,
  run: (record) => ({ ${group}inputs: { ${inputs} } }),
});
`,
  };
}

function access(name: string): string {
  const text = member(name);
  return text.startsWith("'") ? `[${text}]` : `.${text}`;
}

function combine(type: string, score: string): string {
  return `// The stage Combine: what the first model said becomes an input of the second.
import { ${type}PredictionSchema, stage } from '../../layers/seriatim/index.ts';
import * as v from 'valibot';

export const handler = stage({
  input: v.object({ first: v.object({ prediction: ${type}PredictionSchema }) }),
  run: ({ first: { prediction } }) => ({
    said: prediction,
    features: { features: [Number([prediction${access(score)}].flat(3)[0])] },
  }),
});
`;
}

function finish(type: string): string {
  return `// The stage Finish: the answer, of what both models said.
import { ${type}PredictionSchema, stage } from '../../layers/seriatim/index.ts';
import * as v from 'valibot';

export const handler = stage({
  input: v.object({
    said: ${type}PredictionSchema,
    second: v.object({ prediction: v.object({ ${REFINED}: v.number() }) }),
  }),
  run: ({ said, second }) => ({ ...said, ${REFINED}: second.prediction.${REFINED} }),
});
`;
}

function named(type: string): string {
  return `// The stage Finish: the answer, with the model that gave it.
import { ${type}PredictionSchema, stage } from '../../layers/seriatim/index.ts';
import * as v from 'valibot';

export const handler = stage({
  input: v.object({
    predicted: v.object({ prediction: ${type}PredictionSchema, targetModel: v.string() }),
  }),
  run: ({ predicted }) => ({ ...predicted.prediction, model: predicted.targetModel }),
});
`;
}

const HANDLERS = `// The container's handlers. Each has a default: take out what you do not change, or the whole file.
import type { Handlers, Prediction } from 'seriatim-container';

/** The answer: a record per record, by the names of the model's outputs. */
export const outputFn: Handlers['outputFn'] = (prediction, _accept, context) => ({
  body: JSON.stringify({ predictions: context.toRecords(prediction as Prediction) }),
  contentType: 'application/json',
});
`;

const PREPARE = `// The first container: records in, the inputs of the model in the next container out. It has no model of its own;
// put a model.onnx beside this folder to give it one.
import type { Handlers } from 'seriatim-container';

type Record = Readonly<{ [field: string]: unknown }>;

export const inputFn: Handlers['inputFn'] = (body): Record[] => {
  const { instances } = JSON.parse(body.toString('utf8')) as { instances?: Record[] };
  if (Array.isArray(instances)) return instances;
  throw Object.assign(new Error('expected {"instances":[…]}'), { statusCode: 400 });
};

/** What has to be done to each record before the model takes it. */
export const predictFn = (data: unknown): Record[] => (data as Record[]).map((record) => ({ ...record }));

export const outputFn: Handlers['outputFn'] = (prediction) => ({
  body: JSON.stringify({ predictions: prediction }),
  contentType: 'application/json',
});
`;
